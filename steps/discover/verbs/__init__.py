"""What the steps of a discovery run: one verb, one module, one `run`. `python -m steps discover-fetch` is `fetch` here."""
