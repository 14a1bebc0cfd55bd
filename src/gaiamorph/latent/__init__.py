"""Functions on codes."""
