"""A commit status for each gate, where a repository wants them: set when it changed.

Setting one is idempotent, so no intent is recorded; what was set is, so that nothing is
written twice. All pull requests of a commit share its statuses, as they share its check.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import structlog

from worker.contracts import Subject
from worker.core.config import CheckAs
from worker.core.errors import NotFoundError, RefusedError
from worker.core.render.statuses import configured_statuses, cut_description, message_status
from worker.ports import CommitStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.config import Config
    from worker.core.refs import PullRequest
    from worker.core.render import Conclusion
    from worker.core.render.statuses import GateStatus
    from worker.flows.deps import Look
    from worker.ports import Effects

__all__ = ["REFUSED", "publish_statuses", "retract_statuses"]

_NAME = "statuses"
"""Holds what was set, by context."""

REFUSED = (
    "The configuration asks for commit statuses (`check.as`), and GitHub refuses them: give the "
    "App the permission `statuses: write`, and accept it for this installation."
)

_log = structlog.get_logger(__name__)


def publish_statuses(
    look: Look, pull: PullRequest, statuses: Sequence[GateStatus], worse: str = ""
) -> str | None:
    """Set the statuses that changed; return what to say on the check where that is refused.

    `worse` is the title of another pull request's worse verdict on the same commit: then
    none of these may be a success.
    """
    effects = _effects(look, pull)
    known: dict[str, str] = json.loads(effects.get(_NAME) or "{}")
    for status in statuses:
        state, description = status.state, status.description
        if worse and state == "success":
            state, description = "failure", cut_description(worse)
        said = f"{state} {description}"
        if known.get(status.context) == said:
            continue
        look.keep_lease()
        made = CommitStatus(status.context, state, description, f"{pull.url}/checks")
        try:
            look.github.set_status(pull.head_sha, made)
        except (NotFoundError, RefusedError) as error:
            _log.warning("status.refused", number=pull.number, reason=str(error))
            return REFUSED
        known[status.context] = said
        effects.put(_NAME, json.dumps(known, sort_keys=True))
    return None


def retract_statuses(
    look: Look,
    pull: PullRequest,
    config: Config | None,
    conclusion: Conclusion,
    title: str,
) -> None:
    """Say by the statuses, too, that there is no verdict: none may tell of a former one.

    Those are meant that the head has, and those that the configuration asks for.
    """
    known = json.loads(_effects(look, pull).get(_NAME) or "{}")
    contexts = set(known)
    if config is not None and config.check_as is not CheckAs.CHECK:
        contexts |= {status.context for status in configured_statuses(config)}
    statuses = [message_status(context, conclusion, title) for context in sorted(contexts)]
    publish_statuses(look, pull, statuses)


def _effects(look: Look, pull: PullRequest) -> Effects:
    subject = look.claim.subject
    commit = Subject.commit(subject.installation_id, subject.repository_id, pull.head_sha)
    return look.deps.inbox.effects(commit)
