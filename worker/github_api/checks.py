"""Check runs: https://docs.github.com/en/rest/checks/runs ."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import msgspec

from worker.core.render.annotations import Annotation
from worker.github_api.answers import CheckAnswer, CheckPage
from worker.github_api.transport import Transport, decode, quoted

if TYPE_CHECKING:
    from worker.core.refs import CheckRun, Sha
    from worker.ports import CheckState

__all__ = ["create_check", "list_annotations", "list_checks", "update_check"]


class AnnotationAnswer(msgspec.Struct):
    """A remark on lines of a file."""

    path: str
    start_line: int
    end_line: int
    annotation_level: str | None = None
    title: str | None = None
    message: str | None = None

    def value(self) -> Annotation:
        """Return the remark."""
        return Annotation(
            path=self.path,
            first=self.start_line,
            last=self.end_line,
            level=self.annotation_level or "",
            title=self.title or "",
            message=self.message or "",
        )


def list_checks(
    transport: Transport, repository: str, app_id: int, head_sha: Sha, name: str
) -> tuple[CheckRun, ...]:
    """Return the App's own check runs of that name on a commit, oldest first.

    `filter=all`, for `latest` hides the older ones of the same name. Another App's, or one
    that the Actions token made, may bear the name too; they are not ours to change.
    """
    path = f"{repository}/commits/{quoted(head_sha)}/check-runs"
    query: dict[str, str | int] = {"check_name": name, "filter": "all", "app_id": app_id}
    found = {
        check.id: check.value()
        for page in transport.pages(path, CheckPage, query)
        for check in page.check_runs
        if check.app is not None and check.app.id == app_id
        if (check.name, check.head_sha) == (name, head_sha)
    }
    return tuple(found[key] for key in sorted(found))


def create_check(
    transport: Transport,
    repository: str,
    head_sha: Sha,
    name: str,
    state: CheckState,
    external_id: str,
) -> CheckRun:
    """Make a check run."""
    path = f"{repository}/check-runs"
    body = {"name": name, "head_sha": head_sha, "external_id": external_id, **_body(state)}
    return decode(transport.send("POST", path, body=body), CheckAnswer, path).value()


def update_check(
    transport: Transport, repository: str, check_id: int, state: CheckState
) -> CheckRun:
    """Change a check run."""
    path = f"{repository}/check-runs/{check_id}"
    return decode(transport.send("PATCH", path, body=_body(state)), CheckAnswer, path).value()


def list_annotations(
    transport: Transport, repository: str, check_id: int
) -> tuple[Annotation, ...]:
    """Return the remarks that a check run has so far."""
    path = f"{repository}/check-runs/{check_id}/annotations"
    pages = transport.pages(path, list[AnnotationAnswer])
    return tuple(one.value() for page in pages for one in page)


def _body(state: CheckState) -> dict[str, object]:
    output = state.output
    # An empty text is sent too: left out, a former one would stay.
    shown: dict[str, object] = {
        "title": output.title,
        "summary": output.summary,
        "text": output.text,
    }
    if output.annotations:
        shown["annotations"] = [
            {
                "path": one.path,
                "start_line": one.first,
                "end_line": one.last,
                "annotation_level": one.level,
                "title": one.title,
                "message": one.message,
            }
            for one in output.annotations
        ]
    body: dict[str, object] = {"status": state.status, "output": shown}
    if state.conclusion is not None:
        body["conclusion"] = state.conclusion
    if state.actions:
        body["actions"] = [asdict(action) for action in state.actions]
    if state.details_url is not None:
        body["details_url"] = state.details_url
    return body
