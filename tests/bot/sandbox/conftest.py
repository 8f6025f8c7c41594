"""A running stand-in with one repository, and its callers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.sandbox.server import StandIn
from tests.support.github import Client, app_jwt, installation_token, judge
from tests.support.openapi import Contract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.sandbox.repository import Repo

START = {
    "README.md": b"# Calculator\n",
    "calc.py": b"def add(a, b):\n    return a + b\n",
    ".github/covgate.yml": b"version: 1\n",
    "docs/deep/notes.md": b"notes\n",
}


@pytest.fixture(scope="session")
def running() -> Iterator[tuple[StandIn, Contract]]:
    contract = Contract()
    with StandIn(wrap=contract.watch) as stand_in:
        yield stand_in, contract


@pytest.fixture
def stand_in(running: tuple[StandIn, Contract]) -> Iterator[StandIn]:
    """Give a new world; what is odd about it fails the test at its end."""
    shared, contract = running
    shared.reset()
    contract.clear()
    yield shared
    judge(shared, contract)


@pytest.fixture
def repo(stand_in: StandIn) -> Repo:
    return stand_in.world.add_repository("octo/calc", files=START)


@pytest.fixture
def client(stand_in: StandIn, repo: Repo) -> Iterator[Client]:
    installation = stand_in.world.installation_of(repo)
    assert installation is not None
    with Client(stand_in, installation_token(stand_in, installation.id)) as made:
        yield made


@pytest.fixture
def app(stand_in: StandIn) -> Iterator[Client]:
    with Client(stand_in, app_jwt(stand_in)) as made:
        yield made
