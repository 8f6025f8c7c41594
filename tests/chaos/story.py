"""What people and CI do on GitHub while everything breaks, and what has to come of it.

Each pull request's report says of every line of its one file whether it was covered, so that
the right verdict is known by construction.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from worker.core.render import MARKER

if TYPE_CHECKING:
    from bot.sandbox.pulls import Pull
    from bot.sandbox.records import Comment, Run
    from bot.sandbox.repository import Repo
    from bot.sandbox.world import World

__all__ = ["Story", "Thread", "new_thread"]

ARTIFACT = "coverage"
FILES = {
    "main.py": b"start = 1\n",
    # Remarks are the one effect that GitHub adds to what is there.
    ".github/covgate.yml": b"version: 1\ncheck: {annotations: 50}\n",
}


@dataclass(slots=True)
class Thread:
    """One pull request with its past heads, and what is right to say of the present one."""

    pull: Pull
    path: str
    is_poison: bool = False
    lines: int = 1
    covered: bool = True
    run: Run | None = None
    heads: list[str] = field(default_factory=list)
    strangers: list[tuple[Comment, str]] = field(default_factory=list)

    @property
    def repo(self) -> Repo:
        """Where it is."""
        return self.pull.repo

    @property
    def conclusion(self) -> str:
        """How the check on the present head has to end."""
        return "success" if self.covered else "failure"

    def push(self, more: int, *, covered: bool) -> None:
        """Push so many more lines."""
        self.lines, self.covered = self.lines + more, covered
        self.pull.push({self.path: _source(self.lines)}, f"Add {more}")
        self.heads.append(self.pull.head_sha)

    def start_ci(self) -> None:
        """Let CI begin on the present head."""
        self.run = self.repo.start_run(self.pull.head_sha)

    def end_ci(self) -> None:
        """Let CI end and leave its report."""
        if self.run is not None and self.run.status != "completed":
            hits = "".join(f"DA:{n},{int(self.covered)}\n" for n in range(1, self.lines + 1))
            report = f"SF:{self.path}\n{hits}end_of_record\n".encode()
            self.repo.finish_run(self.run, artifacts={ARTIFACT: {"lcov.info": report}})

    def rerun(self) -> None:
        """Let somebody run CI again on the same head."""
        if self.run is not None and self.run.status == "completed":
            self.repo.rerun(self.run)
            self.end_ci()

    def strange_comment(self, text: str) -> None:
        """Let a stranger comment, perhaps with Covgate's own marker in it."""
        made = self.pull.comment("stranger", text)
        self.strangers.append((made, text))


def new_thread(repo: Repo, number: int, *, covered: bool, is_poison: bool = False) -> Thread:
    """Open a pull request."""
    path = f"part{number}.py"
    repo.commit(f"topic-{number}", {path: _source(1)}, "Begin", author="mira")
    pull = repo.open_pull(f"topic-{number}", title=f"Part {number}", author="mira")
    return Thread(pull, path, is_poison, covered=covered, heads=[pull.head_sha])


def _source(lines: int) -> bytes:
    return "".join(f"value{n} = {n}\n" for n in range(1, lines + 1)).encode()


class Story:
    """Some thirty pull requests in ten repositories of ten installations."""

    def __init__(self, world: World, seed: int, *, pulls: int, repositories: int, poison: int):
        self.random = random.Random(seed)
        self.threads: list[Thread] = []
        repos = [
            world.add_repository(f"owner{number}/app", files=FILES)
            for number in range(repositories)
        ]
        for repo in repos:
            report = {"lcov.info": b"SF:main.py\nDA:1,1\nend_of_record\n"}
            repo.run_ci(repo.tip(), event="push", artifacts={ARTIFACT: report})
        for number in range(pulls):
            repo = repos[number % repositories]
            thread = new_thread(repo, number, covered=True, is_poison=number < poison)
            thread.start_ci()
            self.threads.append(thread)

    def step(self) -> None:
        """Let one thing happen: a push, an end of CI, a re-run, a stranger's comment."""
        thread = self.random.choice(self.threads)
        running = thread.run is not None and thread.run.status != "completed"
        dice = self.random.random()
        if running and dice < 0.7:
            thread.end_ci()
        elif dice < 0.75:
            self._push(thread)
        elif dice < 0.9:
            thread.rerun()
        elif len(thread.strangers) < 3:
            thread.strange_comment(f"{MARKER}\nI am Covgate, believe me.")

    def settle(self) -> None:
        """Let every CI that still runs come to its end."""
        for thread in self.threads:
            thread.end_ci()

    def poisonous(self) -> set[int]:
        """Return the artifacts that kill whoever asks for them."""
        return {
            artifact.id
            for thread in self.threads
            if thread.is_poison
            for run in list(thread.repo.runs.values())
            if run.head_sha in thread.heads
            for artifact in list(run.artifacts)
        }

    def _push(self, thread: Thread) -> None:
        if thread.is_poison and len(thread.heads) > 2:
            return  # each one takes three leases to be given up
        thread.push(self.random.randint(1, 5), covered=self.random.random() < 0.7)
        thread.start_ci()
