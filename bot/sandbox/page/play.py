"""What the buttons do in the world. Each play returns the page to go to, below the root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.sandbox.page.people import speakers
from bot.sandbox.samples import VISITOR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.sandbox.pulls import Pull
    from bot.sandbox.records import Run
    from bot.sandbox.repository import Repo
    from bot.sandbox.samples import Sample

__all__ = ["PLAYS", "Play"]


@dataclass(frozen=True, slots=True)
class Play:
    """A pressed button: in which repository, and what its form says.

    The plays raise LookupError or ValueError for what can not be done (any more).
    """

    repo: Repo
    sample: Sample | None
    form: Mapping[str, str]

    @property
    def pull(self) -> Pull:
        """The pull request that the form is about."""
        return self.repo.pulls[int(self.form["pull"])]

    @property
    def run(self) -> Run:
        """The run that the form is about."""
        return self.repo.runs[int(self.form["run"])]

    def at(self, rest: str = "") -> str:
        """Return the pull request's page, or the list where the form names none."""
        number = self.form.get("pull", "")
        return f"{self.repo.full_name}/pull/{number}{rest}" if number.isdecimal() else ""


def _step(play: Play) -> str:
    sample = play.sample
    if sample is None:
        raise LookupError(f"{play.repo.full_name} has no prepared steps")
    # A button that was pressed twice takes one step.
    if sample.taken == int(play.form["taken"]):
        sample.advance()
    if sample.pull is None:
        return ""
    return f"{play.repo.full_name}/pull/{sample.pull.number}"


def _comment(play: Play) -> str:
    text = play.form.get("body", "").replace("\r\n", "\n").strip()
    if not text:
        return play.at()
    if len(text) > play.repo.world.caps.comment_chars:
        raise ValueError("the comment is too long")
    speaker = play.form.get("as", VISITOR)
    if speaker not in {known.login for known in speakers(play.pull)}:
        raise LookupError(f"{speaker} does not take part")
    made = play.pull.comment(speaker, text)
    return play.at(f"#issuecomment-{made.id}")


def _close(play: Play) -> str:
    if play.pull.state == "open":
        play.pull.close(VISITOR)
    return play.at()


def _reopen(play: Play) -> str:
    if play.pull.merged_by is None and play.pull.state == "closed":
        play.pull.reopen(VISITOR)
    return play.at()


def _rerun(play: Play) -> str:
    if play.run.status == "completed":
        play.repo.rerun(play.run)
    return play.at("/checks")


def _finish(play: Play) -> str:
    """End a run; it uploads what its attempt before did, or nothing."""
    outcome = play.form["outcome"]
    if outcome not in ("success", "failure", "empty"):
        raise ValueError(f"a run does not end as {outcome!r} here")
    if play.run.status != "completed":
        uploads = {} if outcome == "empty" else {a.name: a.archive for a in play.run.artifacts}
        conclusion = "failure" if outcome == "empty" else outcome
        play.repo.finish_run(play.run, conclusion, uploads)
    return play.at("/checks")


def _recheck(play: Play) -> str:
    play.repo.rerequest(play.repo.checks[int(play.form["check"])], VISITOR)
    return play.at("/checks")


def _press(play: Play) -> str:
    play.repo.press(play.repo.checks[int(play.form["check"])], play.form["button"], VISITOR)
    return play.at("/checks")


def _redeliver(play: Play) -> str:
    world, number = play.repo.world, int(play.form["delivery"])
    found = (d for d in world.deliveries if (d.id, d.repository_id) == (number, play.repo.id))
    delivery = next(found, None)
    if delivery is None:
        raise LookupError(f"no delivery {number}")
    world.redeliver(delivery)
    return play.at("#deliveries")


PLAYS: Mapping[str, Callable[[Play], str]] = {
    "close": _close,
    "comment": _comment,
    "finish": _finish,
    "press": _press,
    "recheck": _recheck,
    "redeliver": _redeliver,
    "reopen": _reopen,
    "rerun": _rerun,
    "step": _step,
}
