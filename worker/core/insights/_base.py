"""What an analysis is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.core.config import Config
    from worker.core.insight import Insight
    from worker.core.verdict import Evidence

__all__ = ["Look"]


@dataclass(frozen=True, slots=True)
class Look:
    """One analysis: its name in JSON, documents and commands, and its function.

    The function returns None where it has nothing to look at (no contexts, no test reports,
    nothing configured).
    """

    name: str
    look: Callable[[Evidence], Insight | None]
    judges: Callable[[Config], bool] = lambda _config: False
    """Whether the configuration asks for results that gates' are put beside."""
