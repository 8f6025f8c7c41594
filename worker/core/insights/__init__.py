"""The analyses of the tests themselves, in the order in which they are shown.

To add one: a file beside this one, a line in `LOOKS`, a golden case, a row in
docs/analyses.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.insights._base import Look

if TYPE_CHECKING:
    from worker.core.insight import Insight
    from worker.core.verdict import Evidence

__all__ = ["LOOKS", "Look", "look_into"]

LOOKS: tuple[Look, ...] = ()


def look_into(evidence: Evidence) -> tuple[Insight, ...]:
    """Return what every analysis found, in their order."""
    found = (one.look(evidence) for one in LOOKS)
    return tuple(insight for insight in found if insight is not None)
