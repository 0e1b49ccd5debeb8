"""What can be compared: one `Component` each, in explicit tuples."""
