"""Every error that Covgate raises on purpose.

One root, so that a command, a job or a request can tell "this is for the reader" from a
defect. The text of each says what is wrong, where, and what to do about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

__all__ = [
    "ConfigError",
    "CovgateError",
    "DiffIncompleteError",
    "GitError",
    "GitHubError",
    "GoneError",
    "LeaseLostError",
    "NotFoundError",
    "PostponedError",
    "RefusedError",
    "ReportError",
    "SettingError",
    "SummaryError",
    "SumsOnlyError",
    "UsageError",
]


class CovgateError(Exception):
    """Something that a person can mend; the text says how."""


class SettingError(CovgateError):
    """A setting is missing or malformed. The text names the environment variable."""


class UsageError(CovgateError):
    """A slash-command was not written as it should be. The text is Markdown of our own."""


class ReportError(CovgateError):
    """A coverage report (or the archive that holds it) can not be read.

    `name` is the report's name inside its artifact, or the file's path; it is empty while
    the one who knows it has not been reached yet.
    """

    def __init__(self, reason: str, *, name: str = "") -> None:
        super().__init__(f"{name}: {reason}" if name else reason)
        self.reason = reason
        self.name = name

    def named(self, name: str) -> Self:
        """Return the same error, told of the report that is called `name`."""
        return type(self)(self.reason, name=name)


class SumsOnlyError(ReportError):
    """A report has sums, and no lines to judge a change by. The text says what to upload."""


class SummaryError(SumsOnlyError):
    """A file that a tool writes beside its full report, such as coverage-summary.json.

    Nothing is amiss where the full report is there, too.
    """


class ConfigError(CovgateError):
    """`.github/covgate.yml` can not be used. Lines and columns count from 1."""

    def __init__(self, reason: str, *, line: int | None = None, column: int | None = None) -> None:
        place = "" if line is None else f"line {line}, column {column or 1}: "
        super().__init__(place + reason)
        self.reason = reason
        self.line = line
        self.column = column


class DiffIncompleteError(CovgateError):
    """GitHub left a part of the diff out and it could not be had otherwise.

    Never to be read as "no new code".
    """


class GitError(CovgateError):
    """The local git checkout can not be read."""


class GitHubError(CovgateError):
    """GitHub answered with something that a repetition does not mend."""


class NotFoundError(GitHubError):
    """404: it is not there, or the App may not see it."""


class RefusedError(GitHubError):
    """401, 403 or 422: GitHub understood and said no; the text says to what and why."""


class GoneError(GitHubError):
    """410: it was there and has expired (an artifact past its retention)."""


class PostponedError(CovgateError):
    """GitHub can't answer now: do it again after `seconds`, and nothing before that.

    Raised for time-outs, 5xx answers and rate limits; never a verdict.
    """

    def __init__(self, reason: str, *, seconds: float, gate: bool = False) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.gate = gate
        """Whether the whole installation has to wait (a rate limit), not this job alone."""


class StoppedError(SystemExit):
    """This process is to end now: hand back what is in work.

    No `CovgateError`, nor any `Exception`: nothing on its way up may take it for its own.
    """


class LeaseLostError(CovgateError):
    """Another worker has taken the subject over: stop writing at once."""
