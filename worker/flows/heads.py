"""One commit, several pull requests: they share its one check.

Pull requests from the same branch onto different bases have the same head. Two checks of one
name would let either outvote the other, so that the one shows the worst verdict of all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from worker.contracts import Notice, Subject
from worker.core.errors import GitHubError

if TYPE_CHECKING:
    from worker.core.refs import PullRequest
    from worker.core.render import Conclusion, Page
    from worker.flows.deps import Look
    from worker.ports import VerdictRecord

__all__ = ["leave_to_others", "worst_of_head"]

_BLOCKING: dict[str, int] = {"failure": 2, "action_required": 1}


def worst_of_head(
    look: Look, pull: PullRequest, conclusion: Conclusion, page: Page
) -> tuple[Conclusion, Page]:
    """Return what the head's check has to say: this verdict, or a worse one of another."""
    others = _worse_others(look, pull, conclusion)
    if not others:
        return conclusion, page
    other = others[0]
    summary = (
        "One check stands for all pull requests of a commit, and that of "
        f"#{other.number} did not pass. Of #{pull.number}:\n\n{page.summary}"
    )
    title = f"#{other.number}, from this commit too: {other.title}"[:255]
    worse: Conclusion = "failure" if other.conclusion == "failure" else "action_required"
    return worse, replace(page, title=title, summary=summary)


def leave_to_others(look: Look, pull: PullRequest) -> bool:
    """Leave a closed pull request's check to the open ones of the same commit, if any."""
    subject = look.claim.subject
    records = look.deps.store.verdicts(look.repository.id, pull.head_sha)
    others = [
        Subject.pull(subject.installation_id, subject.repository_id, record.number)
        for record in records
        if record.number != pull.number and _is_current(look, pull, record)
    ]
    if others:
        name = look.repository.full_name
        notices = [Notice(other, name, "pull_request.closed") for other in others]
        look.deps.inbox.accept(f"others-{look.claim.token}", notices)
    return bool(others)


def _worse_others(look: Look, pull: PullRequest, conclusion: Conclusion) -> list[VerdictRecord]:
    """Return the worse verdicts on this head of other open pull requests, worst first."""
    own = _BLOCKING.get(conclusion, 0)
    worse = [
        record
        for record in look.deps.store.verdicts(look.repository.id, pull.head_sha)
        if record.number != pull.number and _BLOCKING.get(record.conclusion, 0) > own
    ]
    worse.sort(key=lambda record: (-_BLOCKING[record.conclusion], record.number))
    return [record for record in worse if _is_current(look, pull, record)]


def _is_current(look: Look, pull: PullRequest, record: VerdictRecord) -> bool:
    try:
        other = look.github.pull(record.number)
    except GitHubError:
        return False
    return other.state == "open" and other.head_sha == pull.head_sha
