"""Values -> page data. Call these under the world's lock; what they return is nobody's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot.sandbox.markdown import render_markdown
from bot.sandbox.page.people import commands_to_try, speakers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.sandbox.deliveries import Courier
    from bot.sandbox.page.people import Speaker
    from bot.sandbox.pulls import Pull
    from bot.sandbox.records import Artifact, CheckRun, Comment, Delivery, Run
    from bot.sandbox.repository import Repo
    from bot.sandbox.samples import Sample
    from bot.sandbox.world import World

__all__ = [
    "Card",
    "CheckView",
    "PullView",
    "State",
    "view_cards",
    "view_check",
    "view_deliveries",
    "view_pull",
    "view_steps",
]

_DELIVERIES = 60
"""How many of the latest deliveries are shown."""

_REACTIONS = {
    "+1": "👍",
    "-1": "👎",
    "confused": "😕",
    "eyes": "👀",
    "heart": "❤️",
    "hooray": "🎉",
    "laugh": "😄",
    "rocket": "🚀",
}


@dataclass(frozen=True, slots=True)
class State:
    """How something stands: `icon` names a picture, `label` says it in words."""

    icon: str
    label: str


_CONCLUSIONS = {
    "success": State("success", "Successful"),
    "failure": State("failure", "Failing"),
    "neutral": State("neutral", "Neutral"),
    "skipped": State("neutral", "Skipped"),
    "cancelled": State("neutral", "Cancelled"),
    "timed_out": State("failure", "Timed out"),
    "action_required": State("attention", "Action required"),
}
_NOTHING = Markup()
_EXPECTED = State("expected", "Waiting for status to be reported")


@dataclass(frozen=True, slots=True)
class ButtonView:
    """One of a check's own buttons."""

    identifier: str
    label: str
    description: str


@dataclass(frozen=True, slots=True)
class CheckView:
    """The check `covgate` on a commit; `id` is None as long as nobody made it."""

    state: State
    sha: str
    id: int | None = None
    title: str = ""
    summary: Markup = _NOTHING
    text: Markup = _NOTHING
    time: str = ""
    buttons: tuple[ButtonView, ...] = ()
    details: str = ""
    """Where the App says that more is told."""

    @property
    def pending(self) -> bool:
        """Whether there is no verdict yet."""
        return self.state.icon in ("pending", "expected")


@dataclass(frozen=True, slots=True)
class CommitView:
    """One commit, by its first line."""

    sha: str
    message: str
    author: str


@dataclass(frozen=True, slots=True)
class CommentView:
    """One comment, rendered; `reactions` are pictures with who reacted."""

    id: int
    author: str
    bot: bool
    time: str
    edited: bool
    body: Markup
    reactions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ArtifactView:
    """What a run uploaded; size in bytes of the zip archive."""

    id: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class RunView:
    """One workflow run in its latest attempt.

    `actions` are what can be done with it: ("rerun",), the ways to end a second attempt,
    or nothing, where the sample's next step ends it.
    """

    id: int
    name: str
    number: int
    attempt: int
    event: str
    sha: str
    state: State
    artifacts: tuple[ArtifactView, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One webhook; `status` is None as long as it waits."""

    id: int
    time: str
    name: str
    status: int | None
    reason: str
    milliseconds: int
    guid: str
    again: bool


@dataclass(frozen=True, slots=True)
class StepsView:
    """The sample's story: what happened, and what comes next ("" after the end)."""

    done: tuple[str, ...]
    next: str
    later: int

    @property
    def total(self) -> int:
        """How many steps the story has."""
        return len(self.done) + bool(self.next) + self.later


@dataclass(frozen=True, slots=True)
class PullLine:
    """A pull request in a list."""

    number: int
    title: str
    author: str
    state: str
    check: CheckView


@dataclass(frozen=True, slots=True)
class Card:
    """A repository in the list of all."""

    repo: str
    pulls: tuple[PullLine, ...]
    steps: StepsView | None


@dataclass(frozen=True, slots=True)
class PullView:
    """A pull request with all that happened on it, newest runs and deliveries first."""

    repo: str
    number: int
    title: str
    author: str
    state: str
    base: str
    head: str
    head_sha: str
    body: Markup
    commits: tuple[CommitView, ...]
    comments: tuple[CommentView, ...]
    check: CheckView
    runs: tuple[RunView, ...]
    deliveries: tuple[DeliveryView, ...]
    receiver: str
    steps: StepsView | None
    conflict: bool
    speakers: tuple[Speaker, ...]
    commands: tuple[str, ...]
    """Slash-commands to try, a line each."""

    @property
    def pending(self) -> bool:
        """Whether Covgate still has something to do or say."""
        waiting = any(delivery.status is None for delivery in self.deliveries)
        return waiting or self.check.pending


def view_cards(world: World, samples: Mapping[str, Sample]) -> tuple[Card, ...]:
    """Return the repositories that have pull requests or a story to tell."""
    told = {sample.repo.id: sample for sample in samples.values()}
    return tuple(
        Card(
            repo.full_name,
            tuple(_line(pull) for _, pull in sorted(repo.pulls.items(), reverse=True)),
            view_steps(told.get(repo.id)),
        )
        for repo in world.repositories.values()
        if not repo.deleted and (repo.pulls or repo.id in told)
    )


def _line(pull: Pull) -> PullLine:
    check = view_check(pull.repo, pull.head_sha)
    return PullLine(pull.number, pull.title, pull.author.login, _pull_state(pull), check)


def view_steps(sample: Sample | None) -> StepsView | None:
    """Return a sample's story; None for a repository that has none."""
    if sample is None:
        return None
    titles = [step.title for step in sample.steps]
    coming = titles[sample.taken :]
    return StepsView(
        tuple(titles[: sample.taken]), coming[0] if coming else "", max(0, len(coming) - 1)
    )


def view_pull(pull: Pull, courier: Courier, sample: Sample | None) -> PullView:
    """Return a pull request's page."""
    repo = pull.repo
    commits = pull.commits()
    shas = {commit.sha for commit in commits} | {pull.head_sha}
    runs = [run for run in repo.runs.values() if run.head_sha in shas]
    return PullView(
        repo=repo.full_name,
        number=pull.number,
        title=pull.title,
        author=pull.author.login,
        state=_pull_state(pull),
        base=pull.base_ref,
        head=pull.label if pull.from_fork else pull.head_ref,
        head_sha=pull.head_sha,
        body=render_markdown(pull.body or ""),
        commits=tuple(CommitView(c.sha, c.message.partition("\n")[0], c.author) for c in commits),
        comments=tuple(_comment(comment) for comment in repo.comments_on(pull.number)),
        check=view_check(repo, pull.head_sha),
        runs=tuple(_run(run, sample) for run in reversed(runs)),
        deliveries=view_deliveries(repo),
        receiver=courier.url or "",
        steps=view_steps(sample),
        conflict=pull.merge_sha is None,
        speakers=speakers(pull),
        commands=commands_to_try(pull),
    )


def _pull_state(pull: Pull) -> str:
    if pull.merged_by is not None:
        return "merged"
    return "draft" if pull.draft and pull.state == "open" else pull.state


def view_check(repo: Repo, sha: str) -> CheckView:
    """Return the newest check of the App on a commit."""
    checks = repo.checks_on(sha)
    if not checks:
        return CheckView(_EXPECTED, sha)
    check = checks[-1]
    return CheckView(
        state=_state(check),
        sha=sha,
        id=check.id,
        title=check.title or "",
        summary=render_markdown(check.summary or ""),
        text=render_markdown(check.text or ""),
        time=f"{check.completed_at or check.started_at:%H:%M:%S}",
        # As on GitHub, they appear once the check has ended.
        buttons=tuple(
            ButtonView(one["identifier"], one["label"], one["description"])
            for one in check.actions
            if check.status == "completed"
        ),
        details=_address(check.details_url or ""),
    )


def _address(url: str) -> str:
    """Return an address that a link may lead to, or nothing."""
    return url if url.startswith(("http://", "https://")) else ""


def _state(item: CheckRun | Run) -> State:
    if item.status == "completed":
        unknown = State("neutral", (item.conclusion or "unknown").replace("_", " ").capitalize())
        return _CONCLUSIONS.get(item.conclusion or "", unknown)
    return State("pending", item.status.replace("_", " ").capitalize())


def _comment(comment: Comment) -> CommentView:
    return CommentView(
        id=comment.id,
        author=comment.author.login.removesuffix("[bot]"),
        bot=comment.author.kind == "Bot",
        time=f"{comment.updated_at:%H:%M:%S}",
        edited=comment.updated_at != comment.created_at,
        body=render_markdown(comment.body),
        reactions=tuple(
            (_REACTIONS.get(reaction.content, reaction.content), reaction.author.login)
            for reaction in comment.reactions
        ),
    )


def _run(run: Run, sample: Sample | None) -> RunView:
    told = sample is not None and sample.run is run and run.attempt == 1
    if run.status == "completed":
        actions: tuple[str, ...] = ("rerun",)
    else:
        actions = () if told else ("success", "failure", "empty")
    return RunView(
        id=run.id,
        name=run.workflow.name,
        number=run.number,
        attempt=run.attempt,
        event=run.event,
        sha=run.head_sha,
        state=_state(run),
        artifacts=tuple(
            ArtifactView(item.id, item.name, len(item.archive)) for item in _latest(run.artifacts)
        ),
        actions=actions,
    )


def _latest(artifacts: Iterable[Artifact]) -> list[Artifact]:
    """Return the last upload of each name: attempts upload the same names again."""
    return list({item.name: item for item in artifacts}.values())


def view_deliveries(repo: Repo) -> tuple[DeliveryView, ...]:
    """Return the latest webhooks of a repository, newest first."""
    world = repo.world
    everything = [*world.deliveries, *world.outbox]
    own = [delivery for delivery in everything if delivery.repository_id == repo.id]
    return tuple(_delivery(delivery) for delivery in reversed(own[-_DELIVERIES:]))


def _delivery(delivery: Delivery) -> DeliveryView:
    action = f".{delivery.action}" if delivery.action else ""
    return DeliveryView(
        id=delivery.id,
        time=f"{delivery.delivered_at or delivery.created_at:%H:%M:%S}",
        name=delivery.event + action,
        status=delivery.status_code,
        reason=delivery.status,
        milliseconds=round(delivery.duration * 1000),
        guid=delivery.guid,
        again=delivery.redelivery,
    )
