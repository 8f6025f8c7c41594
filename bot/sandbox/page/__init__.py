"""What GitHub would show of the stand-in, as pages to look at and play with."""

from bot.sandbox.page.routes import page_routes

__all__ = ["page_routes"]
