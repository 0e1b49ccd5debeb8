"""Reviews: what the stored runs of a phase come to together. `newest` reads the store; all else is pure."""
