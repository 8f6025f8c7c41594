"""What the real adapters run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.store import MemoryStore
from tests.support.adapter import Adapter, Ground
from tests.support.stores import ANVILS, ELSEWHERE, ROCKETS
from worker.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from worker.ports import Store


@pytest.fixture(scope="module")
def github_ground() -> Iterator[Ground]:
    with Ground().running() as ground:
        yield ground


@pytest.fixture
def github_adapter(github_ground: Ground) -> Iterator[Adapter]:
    with github_ground.adapter() as adapter:
        yield adapter


@pytest.fixture(
    params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], name="store"
)
def _store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Return an empty store of each kind."""
    if request.param == "memory":
        return MemoryStore()
    if request.param == "sqlite":
        return open_store(f"sqlite:///{tmp_path}/history.db")
    return open_store(request.getfixturevalue("postgres_url"))


@pytest.fixture
def known(store: Store) -> Store:
    """Return a store that remembers three repositories of two installations."""
    for repository in (ROCKETS, ANVILS, ELSEWHERE):
        store.remember_repository(repository)
    return store
