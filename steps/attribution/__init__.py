"""Where the time goes, and what stands in its way: pure, from a trace to a ranked verdict with its evidence."""
