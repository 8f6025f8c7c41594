"""What a branch's commits leave for later: trends, churn, and what fixes changed.

All of it is made after a commit's baseline was recorded, and none of it is worth losing that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import structlog

from worker.core.analysis import analyze, count_as_configured
from worker.core.codec import decode_report
from worker.core.diff import EMPTY_DIFF, diff_of
from worker.core.errors import CovgateError, GitHubError, LeaseLostError, PostponedError
from worker.core.material import Material, Point, TestHistory
from worker.core.numbers import Ratio
from worker.core.points import decode_point, encode_point, make_point
from worker.core.pushes import count_fixed, is_fix
from worker.core.render.alerts import tell_floor
from worker.core.render.snapshot import encode_snapshot
from worker.core.verdict import Inputs
from worker.flows.baseline import artifact_names, merge_tests, split_tests
from worker.ports import PointRecord, PushRecord, SnapshotRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from worker.core.config import Config
    from worker.core.refs import Comparison, Sha
    from worker.core.verdict import Verdict
    from worker.flows.deps import Look
    from worker.flows.reports import Gathered

__all__ = ["CHURN", "MOST_POINTS", "note_past", "with_past"]

MOST_POINTS = 400
"""How many commits of the base branch a verdict's trends are made of."""
CHURN = timedelta(days=90)
"""How far back a file's changes are counted."""

_MOST_COMMITS = 100
"""How many commits of a push are looked at for whether they fix something."""
_NOTED = "past"

_log = structlog.get_logger(__name__)


def with_past(look: Look, material: Material, branch: str) -> Material:
    """Return the material with what earlier commits of the branch, pushes and tests left."""
    store, repository, now = look.deps.store, look.repository.id, look.deps.clock.now()
    return replace(
        material,
        churn=store.churn(repository, now - CHURN),
        history=tuple(map(_point_of, store.points(repository, branch, most=MOST_POINTS))),
        test_history=tuple(
            TestHistory(one.test, one.runs, one.flakes, one.last.date())
            for one in store.flaky(repository)
        ),
        today=now.date(),
    )


def note_past(
    look: Look, sha: Sha, gathered: Gathered, config: Config, find: Callable[[], Material]
) -> None:
    """Record the figures of a commit whose baseline was just recorded, once for its runs.

    `find` returns what is known of its files. Whatever goes wrong is logged: the figures are
    missing then.
    """
    runs = sorted((run.id, run.attempt) for run in gathered.runs)
    noted = " ".join(f"{run}.{attempt}" for run, attempt in runs)
    if look.effects.get(_NOTED) == noted:
        return
    look.keep_lease()
    try:
        text = _Noting(look, sha, gathered, config).note(find())
    except (LeaseLostError, PostponedError):
        raise
    except Exception:  # noqa: BLE001 - it is logged, and the baseline stands
        _log.exception("past.failed", subject=look.claim.subject.key)
        text = ""
    # Told before it is noted and intended before it is told: what is killed in between is
    # looked at again, and not told again.
    if text and look.deps.notify is not None and look.effects.put_new(f"told {noted}", sha):
        look.deps.notify(text)
    look.effects.put(_NOTED, noted)


def _point_of(record: PointRecord) -> Point:
    lines = Ratio(record.covered, record.total)
    return decode_point(record.commit, record.recorded_at.date(), lines, record.data)


@dataclass  # without slots: what is asked for once is kept
class _Noting:
    look: Look
    sha: Sha
    gathered: Gathered
    config: Config

    def note(self, material: Material) -> str:
        """Record what is learned of the commit; return what a chat is to be told of it."""
        store, branch = self.look.deps.store, self.branch
        verdict = self._analyze(material)
        default = branch == self.look.repository.default_branch
        push = self.push
        if default and push is not None and push.ahead_by:
            paths = tuple(sorted({file.path for file in push.files}))
            store.record_push(PushRecord(self.look.repository.id, self.sha, self.at, paths))
        point = make_point(verdict.evidence, self.sha, self.at.date(), self._fixed())
        store.record_point(
            PointRecord(
                repository_id=self.look.repository.id,
                branch=branch,
                commit=self.sha,
                recorded_at=self.at,
                covered=point.lines.covered,
                total=point.lines.total,
                data=encode_point(point),
            )
        )
        if default and self._is_newest:
            now, data = self.look.deps.clock.now(), encode_snapshot(verdict)
            store.record_snapshot(
                SnapshotRecord(self.look.repository.id, branch, self.sha, now, data)
            )
            return self._tell(point)
        return ""

    def _tell(self, point: Point) -> str:
        repository, pages = self.look.repository, self.look.deps.public_url
        url = f"{pages}/{repository.full_name}" if pages else repository.url
        before = _point_of(self._known[-1]) if self._known else None
        return tell_floor(repository.full_name, url, self.branch, before, point)

    def _analyze(self, material: Material) -> Verdict:
        """Judge the commit as if it changed nothing: what the analyses say is of all its code."""
        gathered = self.gathered
        return analyze(
            Inputs(
                report=gathered.report,
                diff=EMPTY_DIFF,
                config=self.config,
                flags=gathered.flags,
                tests=merge_tests(gathered),
                suites=split_tests(gathered),
                artifacts=artifact_names(gathered),
                material=with_past(self.look, material, self.branch),
            )
        )

    @property
    def branch(self) -> str:
        return max(self.gathered.runs, key=lambda run: (run.id, run.attempt)).head_branch

    @cached_property
    def _known(self) -> tuple[PointRecord, ...]:
        store = self.look.deps.store
        return store.points(self.look.repository.id, self.branch, most=MOST_POINTS)

    @cached_property
    def _own(self) -> PointRecord | None:
        """What was recorded of the commit before: its CI ran again."""
        return next((point for point in self._known if point.commit == self.sha), None)

    @cached_property
    def push(self) -> Comparison | None:
        """How the commit differs from the one recorded last; None where that is not known.

        One request for each commit of the branch, and none of a pull request's.
        """
        if self._own is not None or not self._known:
            return None
        try:
            return self.look.github.compare(self._known[-1].commit, self.sha, commits=_MOST_COMMITS)
        except PostponedError:
            raise
        except GitHubError as error:  # a branch that was pushed with force
            _log.info("push.unknown", commit=self.sha, reason=str(error))
            return None

    @cached_property
    def at(self) -> datetime:
        """When the commit came to the branch, as far as its runs tell.

        A commit whose CI ends after that of a later one still comes before it.
        """
        if self._own is not None:
            return self._own.recorded_at
        begun = [run.started_at for run in self.gathered.runs if run.started_at is not None]
        at = min(begun, default=self.look.deps.clock.now())
        if self.push is None:
            return at
        last = self._known[-1].recorded_at
        if self.push.ahead_by:
            return max(at, last + timedelta(microseconds=1))
        return min(at, last - timedelta(microseconds=1))

    @property
    def _is_newest(self) -> bool:
        return not self._known or self.at >= self._known[-1].recorded_at

    def _fixed(self) -> Ratio | None:
        """Return what the commit's fixes changed of the lines before; None where it is no fix."""
        if self._own is not None:
            return _point_of(self._own).fixed
        push = self.push
        if push is None or not is_fix(push.messages, push.ahead_by):
            return None
        before = self._known[-1].commit
        record = self.look.deps.store.baseline(self.look.repository.id, [before])
        if record is None or push.merge_base != before:
            return None
        try:
            report = count_as_configured(decode_report(record.report), self.config)
        except CovgateError:
            return None
        return count_fixed(diff_of(push.files), report)
