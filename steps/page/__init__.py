"""Results as a page: pure functions from a report to HTML and SVG."""

from steps.page.render import render

__all__ = ["render"]
