"""How a verdict is told on GitHub, as pydantic models."""

from __future__ import annotations

from pydantic import ConfigDict, Field, StrictBool

from worker.core.config.fields import Fifty, Model
from worker.core.config.values import CheckAs, CommentRule, CommentWhen

__all__ = ["CheckModel", "CommentModel"]


class CheckModel(Model):
    """What GitHub shows of a verdict besides the comment."""

    model_config = ConfigDict(title="Check")

    # `as` is a word of Python's own.
    as_: CheckAs = Field(
        default=CheckAs.CHECK,
        alias="as",
        description="`status` and `both` add a commit status for each gate, package and "
        "critical path to the check run, which is always there.",
    )
    annotations: Fifty = Field(
        default=0,
        description="At most so many remarks stand beside uncovered new lines under "
        '"Files changed", the longest stretches first; 0 for none.',
    )


class CommentModel(Model):
    """The one comment on the pull request; the check says the same in any case."""

    model_config = ConfigDict(title="Comment")

    post: CommentWhen = Field(
        default=CommentWhen.ALWAYS,
        description="`problems` makes none for a verdict that asks for nothing, but keeps one "
        "that is there up to date; `never` writes none.",
    )
    folded: StrictBool = Field(
        default=False,
        description="Whether a verdict that asks for nothing is one line, and the rest folded.",
    )

    def value(self) -> CommentRule:
        """Return the same as the core's value."""
        return CommentRule(self.post, self.folded)
