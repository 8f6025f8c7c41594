"""A repository on GitHub, in memory: `worker.ports.GitHub` without a network.

Filled by values (`put_…`), armed with errors (`arm`), and read back: `calls` holds every
request in order, `comment_bodies` and `check_states` what people would see. It refuses what
GitHub refuses, so that a flow that sends too much fails in its own test.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, BinaryIO

from worker.core.errors import GoneError, NotFoundError, RefusedError, ReportError
from worker.core.refs import (
    Artifact,
    ChangedFile,
    CheckRun,
    Comment,
    Commit,
    Comparison,
    PullRequest,
    Repository,
    Role,
    Sha,
    WorkflowRun,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from worker.core.render import Annotation
    from worker.ports import CheckState, CommitStatus

__all__ = ["APP_LOGIN", "REPOSITORY", "Call", "FakeGitHub", "fake_sha"]

APP_LOGIN = "covgate[bot]"

REPOSITORY = Repository(
    installation_id=77,
    id=4711,
    full_name="octo/hello",
    default_branch="main",
    url="https://github.com/octo/hello",
)

COMPARE_FILES = 300
PULL_FILES = 3_000
WRITES = frozenset(
    {
        "create_check",
        "update_check",
        "set_status",
        "create_comment",
        "update_comment",
        "delete_comment",
    }
)


def fake_sha(text: str) -> Sha:
    """Return a commit id of 40 digits that stands for a text."""
    return Sha(hashlib.sha1(text.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the port's method and its arguments."""

    method: str
    arguments: tuple[object, ...]


@dataclass(slots=True)
class _Fault:
    error: Exception
    times: int
    after: bool


class FakeGitHub:
    """`worker.ports.GitHub`, stateful. Everything may be changed between two calls."""

    def __init__(self, place: Repository = REPOSITORY) -> None:
        self.place = place
        self.pulls: dict[int, PullRequest] = {}
        self.calls: list[Call] = []
        self.check_states: dict[int, CheckState] = {}
        self._runs: dict[int, WorkflowRun] = {}
        self._artifacts: dict[int, Artifact] = {}
        self._archives: dict[int, bytes] = {}
        self._commits: dict[Sha, Commit] = {}
        self.messages: dict[Sha, str] = {}
        self._files: dict[Sha, dict[str, bytes]] = {}
        self.branches: dict[str, Sha] = {}
        self._comparisons: dict[tuple[str, str], Comparison] = {}
        self._pull_files: dict[int, tuple[ChangedFile, ...]] = {}
        self._checks: dict[int, tuple[CheckRun, bool]] = {}
        self._comments: dict[int, tuple[int, Comment]] = {}
        self.reactions: dict[int, list[str]] = {}
        self.roles: dict[str, Role] = {}
        self.teams: dict[str, tuple[str, ...]] | None = None
        self._faults: dict[str, list[_Fault]] = {}
        self.statuses: dict[tuple[Sha, str], CommitStatus] = {}
        self.may_set_statuses = True
        self.left_out_of_archives: set[str] = set()
        self._last_id = 1_000

    # Filling.

    def put_pull(self, number: int, head_sha: Sha, base_sha: Sha, **changes: object) -> PullRequest:
        """Open a pull request, or change it; `changes` are fields of `PullRequest`."""
        known = self.pulls.get(number)
        if known is None:
            known = PullRequest(
                number=number,
                title=f"Pull request {number}",
                author="alice",
                state="open",
                draft=False,
                base_ref=self.place.default_branch,
                base_sha=base_sha,
                head_ref=f"topic-{number}",
                head_sha=head_sha,
                head_repository=self.place.full_name,
                merge_commit_sha=None,
                url=f"{self.place.url}/pull/{number}",
            )
        self.pulls[number] = replace(known, head_sha=head_sha, base_sha=base_sha, **changes)
        return self.pulls[number]

    def put_run(self, run_id: int, head_sha: Sha, **changes: object) -> WorkflowRun:
        """Add a workflow run, or change it: completed with success unless told otherwise."""
        known = self._runs.get(run_id)
        if known is None:
            known = WorkflowRun(
                id=run_id,
                attempt=1,
                name="CI",
                workflow_id=1,
                event="pull_request",
                status="completed",
                conclusion="success",
                head_sha=head_sha,
                head_branch="topic",
                head_repository=self.place.full_name,
                started_at=datetime(2030, 1, 1, 11, 50, tzinfo=UTC),
                updated_at=datetime(2030, 1, 1, 11, 55, tzinfo=UTC),
                url=f"{self.place.url}/actions/runs/{run_id}",
            )
        commit = self._commits.get(head_sha)
        changes.setdefault("tree", commit.tree if commit is not None else None)
        self._runs[run_id] = replace(known, head_sha=head_sha, **changes)
        return self._runs[run_id]

    def put_artifact(
        self, run_id: int, name: str, archive: bytes, *, expired: bool = False
    ) -> Artifact:
        """Upload a zip archive."""
        artifact = Artifact(
            id=self._next_id(),
            name=name,
            size=len(archive),
            expired=expired,
            run_id=run_id,
            created_at=datetime(2030, 1, 1, 11, 54, tzinfo=UTC),
            digest="sha256:" + hashlib.sha256(archive).hexdigest(),
        )
        self._artifacts[artifact.id] = artifact
        self._archives[artifact.id] = archive
        return artifact

    def expire(self, artifact: Artifact) -> None:
        """Let an artifact's retention end."""
        self._artifacts[artifact.id] = replace(self._artifacts[artifact.id], expired=True)

    def put_commit(
        self, files: Mapping[str, bytes], parents: Sequence[Sha] = (), *, sha: Sha | None = None
    ) -> Sha:
        """Commit a whole tree of files; comparisons are made of these."""
        tree = fake_sha(repr(sorted(files.items())))
        sha = sha or fake_sha(f"{tree} {parents} {len(self._commits)}")
        self._commits[sha] = Commit(sha, tuple(parents), tree)
        self._files[sha] = dict(files)
        return sha

    def put_comparison(self, base: str, head: str, comparison: Comparison) -> None:
        """Say what a comparison shows, whatever the commits hold."""
        self._comparisons[base, head] = comparison

    def put_pull_files(self, number: int, files: Sequence[ChangedFile]) -> None:
        """Say what a pull request's list of files shows, whatever the commits hold."""
        self._pull_files[number] = tuple(files)

    def put_comment(
        self, number: int, body: str, *, author: str = "mallory", **changes: object
    ) -> Comment:
        """Let somebody else comment; `changes` are fields of `Comment`."""
        comment = Comment(self._next_id(), author, own=False, body=body, number=number)
        comment = replace(comment, **changes)
        self._comments[comment.id] = (number, comment)
        return comment

    def put_check(self, head_sha: Sha, name: str) -> CheckRun:
        """Let another App make a check run, perhaps of our name."""
        check = CheckRun(self._next_id(), name, head_sha, "completed", "success")
        self._checks[check.id] = (check, False)
        return check

    def arm(self, method: str, error: Exception, *, times: int = 1, after: bool = False) -> None:
        """Let the next calls of a method fail; `after` it took effect, as a time-out may."""
        self._faults.setdefault(method, []).append(_Fault(error, times, after))

    # Reading back.

    @property
    def writes(self) -> list[Call]:
        """The calls that change something, in order."""
        return [call for call in self.calls if call.method in WRITES]

    def count(self, method: str) -> int:
        """Return how often a method was called."""
        return sum(call.method == method for call in self.calls)

    def comment_bodies(self, number: int, *, own: bool = True) -> list[str]:
        """Return the bodies of a conversation's comments, oldest first."""
        return [c.body for n, c in self._comments.values() if n == number and c.own == own]

    def check_head(self, check_id: int) -> Sha:
        """Return the commit that a check run stands on."""
        return self._checks[check_id][0].head_sha

    # The port.

    def repository(self) -> Repository:
        with self._call("repository"):
            return self.place

    def pull(self, number: int) -> PullRequest:
        with self._call("pull", number):
            pull = self._found(self.pulls, number, "pull request")
            return replace(pull, repository=self.place)

    def pulls_from(self, head_repository: str, head_branch: str) -> tuple[PullRequest, ...]:
        with self._call("pulls_from", head_repository, head_branch):
            return tuple(
                pull
                for _, pull in sorted(self.pulls.items())
                if pull.state == "open"
                and (pull.head_repository or "").lower() == head_repository.lower()
                and pull.head_ref == head_branch
            )

    def open_pulls(self) -> tuple[PullRequest, ...]:
        with self._call("open_pulls"):
            found = [pull for pull in self.pulls.values() if pull.state == "open"]
        return tuple(sorted(found, key=lambda pull: pull.number))

    def has_pulls_onto(self, branch: str) -> bool:
        with self._call("has_pulls_onto", branch):
            return any(p.state == "open" and p.base_ref == branch for p in self.pulls.values())

    def runs(self, head_sha: Sha) -> tuple[WorkflowRun, ...]:
        with self._call("runs", head_sha):
            return tuple(run for _, run in sorted(self._runs.items()) if run.head_sha == head_sha)

    def artifacts(self, run_id: int) -> tuple[Artifact, ...]:
        with self._call("artifacts", run_id):
            self._found(self._runs, run_id, "run")
            return tuple(a for _, a in sorted(self._artifacts.items()) if a.run_id == run_id)

    def download(self, artifact: Artifact, target: BinaryIO, *, limit: int) -> int:
        with self._call("download", artifact):
            known = self._found(self._artifacts, artifact.id, "artifact")
            if artifact.expired or known.expired:
                raise GoneError(f"the artifact {artifact.name!r} has expired")
            archive = self._archives[artifact.id]
            if len(archive) > limit:
                raise ReportError(f"it has more than {limit} bytes", name=artifact.name)
            digest = "sha256:" + hashlib.sha256(archive).hexdigest()
            if artifact.digest not in (None, digest):
                raise ReportError("it does not match its digest", name=artifact.name)
            return target.write(archive)

    def compare(self, base: str, head: str, *, commits: int = 1) -> Comparison:
        with self._call("compare", base, head):
            known = self._comparisons.get((base, head))
            if known is not None:
                return known
            ours, theirs = self._history(self._resolve(base)), self._history(self._resolve(head))
            merge_base = next((sha for sha in theirs if sha in ours), None)
            if merge_base is None:
                raise NotFoundError(f"no common ancestor of {base} and {head}")
            files = _changes(self._files[merge_base], self._files[Sha(head)])
            return Comparison(
                merge_base=merge_base,
                files=files[:COMPARE_FILES],
                complete=len(files) < COMPARE_FILES,
                ahead_by=len(set(theirs) - set(ours)),
                behind_by=len(set(ours) - set(theirs)),
                merge_base_tree=self._commits[merge_base].tree,
                base_tip=self._resolve(base),
                messages=tuple(
                    self.messages.get(sha, "") for sha in reversed(theirs) if sha not in ours
                )[:commits],
            )

    def pull_files(self, number: int) -> tuple[ChangedFile, ...]:
        with self._call("pull_files", number):
            pull = self._found(self.pulls, number, "pull request")
            if number in self._pull_files:
                return self._pull_files[number]
            ours = self._history(pull.base_sha)
            merge_base = next(sha for sha in self._history(pull.head_sha) if sha in ours)
            return _changes(self._files[merge_base], self._files[pull.head_sha])[:PULL_FILES]

    def file(self, path: str, ref: str, *, limit: int) -> bytes | None:
        with self._call("file", path, ref):
            files = self._files.get(self._resolve(ref), {})
            data = files.get(path)
            if data is None and any(name.startswith(f"{path}/") for name in files):
                raise RefusedError(f"{path} at {ref} is a folder, not a file")
            if data is not None and len(data) > limit:
                raise RefusedError(f"{path} at {ref} has more than {limit} bytes")
            return data

    def paths(self, sha: Sha) -> frozenset[str]:
        with self._call("paths", sha):
            return frozenset(self._found(self._files, sha, "commit"))

    def tree(self, sha: Sha) -> Mapping[str, Sha]:
        with self._call("tree", sha):
            files = self._found(self._files, sha, "commit")
            return {path: _blob_id(data) for path, data in files.items()}

    def commit(self, sha: Sha) -> Commit:
        with self._call("commit", sha):
            return self._found(self._commits, sha, "commit")

    def archive(self, sha: Sha, target: BinaryIO, *, limit: int) -> int:
        with self._call("archive", sha):
            files = self._found(self._files, sha, "commit")
            packed = io.BytesIO()
            with tarfile.open(fileobj=packed, mode="w:gz") as archive:
                for path, data in files.items():
                    if path not in self.left_out_of_archives:
                        member = tarfile.TarInfo(f"octo-hello-{sha[:7]}/{path}")
                        member.size = len(data)
                        archive.addfile(member, io.BytesIO(data))
            if len(packed.getvalue()) > limit:
                raise RefusedError(f"the files at {sha} have more than {limit} bytes")
            return target.write(packed.getvalue())

    def ancestors(self, sha: Sha, *, limit: int) -> tuple[Commit, ...]:
        with self._call("ancestors", sha):
            return tuple(self._commits[one] for one in self._history(sha)[:limit])

    def checks(self, head_sha: Sha, name: str) -> tuple[CheckRun, ...]:
        with self._call("checks", head_sha, name):
            return tuple(
                check
                for check, own in self._checks.values()
                if own and (check.head_sha, check.name) == (head_sha, name)
            )

    def create_check(
        self, head_sha: Sha, name: str, state: CheckState, *, external_id: str
    ) -> CheckRun:
        with self._call("create_check", head_sha, name, state):
            _check_state(state)
            check = CheckRun(
                self._next_id(), name, head_sha, state.status, state.conclusion, external_id
            )
            self._checks[check.id] = (check, True)
            self._show(check.id, state)
            return check

    def annotations(self, check_id: int) -> tuple[Annotation, ...]:
        with self._call("annotations", check_id):
            self._found(self._checks, check_id, "check run")
            return self.annotations_of(check_id)

    def update_check(self, check_id: int, state: CheckState) -> CheckRun:
        with self._call("update_check", check_id, state):
            check, own = self._found(self._checks, check_id, "check run")
            if not own:
                raise RefusedError(f"check run {check_id} is another App's")
            _check_state(state)
            check = replace(check, status=state.status, conclusion=state.conclusion)
            self._checks[check_id] = (check, True)
            self._show(check_id, state)
            return check

    def set_status(self, head_sha: Sha, status: CommitStatus) -> None:
        with self._call("set_status", head_sha, status):
            if not self.may_set_statuses:
                raise RefusedError("Resource not accessible by integration")
            if len(status.description) > 140:
                raise RefusedError("description is too long (maximum is 140 characters)")
            if head_sha not in self._commits:
                raise RefusedError(f"no commit found for SHA: {head_sha}")
            self.statuses[head_sha, status.context] = status

    def comments(self, number: int) -> tuple[Comment, ...]:
        with self._call("comments", number):
            self._found(self.pulls, number, "pull request")
            return tuple(comment for on, comment in self._comments.values() if on == number)

    def comment(self, comment_id: int) -> Comment:
        with self._call("comment", comment_id):
            number, comment = self._found(self._comments, comment_id, "comment")
            return replace(comment, number=number)

    def react(self, comment_id: int, content: str) -> None:
        with self._call("react", comment_id, content):
            if comment_id in self._comments:
                given = self.reactions.setdefault(comment_id, [])
                given += [] if content in given else [content]

    def role(self, login: str) -> Role:
        with self._call("role", login):
            return self.roles.get(login, Role("read", "read"))

    def is_in_team(self, team: str, login: str) -> bool:
        with self._call("is_in_team", team, login):
            if self.teams is None:
                raise RefusedError("403: the App was not given `members: read`")
            return login in self.teams.get(team, ())

    def create_comment(self, number: int, body: str) -> Comment:
        with self._call("create_comment", number, body):
            self._found(self.pulls, number, "pull request")
            _check_body(body)
            comment = Comment(
                self._next_id(), APP_LOGIN, own=True, body=body, bot=True, number=number
            )
            self._comments[comment.id] = (number, comment)
            return comment

    def update_comment(self, comment_id: int, body: str) -> Comment:
        with self._call("update_comment", comment_id, body):
            number, comment = self._found(self._comments, comment_id, "comment")
            _check_body(body)
            comment = replace(comment, body=body)
            self._comments[comment_id] = (number, comment)
            return comment

    def delete_comment(self, comment_id: int) -> None:
        with self._call("delete_comment", comment_id):
            self._comments.pop(comment_id, None)

    @contextmanager
    def _call(self, method: str, *arguments: object) -> Iterator[None]:
        self.calls.append(Call(method, arguments))
        faults = self._faults.get(method)
        fault = faults[0] if faults else None
        if fault is not None:
            fault.times -= 1
            if fault.times <= 0:
                faults.remove(fault)
            if not fault.after:
                raise fault.error
        yield
        if fault is not None:
            raise fault.error

    def _found(self, where, key, kind):
        if key not in where:
            raise NotFoundError(f"{self.place.full_name} has no {kind} {key}")
        return where[key]

    def _resolve(self, ref: str) -> Sha:
        return self.branches.get(ref, Sha(ref))

    def _history(self, sha: Sha) -> list[Sha]:
        self._found(self._commits, sha, "commit")
        # Children before parents: a commit is listed once all its listed children are.
        order: list[Sha] = []
        reachable: dict[Sha, int] = {sha: 0}
        waiting = [sha]
        while waiting:
            for parent in self._commits[waiting.pop()].parents:
                if parent not in reachable:
                    reachable[parent] = 0
                    waiting.append(parent)
                reachable[parent] += 1
        ready = [sha]
        while ready:
            one = ready.pop(0)
            order.append(one)
            for parent in self._commits[one].parents:
                reachable[parent] -= 1
                if not reachable[parent]:
                    ready.append(parent)
        return order

    def _show(self, check_id: int, state: CheckState) -> None:
        """Show a state with the annotations that came with earlier ones."""
        there = self.annotations_of(check_id) + state.output.annotations
        self.check_states[check_id] = replace(
            state, output=replace(state.output, annotations=there)
        )

    def annotations_of(self, check_id: int) -> tuple[Annotation, ...]:
        """Return the remarks of a check run."""
        shown = self.check_states.get(check_id)
        return shown.output.annotations if shown is not None else ()

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id


def _check_state(state: CheckState) -> None:
    if (state.status == "completed") != (state.conclusion is not None):
        raise RefusedError(f"422: {state.status} with the conclusion {state.conclusion}")
    for text in (state.output.summary, state.output.text):
        if len(text.encode()) > 65_535:
            raise RefusedError("422: more than 65535 bytes")
    if len(state.output.annotations) > 50:
        raise RefusedError("422: more than 50 annotations")
    sizes = {"label": 20, "description": 40, "identifier": 20}
    long = [
        name
        for action in state.actions
        for name, size in sizes.items()
        if len(getattr(action, name)) > size
    ]
    if long or len(state.actions) > 3:
        raise RefusedError("422: too many actions, or too long ones")


def _check_body(body: str) -> None:
    if not body.strip() or len(body) > 65_536:
        raise RefusedError("422: the comment is empty or has more than 65536 characters")


def _changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> tuple[ChangedFile, ...]:
    """Return what GitHub lists between two trees; renames show as two files."""
    changed = []
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path), new.get(path)
        if before == after:
            continue
        status = "added" if before is None else "removed" if after is None else "modified"
        before_lines, after_lines = _lines(before), _lines(after)
        matcher = SequenceMatcher(None, before_lines, after_lines, autojunk=False)
        hunks = list(matcher.get_grouped_opcodes())
        steps = [step for hunk in hunks for step in hunk if step[0] != "equal"]
        changed.append(
            ChangedFile(
                path=path,
                status=status,
                additions=sum(step[4] - step[3] for step in steps),
                deletions=sum(step[2] - step[1] for step in steps),
                patch="\n".join(_hunk(hunk, before_lines, after_lines) for hunk in hunks) or None,
                blob_sha=_blob_id(before or b"" if after is None else after),
            )
        )
    return tuple(changed)


def _blob_id(data: bytes) -> Sha:
    return Sha(hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest())


def _lines(data: bytes | None) -> list[str]:
    return (data or b"").decode().splitlines()


def _hunk(hunk, before: list[str], after: list[str]) -> str:
    def span(start: int, end: int) -> str:
        count = end - start
        return f"{start + 1}" if count == 1 else f"{start + 1 if count else start},{count}"

    rows = [f"@@ -{span(hunk[0][1], hunk[-1][2])} +{span(hunk[0][3], hunk[-1][4])} @@"]
    for kind, old_start, old_end, new_start, new_end in hunk:
        if kind == "equal":
            rows += [" " + line for line in before[old_start:old_end]]
        else:
            rows += ["-" + line for line in before[old_start:old_end]]
            rows += ["+" + line for line in after[new_start:new_end]]
    return "\n".join(rows)
