"""The sandbox's sample projects: real histories and real reports, told step by step.

What they are and where they come from: `samples/README.md`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from bot.sandbox.objects import Executable, Symlink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from importlib.resources.abc import Traversable

    from bot.sandbox.pulls import Pull
    from bot.sandbox.records import Run
    from bot.sandbox.repository import Repo
    from bot.sandbox.world import World

__all__ = ["SAMPLES", "VISITOR", "Sample", "Snapshot", "Step", "load_samples", "read_export"]

SAMPLES = ("humanize", "yajl", "qs")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One commit of an export: its message and its whole tree."""

    message: str
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens on GitHub; `act` lets it happen."""

    title: str
    act: Callable[[], object]


@dataclass(slots=True)
class Sample:
    """A repository with a pull request to come. `steps` are taken in order, each once."""

    repo: Repo
    steps: list[Step] = field(default_factory=list)
    taken: int = 0
    pull: Pull | None = None
    run: Run | None = None

    @property
    def next_step(self) -> Step | None:
        """The step that comes next; None after the last."""
        return self.steps[self.taken] if self.taken < len(self.steps) else None

    def advance(self) -> Step | None:
        """Take the next step and return it; None after the last."""
        with self.repo.world.lock:
            step = self.next_step
            if step is not None:
                self.taken += 1
                step.act()
            return step

    def open(self) -> Pull:
        """Take the steps up to the end of the pull request's first CI run."""
        while self.pull is None or self.run is None or self.run.status != "completed":
            if self.advance() is None:
                break
        if self.pull is None:
            raise LookupError(f"{self.repo.full_name} has no pull request to open")
        return self.pull


def read_export(data: bytes) -> Iterator[Snapshot]:
    """Yield the commits of a linear `git fast-export`, oldest first.

    https://git-scm.com/docs/git-fast-import, as far as one branch with whole files needs it.
    """
    blobs: dict[bytes, bytes] = {}
    tree: dict[str, bytes] = {}
    kind = mark = b""
    message: str | None = None
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        line, at = data[at:end], end + 1
        word, _, rest = line.partition(b" ")
        if word in (b"blob", b"commit", b"reset"):
            if message is not None:
                yield Snapshot(message, dict(tree))
                message = None
            kind = word
        elif word == b"mark":
            mark = rest
        elif word == b"data":
            content, at = data[at : at + int(rest)], at + int(rest)
            if kind == b"blob":
                blobs[mark] = content
            else:
                message = content.decode().rstrip("\n")
        elif word == b"M":
            mode, source, path = rest.split(b" ", 2)
            wrap = {b"100755": Executable, b"120000": Symlink}.get(mode, bytes)
            tree[path.decode()] = wrap(blobs[source])
        elif word == b"D":
            del tree[rest.decode()]
    if message is not None:
        yield Snapshot(message, dict(tree))


VISITOR = "you"
"""Who looks at the page."""


def load_samples(world: World) -> dict[str, Sample]:
    """Make the sample repositories, each with a base whose CI left a report.

    The pull requests come with the samples' steps.
    """
    return {name: _load(world, name) for name in SAMPLES}


def _load(world: World, name: str) -> Sample:
    folder = files("bot.sandbox") / "samples" / name
    told = json.loads((folder / "sample.json").read_bytes())
    commits = list(read_export((folder / "repository.fast-export").read_bytes()))
    uploads = [_uploads(folder, commit["reports"]) for commit in told["commits"]]
    with world.lock:
        repo = world.add_repository(told["repository"], files=commits[0].files)
        repo.grant(VISITOR, "maintain")
        sample = Sample(repo)
        workflow = told["workflow"]
        repo.run_ci(repo.tip(), event="push", workflow=workflow, artifacts=uploads[0])
        sample.steps = list(_steps(sample, told, commits[1:], uploads[1:]))
        return sample


def _uploads(folder: Traversable, reports: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return the artifacts of one commit: files by name, by artifact."""
    return {
        artifact: {
            inside: (folder / "reports" / source).read_bytes() for inside, source in content.items()
        }
        for artifact, content in reports.items()
    }


def _steps(
    sample: Sample, told: dict[str, Any], commits: list[Snapshot], uploads: list[dict[str, Any]]
) -> Iterator[Step]:
    author, branch = told["author"], told["branch"]
    from_fork = told.get("fork", False)

    def open_pull() -> None:
        source = sample.repo.fork(author) if from_fork else sample.repo
        sample.repo.grant(author, "read" if from_fork else "write")
        head = f"{author}:{branch}" if from_fork else branch
        source.commit(branch, files=commits[0].files, message=commits[0].message, author=author)
        sample.pull = sample.repo.open_pull(head, title=told["title"], author=author)

    yield Step(f"{author} opens the pull request “{told['title']}”", open_pull)
    yield from _ci(sample, told["workflow"], uploads[0])
    for commit, artifacts in zip(commits[1:], uploads[1:], strict=True):
        title = f"{author} pushes “{commit.message}”"
        yield Step(title, partial(_push, sample, commit))
        yield from _ci(sample, told["workflow"], artifacts)


def _push(sample: Sample, commit: Snapshot) -> None:
    if sample.pull is not None:
        sample.pull.push(files=commit.files, message=commit.message)


def _ci(sample: Sample, workflow: str, artifacts: dict[str, Any]) -> Iterator[Step]:
    def start() -> None:
        if sample.pull is not None:
            sample.run = sample.repo.start_run(sample.pull.head_sha, workflow=workflow)

    def finish() -> None:
        if sample.run is not None:
            sample.repo.finish_run(sample.run, artifacts=artifacts)

    yield Step(f"CI starts ({workflow})", start)
    names = ", ".join(sorted(artifacts))
    yield Step(f"CI ends and leaves: {names}", finish)
