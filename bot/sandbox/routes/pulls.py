"""Pull requests, their conversation, reactions, people's rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.bodies import basics, commits, pulls
from bot.sandbox.diffs import unified_text
from bot.sandbox.records import Comment, Reaction
from bot.sandbox.replies import Call, RefusalError, Reply, Route, invalid

if TYPE_CHECKING:
    from bot.sandbox.pulls import Pull

__all__ = ["ROUTES"]


def _find(call: Call, name: str = "pull_number") -> Pull:
    pull = call.repo.pulls.get(call.number(name))
    if pull is None:
        raise RefusalError(404, "Not Found")
    return pull


def _pulls(call: Call) -> Reply:
    state = call.query.get("state", "open")
    found = [
        pull
        for pull in call.visible(list(call.repo.pulls.values()))
        if state in ("all", pull.state)
        and call.query.get("head") in (None, pull.label)
        and call.query.get("base") in (None, pull.base_ref)
    ]
    if call.query.get("head", ":").count(":") != 1:
        raise invalid("PullRequest", "head")
    by = {"updated": "updated_at"}.get(call.query.get("sort", ""), "created_at")
    descending = call.query.get("direction", "asc" if "sort" in call.query else "desc") == "desc"
    found.sort(key=lambda pull: (getattr(pull, by), pull.number), reverse=descending)
    page, headers = call.page(found)
    return Reply([pulls.simple(pull) for pull in page], headers=headers)


def _pull(call: Call) -> Reply:
    pull = _find(call)
    if not call.wants("diff"):
        return Reply(pulls.pull(pull))
    changes = pull.changes()
    caps = call.world.caps
    if commits.diff_is_too_large(changes, caps):
        error = {"resource": "PullRequest", "field": "diff", "code": "too_large"}
        message = f"Sorry, the diff exceeded the maximum number of lines ({caps.diff_lines})"
        raise RefusalError(406, message, [error])
    text = unified_text(changes)
    return Reply(text.encode(), media="application/vnd.github.diff; charset=utf-8")


def _files(call: Call) -> Reply:
    pull = _find(call)
    caps = call.world.caps
    rows = commits.diff_list(call.repo, pull.head_sha, pull.changes(), caps)
    page, headers = call.page(rows[: caps.pull_files])
    return Reply(page, headers=headers)


def _comments(call: Call) -> Reply:
    pull = _find(call, "issue_number")
    page, headers = call.page(call.visible(call.repo.comments_on(pull.number)))
    return Reply([pulls.comment(call.repo, item) for item in page], headers=headers)


def _checked_body(call: Call) -> str:
    body = call.body.get("body")
    if not isinstance(body, str) or not body.strip():
        raise invalid("IssueComment", "body", "missing_field")
    most = call.world.caps.comment_chars
    if len(body) > most:
        text = f"body is too long (maximum is {most} characters)"
        raise invalid("IssueComment", "body", "custom", text)
    return body


def _create_comment(call: Call) -> Reply:
    pull = _find(call, "issue_number")
    world = call.world
    made = call.repo.add_comment(pull.number, world.bot, _checked_body(call), world.app.id)
    body = pulls.comment(call.repo, made)
    return Reply(body, 201, {"Location": body["url"]})


def _find_comment(call: Call) -> Comment:
    comment = call.repo.comments.get(call.number("comment_id"))
    if comment is None or not call.visible([comment]):
        raise RefusalError(404, "Not Found")
    return comment


def _comment(call: Call) -> Reply:
    return Reply(pulls.comment(call.repo, _find_comment(call)))


def _own_comment(call: Call) -> Comment:
    # An App with write permission may edit others' comments too; one under test must not.
    comment = _find_comment(call)
    if comment.app_id != call.world.app.id:
        call.world.complain(f"touched the comment of {comment.author.login}: {call.url}")
        raise RefusalError(403, "Resource not accessible by integration")
    return comment


def _edit_comment(call: Call) -> Reply:
    comment = _own_comment(call)
    call.repo.edit_comment(comment, _checked_body(call), call.world.bot)
    return Reply(pulls.comment(call.repo, comment))


def _delete_comment(call: Call) -> Reply:
    call.repo.delete_comment(_own_comment(call), call.world.bot)
    return Reply(b"", 204)


def _reactions(call: Call) -> Reply:
    wanted = call.query.get("content")
    given = [r for r in _find_comment(call).reactions if wanted in (None, r.content)]
    page, headers = call.page(given)
    return Reply([pulls.reaction(call.repo, item) for item in page], headers=headers)


def _react(call: Call) -> Reply:
    comment = _find_comment(call)
    content = call.body.get("content")
    if content not in pulls.REACTIONS:
        raise invalid("Reaction", "content")
    for known in comment.reactions:
        if known.author == call.world.bot and known.content == content:
            return Reply(pulls.reaction(call.repo, known))
    world = call.world
    made = Reaction(world.next_id("reaction"), world.bot, content, world.clock())
    comment.reactions.append(made)
    return Reply(pulls.reaction(call.repo, made), 201)


def _unreact(call: Call) -> Reply:
    comment = _find_comment(call)
    number = call.number("reaction_id")
    for known in comment.reactions:
        if known.id == number:
            if known.author != call.world.bot:
                raise RefusalError(403, "Resource not accessible by integration")
            comment.reactions.remove(known)
            return Reply(b"", 204)
    raise RefusalError(404, "Not Found")


def _permission(call: Call) -> Reply:
    login = call.path["username"]
    account = call.world.users.get(login)
    if account is None:
        raise RefusalError(404, f"{login} is not a user")
    role = call.repo.role_of(login)
    # The four levels of old: maintain counts as write, triage as read.
    permission = {"maintain": "write", "triage": "read"}.get(role, role)
    ranks = ("pull", "triage", "push", "maintain", "admin")
    rank = {"none": -1, "read": 0, "triage": 1, "write": 2, "maintain": 3, "admin": 4}[role]
    body = {
        "permission": permission,
        "role_name": role,
        "user": basics.user(call.world, account)
        | {"permissions": {name: at <= rank for at, name in enumerate(ranks)}, "role_name": role},
    }
    return Reply(body)


PAGED = frozenset({"per_page", "page"})
REPO = "/repos/{owner}/{repo}"
READ = "issues:read|pull_requests:read"
WRITE = "issues:write|pull_requests:write"
BODY = frozenset({"body"})
COMMENT = f"{REPO}/issues/comments/{{comment_id}}"

ROUTES = (
    Route(
        "GET",
        f"{REPO}/pulls",
        _pulls,
        "pull_requests:read",
        PAGED | {"state", "head", "base", "sort", "direction"},
    ),
    Route("GET", f"{REPO}/pulls/{{pull_number}}", _pull, "pull_requests:read"),
    Route("GET", f"{REPO}/pulls/{{pull_number}}/files", _files, "pull_requests:read", PAGED),
    Route("GET", f"{REPO}/issues/{{issue_number}}/comments", _comments, READ, PAGED | {"since"}),
    Route(
        "POST",
        f"{REPO}/issues/{{issue_number}}/comments",
        _create_comment,
        WRITE,
        fields=BODY,
    ),
    Route("GET", COMMENT, _comment, READ),
    Route("PATCH", COMMENT, _edit_comment, WRITE, fields=BODY),
    Route("DELETE", COMMENT, _delete_comment, WRITE),
    Route("GET", f"{COMMENT}/reactions", _reactions, READ, PAGED | {"content"}),
    Route("POST", f"{COMMENT}/reactions", _react, WRITE, fields=frozenset({"content"})),
    Route("DELETE", f"{COMMENT}/reactions/{{reaction_id}}", _unreact, WRITE),
    Route("GET", f"{REPO}/collaborators/{{username}}/permission", _permission, "metadata:read"),
)
