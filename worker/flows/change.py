"""What is judged: a head, and what it goes into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from worker.core.refs import Comparison, PullRequest, Sha

__all__ = ["Change"]


@dataclass(frozen=True, slots=True)
class Change:
    """A pull request's head, or the commit that a merge queue made of several."""

    head_sha: Sha
    base_ref: str
    """The branch whose rules and baselines hold."""
    base: str
    """What the head is compared with: a branch, or a commit."""
    repository_url: str
    pull: PullRequest | None = None
    """None for a merge queue's commit."""
    comparison: Comparison | None = None
    """Of the head with its base, where it was asked for already."""

    @classmethod
    def of_pull(cls, pull: PullRequest) -> Self:
        """Return a pull request's, compared with the base branch as it is now.

        `base_sha` may be an old tip of it, and all that was merged into the head since would
        read as new code. Once merged, the branch holds the head itself: then the old tip it is.
        """
        base = pull.base_ref if pull.state == "open" else pull.base_sha
        url = pull.url.rpartition("/pull/")[0]
        return cls(pull.head_sha, pull.base_ref, base, url, pull)

    @property
    def closed(self) -> bool:
        """Whether it is a pull request that was closed, so that its base may hold its head."""
        return self.pull is not None and self.pull.state != "open"
