"""Globs, and finding the repository's files that a report's paths mean.

Reports name files as the tool saw them: relative to a source root, absolute on the CI
machine, with backslashes, inside an installed package. They are matched with the
repository's list of files and never opened, so `../../etc/passwd` is merely unknown.
"""

from worker.core.paths.fixes import PathFix
from worker.core.paths.glob import MAX_PATTERN, Glob
from worker.core.paths.matching import (
    Ambiguous,
    PathMatch,
    Shortfall,
    match_paths,
    match_reports,
)
from worker.core.paths.repository import RepositoryPaths

__all__ = [
    "MAX_PATTERN",
    "Ambiguous",
    "Glob",
    "PathFix",
    "PathMatch",
    "RepositoryPaths",
    "Shortfall",
    "match_paths",
    "match_reports",
]
