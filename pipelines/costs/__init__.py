"""The price book, and stored runs at other prices."""
