"""The environment of processes that tests start."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["bare_environment"]

ROOT = Path(__file__).parents[2]


def bare_environment(**variables: str) -> dict[str, str]:
    """Return this process's environment without settings of Covgate's, and with `variables`."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COVGATE_")}
    return {**bare, "PYTHONPATH": str(ROOT), **variables}
