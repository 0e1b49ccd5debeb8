"""Pure functions from recorded values to quantiles, intervals and comparisons."""
