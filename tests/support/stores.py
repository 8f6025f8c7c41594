"""Repositories that a store of a test remembers: two of one installation, one of another."""

from __future__ import annotations

from worker.core.refs import Repository

__all__ = ["ANVILS", "ELSEWHERE", "ROCKETS"]

ROCKETS = Repository(7, 70, "acme/rockets", "main", url="https://github.com/acme/rockets")
ANVILS = Repository(7, 71, "acme/anvils", "trunk", private=True)
ELSEWHERE = Repository(8, 80, "other/thing", "main")
