"""The whole analysis of a branch's newest commit, as bytes for the store."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from worker.core.insights import list_parts
from worker.core.numbers import round_percent
from worker.core.render.insights import insight_data

if TYPE_CHECKING:
    from worker.core.insights._parts import Part
    from worker.core.verdict import Verdict

__all__ = ["encode_snapshot"]


def encode_snapshot(verdict: Verdict) -> bytes:
    """Return what pages show of a branch: zlib's stream of one JSON object.

    `insights` are as in the verdict's JSON; `files` are [path, covered, total] by path,
    `packages` have `name`, `covered`, `total` and, where it is configured, `target` in per cent.
    """
    evidence = verdict.evidence
    document = {
        "insights": insight_data(verdict),
        "files": [
            [file.path, file.hit.bit_count(), file.measured.bit_count()] for file in evidence.report
        ],
        "packages": [_package(part) for part in list_parts(evidence)],
    }
    # Half a surrogate pair is no Unicode, and so "\\ud800" in JSON.
    return zlib.compress(json.dumps(document, sort_keys=True).encode())


def _package(part: Part) -> dict[str, Any]:
    target = part.package.target if part.package is not None else None
    return {
        "name": part.name,
        "covered": part.lines.covered,
        "total": part.lines.total,
        "target": None if target is None else round_percent(target),
    }
