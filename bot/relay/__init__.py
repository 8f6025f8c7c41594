"""Deliveries that come another way than from GitHub: through a tunnel, or out of a file."""
