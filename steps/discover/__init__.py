"""What to compare next: public sources are read on a schedule, compared with what they said before, and scored for this lab."""
