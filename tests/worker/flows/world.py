"""A pull request, its CI and its reports, at the ports' fakes."""

from __future__ import annotations

import io
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from coverage import CoverageData

from tests.fakes.app import FakeApp
from tests.fakes.clock import FakeClock
from tests.fakes.github import REPOSITORY, FakeGitHub, fake_sha
from tests.fakes.inbox import MemoryInbox
from tests.fakes.store import MemoryStore
from worker.commands import COMMANDS
from worker.contracts import Notice, Subject
from worker.flows.deps import Deps
from worker.flows.reconcile import reconcile

if TYPE_CHECKING:
    from worker.core.refs import Sha
    from worker.ports import CheckState

NUMBER = 7


def lcov(path: str, hits: dict[int, int]) -> bytes:
    """Return an LCOV report of one file: hits by line."""
    lines = "".join(f"DA:{line},{count}\n" for line, count in sorted(hits.items()))
    return f"TN:\nSF:{path}\n{lines}end_of_record\n".encode()


def coverage_data(path: str, lines: list[int]) -> bytes:
    """Return a `.coverage` file, made by coverage.py, in which these lines were executed."""
    data = CoverageData(no_disk=True)
    data.add_lines({path: lines})
    with tempfile.TemporaryDirectory() as folder:
        copy = CoverageData(basename=f"{folder}/.coverage")
        copy.update(data)
        copy.close()
        content = Path(folder, ".coverage").read_bytes()
    data.close()
    return content


def zipped(files: dict[str, bytes]) -> bytes:
    """Return an artifact's archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


@dataclass
class World:
    """One repository with a base of ten lines and a head that adds five."""

    clock: FakeClock = field(default_factory=FakeClock)
    github: FakeGitHub = field(default_factory=FakeGitHub)
    store: MemoryStore = field(default_factory=MemoryStore)
    deliveries: int = 0
    keep_sources: bool = True

    def __post_init__(self) -> None:
        self.inbox = MemoryInbox(self.clock)
        self.app = FakeApp(self.clock)
        old = b"".join(b"old %d\n" % n for n in range(10))
        self.files = {"src/a.py": old, "README.md": b"hello\n"}
        self.root = self.github.put_commit({"README.md": b"hello\n"})
        self.base = self.github.put_commit(self.files, [self.root])
        self.github.branches["main"] = self.base
        self.head = self.push({"src/a.py": old + b"".join(b"new %d\n" % n for n in range(5))})

    @property
    def subject(self) -> Subject:
        return Subject.pull(REPOSITORY.installation_id, REPOSITORY.id, NUMBER)

    @property
    def deps(self) -> Deps:
        return Deps(
            self.inbox,
            self.store,
            self.clock,
            lambda _subject, _name: self.github,
            self.app,
            commands=COMMANDS,
            keep_sources=self.keep_sources,
        )

    def push(self, files: dict[str, bytes]) -> Sha:
        """Put a new head on the pull request (opened where it is not yet)."""
        head = self.github.put_commit({**self.files, **files}, [self.base])
        self.github.put_pull(NUMBER, head, self.base)
        self.head = head
        return head

    def configure(self, text: str) -> None:
        """Commit a configuration on the base branch."""
        tip = self.github.put_commit(
            {**self.files, ".github/covgate.yml": text.encode()}, [self.base]
        )
        self.github.branches["main"] = tip

    def ci(self, run: int, *archives: dict[str, bytes], name: str = "coverage", **changes) -> None:
        """Let a run end (or be in the state that `changes` tell) with these artifacts."""
        self.github.put_run(run, changes.pop("head", self.head), **changes)
        for number, files in enumerate(archives):
            title = name if not number else f"{name}-{number}"
            self.github.put_artifact(run, title, zipped(files))

    def report(self, covered: int, total: int = 15) -> dict[str, bytes]:
        """Return an artifact whose report covers the first lines of the file."""
        hits = {line: int(line <= covered) for line in range(1, total + 1)}
        return {"lcov.info": lcov("src/a.py", hits)}

    def base_report(self, covered: int = 10) -> None:
        """Let CI on main leave the baseline, and have it recorded."""
        report = {"lcov.info": lcov("src/a.py", {n: int(n <= covered) for n in range(1, 11)})}
        self.ci(1, report, head=self.base, event="push", head_branch="main")
        self.look(Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, self.base))

    def notify(self, subject: Subject | None = None, event: str = "test") -> Subject:
        """Accept a delivery for a subject."""
        subject = subject or self.subject
        self.deliveries += 1
        notice = Notice(subject, REPOSITORY.full_name, event)
        self.inbox.accept(f"delivery-{self.deliveries}", [notice])
        return subject

    def look(self, subject: Subject | None = None, event: str = "test") -> str:
        """Accept a delivery and reconcile its subject."""
        return reconcile(self.notify(subject, event), self.deps)

    @property
    def check(self) -> CheckState:
        """What the one check on the head shows."""
        (state,) = [
            state
            for check_id, state in self.github.check_states.items()
            if self.github.check_head(check_id) == self.head
        ]
        return state

    @property
    def comments(self) -> list[str]:
        return self.github.comment_bodies(NUMBER)


__all__ = ["NUMBER", "World", "coverage_data", "fake_sha", "lcov", "zipped"]
