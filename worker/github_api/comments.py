"""Comments of a pull request's conversation: https://docs.github.com/en/rest/issues/comments ."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from worker.core.errors import NotFoundError
from worker.github_api.answers import CommentAnswer
from worker.github_api.transport import Transport, decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.core.refs import Comment

__all__ = [
    "Author",
    "create_comment",
    "delete_comment",
    "list_comments",
    "react",
    "read_comment",
    "update_comment",
]


class Author:
    """Tells the App's own comments from everybody else's.

    An App's comment has a user of type "Bot", and `performed_via_github_app` names the App.
    The latter alone is not enough: it is there too when a person writes through the App's
    user access token. Where GitHub leaves it out, the bot's login decides, "slug[bot]",
    which no person can have. `slug` is called only then.
    """

    def __init__(self, app_id: int, slug: Callable[[], str]) -> None:
        self._app_id = app_id
        self._slug = slug

    def wrote(self, comment: CommentAnswer) -> bool:
        """Return whether the App itself wrote a comment."""
        if comment.user is None or comment.user.type != "Bot":
            return False
        if comment.performed_via_github_app is not None:
            return comment.performed_via_github_app.id == self._app_id
        return comment.user.login == f"{self._slug()}[bot]"


def list_comments(
    transport: Transport, repository: str, author: Author, number: int
) -> tuple[Comment, ...]:
    """Return all comments, oldest first: ids grow."""
    pages = transport.pages(f"{repository}/issues/{number}/comments", list[CommentAnswer])
    # By id, for a comment deleted between two pages makes the next one appear twice.
    found = {
        comment.id: comment.value(own=author.wrote(comment)) for page in pages for comment in page
    }
    return tuple(found[key] for key in sorted(found))


def read_comment(transport: Transport, repository: str, author: Author, comment_id: int) -> Comment:
    """Return a comment as it is now."""
    answer = transport.get(f"{repository}/issues/comments/{comment_id}", CommentAnswer)
    return answer.value(own=author.wrote(answer))


def react(transport: Transport, repository: str, comment_id: int, content: str) -> None:
    """Put a reaction on a comment: GitHub keeps one of a kind for each user.

    https://docs.github.com/en/rest/reactions/reactions#create-reaction-for-an-issue-comment
    """
    path = f"{repository}/issues/comments/{comment_id}/reactions"
    with suppress(NotFoundError):
        transport.send("POST", path, body={"content": content})


def create_comment(transport: Transport, repository: str, number: int, body: str) -> Comment:
    """Write a comment."""
    path = f"{repository}/issues/{number}/comments"
    answer = transport.send("POST", path, body={"body": body})
    return decode(answer, CommentAnswer, path).value(own=True)


def update_comment(transport: Transport, repository: str, comment_id: int, body: str) -> Comment:
    """Change a comment of the App's own."""
    path = f"{repository}/issues/comments/{comment_id}"
    answer = transport.send("PATCH", path, body={"body": body})
    return decode(answer, CommentAnswer, path).value(own=True)


def delete_comment(transport: Transport, repository: str, comment_id: int) -> None:
    """Delete a comment; nothing happens where it is gone already."""
    with suppress(NotFoundError):
        transport.send("DELETE", f"{repository}/issues/comments/{comment_id}")
