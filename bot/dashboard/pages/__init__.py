"""Values -> page data: pure, typed, and all that a template needs to know."""

from __future__ import annotations

from bot.dashboard.pages.home import Card, HomePage, view_home
from bot.dashboard.pages.insights import InsightPage, InsightView, view_insight
from bot.dashboard.pages.links import Links
from bot.dashboard.pages.pull import PullPage, view_pull
from bot.dashboard.pages.queue import QueuePage, view_queue
from bot.dashboard.pages.repository import RepositoryPage, view_repository
from bot.dashboard.pages.source import SourcePage, view_source

__all__ = [
    "Card",
    "HomePage",
    "InsightPage",
    "InsightView",
    "Links",
    "PullPage",
    "QueuePage",
    "RepositoryPage",
    "SourcePage",
    "view_home",
    "view_insight",
    "view_pull",
    "view_queue",
    "view_repository",
    "view_source",
]
