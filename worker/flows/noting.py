"""Remember how a pull request is, for pages that list the open ones."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from worker.ports import PullRecord

if TYPE_CHECKING:
    from worker.core.refs import PullRequest
    from worker.flows.deps import Look

__all__ = ["note_pull"]

_NOTED = "noted"
"""Holds a digest of what was noted: a look that finds nothing new writes nothing."""


def note_pull(look: Look, pull: PullRequest) -> None:
    """Keep how a pull request is now, where that is something else than what is kept."""
    fields = {
        "title": pull.title,
        "author": pull.author,
        "state": pull.state,
        "draft": pull.draft,
        "base_ref": pull.base_ref,
        "head_sha": pull.head_sha,
        "url": pull.url,
    }
    text = json.dumps([look.repository.id, fields], sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    if look.effects.get(_NOTED) == digest:
        return
    look.deps.store.record_pull(
        PullRecord(
            repository_id=look.repository.id,
            number=pull.number,
            title=pull.title,
            author=pull.author,
            state=pull.state,
            draft=pull.draft,
            base_ref=pull.base_ref,
            head_sha=pull.head_sha,
            url=pull.url,
            seen_at=look.deps.clock.now(),
        )
    )
    look.effects.put(_NOTED, digest)
