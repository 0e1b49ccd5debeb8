"""From data to runs: shapes, manifests, and the two places that execute them."""
