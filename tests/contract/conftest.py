"""What the real adapters run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.adapter import Adapter, Ground

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def github_ground() -> Iterator[Ground]:
    with Ground().running() as ground:
        yield ground


@pytest.fixture
def github_adapter(github_ground: Ground) -> Iterator[Adapter]:
    with github_ground.adapter() as adapter:
        yield adapter
