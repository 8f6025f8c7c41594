"""What the analyses read beside reports and diff: the files at the tested commit.

None of it is worth a verdict: where GitHub does not give a file, or a file is made to be hard
to read, the analyses say less, and a remark says so.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import structlog

from worker.cage import CAGED, run_caged
from worker.core.analysis import count_as_configured
from worker.core.diff import EMPTY_DIFF
from worker.core.errors import ReportError
from worker.core.material import NO_MATERIAL, Material
from worker.core.render.remarks import material_remarks
from worker.core.static import (
    MAX_BYTES,
    FileFacts,
    decode_facts,
    encode_facts,
    is_document,
    key_of_facts,
    rank_files,
    read_facts,
    resolve_versions,
)
from worker.core.static.facts import Language
from worker.core.thresholds import (
    MAX_CHARACTERS,
    MOST_FILES,
    decode_thresholds,
    encode_thresholds,
    find_thresholds,
    is_threshold_path,
    key_of_thresholds,
)
from worker.flows.deps import timed
from worker.flows.facts import OF_A_PULL, OF_A_PUSH, File, Kind, Reading
from worker.flows.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from worker.core.config import Config
    from worker.core.diff import Diff
    from worker.core.material import Threshold
    from worker.core.refs import Sha
    from worker.flows.deps import Look
    from worker.flows.facts import Patience
    from worker.flows.reports import Gathered

__all__ = [
    "FACTS",
    "THRESHOLDS",
    "Found",
    "Scope",
    "gather_material",
    "read_material",
]

_log = structlog.get_logger(__name__)
_Versions = tuple[dict[str, FileFacts], dict[str, FileFacts]]
_decoder = msgspec.msgpack.Decoder(_Versions)


def _read_facts(path: str, data: bytes) -> bytes:
    return encode_facts(read_facts(path, data))


def _read_thresholds(path: str, data: bytes) -> bytes:
    return encode_thresholds(find_thresholds(path, data.decode("utf-8", "replace")))


FACTS = Kind(
    partial(key_of_facts, python=f"{sys.version_info.major}.{sys.version_info.minor}"),
    _read_facts,
    MAX_BYTES + 1,  # one more tells that it is longer
    encode_facts(FileFacts(Language.OTHER, partial=True)),
    lambda data: decode_facts(data) is not None,
)
THRESHOLDS = Kind(
    key_of_thresholds,
    _read_thresholds,
    MAX_CHARACTERS,
    encode_thresholds(()),
    lambda data: decode_thresholds("", data) is not None,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """The commit whose files are read, and what decides which of them matter."""

    commit: Sha
    measured: Collection[str]
    """The files that reports name."""
    ignore: tuple[str, ...] = ()
    """Globs of files that do not count."""
    base: Sha | None = None
    diff: Diff = EMPTY_DIFF
    """What changed since `base`."""


@dataclass(frozen=True, slots=True)
class Found:
    """The material, and what is missing in it, in Markdown, one sentence each."""

    material: Material = NO_MATERIAL
    remarks: tuple[str, ...] = ()


def read_material(look: Look, commit: Sha, gathered: Gathered, config: Config) -> Material:
    """Return what is known of the files of a commit whose baseline was recorded.

    So a pull request onto it finds nearly all facts in the store.
    """
    scope = Scope(commit, count_as_configured(gathered.report, config).files, config.ignore)
    with Sources(look) as sources:
        return gather_material(look, sources, scope, OF_A_PUSH).material


@timed("material")
def gather_material(
    look: Look, sources: Sources, scope: Scope, patience: Patience = OF_A_PULL
) -> Found:
    """Return what is known of the files of a commit, read where it has to be.

    Raises `PostponedError` where GitHub's rate limit is used up.
    """
    change = None if scope.base is None else (scope.base, scope.commit, scope.diff)
    reading = Reading(look, sources, patience, change)
    today = look.deps.clock.now().date()
    tree = reading.tree(scope.commit)
    if tree is None:
        return Found(Material(today=today), material_remarks(None, reading.refusal))
    told = reading.get(_at_head(scope, tree, patience))
    told_before = reading.get(_at_base(scope, reading))
    facts, base_facts = _resolve(_decode(told), _decode(told_before))
    material = Material(
        paths=frozenset(tree),
        facts=facts,
        base_facts=base_facts,
        thresholds=_thresholds(told),
        today=today,
    )
    left = len({(file.commit, file.path) for file in reading.left})
    return Found(material, material_remarks(left, reading.refusal))


def _at_head(scope: Scope, tree: Mapping[str, Sha], patience: Patience) -> list[File]:
    """Return what is to be read of the commit, the most important first."""
    commit, changed = scope.commit, scope.diff.files
    ranked = rank_files(tree, scope.measured, changed, scope.ignore)
    settings = sorted(filter(is_threshold_path, tree))[:MOST_FILES]
    told_of = [
        File(
            commit,
            path,
            tree[path],
            FACTS,
            idle=not patience.documents and path not in changed and is_document(path),
        )
        for path in ranked
    ]
    return told_of + [File(commit, path, tree[path], THRESHOLDS) for path in settings]


def _at_base(scope: Scope, reading: Reading) -> list[File]:
    """Return what is to be read of the files before the change."""
    old = {file.old_path for file in scope.diff if file.old_path is not None}
    tree = reading.tree(scope.base) if scope.base is not None and old else None
    if scope.base is None or tree is None:
        return []
    ranked = rank_files(old & tree.keys(), scope.measured, ignore=scope.ignore)
    return [File(scope.base, path, tree[path], FACTS) for path in ranked]


def _decode(told: Mapping[File, bytes]) -> dict[str, FileFacts]:
    found = {file.path: decode_facts(data) for file, data in told.items() if file.kind is FACTS}
    return {path: facts for path, facts in found.items() if facts is not None}


def _thresholds(told: Mapping[File, bytes]) -> tuple[Threshold, ...]:
    found: list[Threshold] = []
    for file, data in told.items():
        if file.kind is THRESHOLDS:
            found += decode_thresholds(file.path, data) or ()
    return tuple(found)


def _resolve(facts: dict[str, FileFacts], base_facts: dict[str, FileFacts]) -> _Versions:
    """Join the files' facts, in the cage: they may be made to be hard to join."""
    if not CAGED or not any(one.tests for one in (*facts.values(), *base_facts.values())):
        return resolve_versions(facts, base_facts)
    try:
        data = run_caged(lambda: msgspec.msgpack.encode(resolve_versions(facts, base_facts)))
        joined: _Versions = _decoder.decode(data)
    except (ReportError, ChildProcessError, msgspec.MsgspecError) as error:
        _log.warning("material.unresolved", reason=str(error))
        return dict(sorted(facts.items())), dict(sorted(base_facts.items()))
    return joined
