"""Real reports by their path below tests/data/reports."""

from __future__ import annotations

from pathlib import Path

from worker.core.formats import read

DATA = Path(__file__).parents[2] / "data" / "reports"


def real_bytes(path):
    """Return a report as it is kept: as written, or gzipped."""
    file = DATA / path
    return (file if file.exists() else file.with_name(file.name + ".gz")).read_bytes()


def real_report(path):
    """Return what a real report holds."""
    return read(real_bytes(path))[1].report
