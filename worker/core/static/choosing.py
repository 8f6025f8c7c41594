"""Which files of a repository are read for their facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.novelty.sources import suffix_of, suffixes_of
from worker.core.paths import Glob
from worker.core.static.patterns import SUFFIXES
from worker.core.static.reading import SCRIPTS, is_test_path

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = [
    "MOST_BYTES",
    "MOST_DOCUMENTS",
    "MOST_FILES",
    "is_document",
    "rank_files",
]

MOST_FILES = 20_000
"""Of more files, the tests are read first, then what is measured."""
MOST_DOCUMENTS = 200
MOST_BYTES = 10 * 2**20
"""Of a file that is looked at; of one of more than `MAX_BYTES`, only its beginning is read."""
_CODE = frozenset({"py", "pyi", *SCRIPTS, *SUFFIXES})
_PROSE = frozenset({"md", "rst", "adoc"})
_FOREIGN = frozenset({"node_modules", "vendor", "third_party", "site-packages", "bower_components"})


def rank_files(
    paths: Collection[str],
    measured: Collection[str],
    changed: Collection[str] = (),
    ignore: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return the files to be read of all of a tree's, those first that matter most.

    That is what the change touches (`changed`), then tests, then sources, then documents that
    may name ids (at the top or in the folder of documents). Sources are what a report
    measured, and files of the same languages that none did. Left out is other people's code,
    and what the globs of `ignore` name, but for tests.
    """
    suffixes = suffixes_of(measured) & _CODE
    code: list[tuple[bool, int, str]] = []
    prose: list[str] = []
    globs = [Glob(pattern) for pattern in ignore]
    for path in paths:
        suffix = suffix_of(path)
        if _FOREIGN.intersection(path.split("/")[:-1]):
            continue
        if suffix in _CODE and is_test_path(path):
            code.append((path not in changed, 0, path))
        elif any(glob.matches(path) for glob in globs):
            continue
        elif path in measured:
            code.append((path not in changed, 1, path))
        elif suffix in suffixes:
            code.append((path not in changed, 2, path))
        elif is_document(path):
            prose.append(path)
    code.sort()
    prose.sort()
    return (*(path for _, _, path in code[:MOST_FILES]), *prose[:MOST_DOCUMENTS])


def is_document(path: str) -> bool:
    """Return whether a file is a document, at the top or in the folder of documents."""
    folder, _, rest = path.partition("/")
    return suffix_of(path) in _PROSE and (not rest or folder.lower() in {"doc", "docs"})
