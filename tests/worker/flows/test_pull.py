"""A pull request's way from "seen" to a concluded check and one comment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.worker.flows.world import NUMBER, World, coverage_data, lcov
from worker.contracts import Subject, SubjectKind
from worker.core.errors import PostponedError, RefusedError, ReportError
from worker.core.refs import ChangedFile, Comparison


@pytest.fixture
def world() -> World:
    return World()


def test_a_pull_request_gets_its_check_as_soon_as_it_is_seen(world: World) -> None:
    """Auto-merge would win before the required check exists."""
    assert world.look() == "waiting"
    assert world.check.status == "in_progress"
    assert world.check.output.title == "Waiting for CI"
    assert world.comments == []


def test_covered_new_code_passes_in_three_writes(world: World) -> None:
    """The main promise: a concluded check and one comment with right numbers."""
    world.base_report(covered=9)
    world.look()
    world.ci(2, world.report(14))
    assert world.look() == "done"
    assert world.check.conclusion == "success"
    assert world.check.output.title == (
        "New code is 80.00 % covered, 4 of 5 lines; project 90.00 → 93.33 %"
    )
    assert [call.method for call in world.github.writes] == [
        "create_check",
        "update_check",
        "create_comment",
    ]


def test_uncovered_new_code_fails_and_says_which_lines(world: World) -> None:
    """A contributor would not know what to do."""
    world.look()
    world.ci(2, world.report(11))
    world.look()
    assert world.check.conclusion == "failure"
    assert "cover 2 more of its 4 uncovered lines" in world.check.output.title
    (comment,) = world.comments
    assert comment.startswith("<!-- covgate -->")
    assert "#L12-L15" in comment


def test_a_regression_beyond_two_points_fails(world: World) -> None:
    """Lost coverage elsewhere would go unnoticed."""
    world.base_report(covered=10)
    hits = {line: int(line > 3) for line in range(1, 16)}
    world.ci(2, {"lcov.info": lcov("src/a.py", hits)})
    world.look()
    assert world.check.conclusion == "failure"
    assert "falls by 20.00 points to 80.00 %" in world.check.output.title


def test_looking_again_writes_nothing(world: World) -> None:
    """Every repeated delivery would mail everybody."""
    world.ci(2, world.report(15))
    world.look()
    before = len(world.github.writes)
    for _ in range(3):
        world.look()
    assert len(world.github.writes) == before


def test_a_new_head_gets_its_own_check_and_the_old_one_ends(world: World) -> None:
    """The old commit's check would spin for ever."""
    world.look()
    old = world.head
    world.push({"src/a.py": b"all new\n"})
    world.look()
    shown = world.github.check_states
    states = {world.github.check_head(number): state for number, state in shown.items()}
    assert states[old].conclusion == "action_required"
    assert "Superseded" in states[old].output.title
    assert states[world.head].status == "in_progress"


def test_the_comment_is_kept_up_to_date_in_place(world: World) -> None:
    """A conversation would fill with one comment for each push."""
    world.ci(2, world.report(11))
    world.look()
    world.push({"src/a.py": world.files["src/a.py"] + b"one\n"})
    world.ci(3, {"lcov.info": lcov("src/a.py", dict.fromkeys(range(1, 12), 1))})
    world.look()
    (comment,) = world.comments
    assert "✅" in comment


def test_a_strangers_comment_with_the_marker_is_left_alone(world: World) -> None:
    """Anybody could make Covgate edit somebody's comment, or fake its verdict."""
    world.github.put_comment(NUMBER, "<!-- covgate -->\n### ✅ all good")
    world.ci(2, world.report(15))
    world.look()
    assert len(world.comments) == 1
    assert world.github.comment_bodies(NUMBER, own=False) == ["<!-- covgate -->\n### ✅ all good"]


def test_a_deleted_comment_comes_back_with_the_next_news(world: World) -> None:
    """One click would silence the bot, or make it fail for ever."""
    world.ci(2, world.report(11))
    world.look()
    comment = world.github.comments(NUMBER)[0]
    world.github.delete_comment(comment.id)
    world.ci(3, world.report(15), workflow_id=1)
    world.look()
    assert len(world.comments) == 1


def test_no_run_by_the_deadline_concludes_and_says_so(world: World) -> None:
    """A required check would block the merge for ever without a word."""
    world.look()
    world.clock.advance(timedelta(hours=2, seconds=1).total_seconds())
    world.look()
    assert world.check.conclusion == "action_required"
    assert "no workflow ran" in world.check.output.title


def test_signs_of_life_prolong_the_waiting(world: World) -> None:
    """A suite of three hours could never be judged."""
    world.look()
    world.clock.advance(3 * 3600)
    world.github.put_run(
        2, world.head, status="in_progress", conclusion=None, updated_at=world.clock.now()
    )
    assert world.look() == "waiting"
    assert world.check.status == "in_progress"


def test_a_missing_artifact_is_named_with_what_was_found(world: World) -> None:
    """A renamed artifact would look like a bug of Covgate."""
    world.base_report()
    world.ci(2, {"a.txt": b"x"}, name="dist")
    world.look()
    assert world.check.conclusion == "action_required"
    assert "`dist`" in world.check.output.summary
    assert len(world.comments) == 1


def test_a_repository_that_never_had_a_report_is_told_how_and_left_in_peace(world: World) -> None:
    """Installing the App everywhere would block every repository without coverage."""
    world.ci(2)
    world.look()
    assert world.check.conclusion == "neutral"
    assert "upload-artifact" in world.check.output.summary
    assert world.comments == []


def test_an_expired_artifact_asks_for_a_re_run(world: World) -> None:
    """Nobody would know why an old pull request has no verdict."""
    world.base_report()
    world.ci(2, world.report(15))
    world.github.expire(world.github.artifacts(2)[0])
    world.look()
    assert world.check.conclusion == "action_required"
    assert "re-run" in world.check.output.summary.lower()


def test_one_unreadable_report_does_not_spoil_the_others(world: World) -> None:
    """A cut report would be taken for covered, or hide what the others say."""
    world.ci(2, world.report(15), {"lcov.info": b"TN:\nSF:src/a.py\nDA:x,1\nend_of_record\n"})
    world.look()
    assert world.check.conclusion == "action_required"
    assert "1 report could not be read" in world.check.output.title
    assert "5 of 5 lines" in world.check.output.summary


@pytest.mark.parametrize("archive", [b"", b"<html>502</html>", b"PK\x03\x04 cut"])
def test_a_corrupt_archive_concludes(world: World, archive: bytes) -> None:
    """A damaged upload would be retried for ever or crash the worker."""
    world.github.put_run(2, world.head)
    world.github.put_artifact(2, "coverage", archive)
    assert world.look() == "done"
    assert world.check.conclusion == "action_required"
    assert "could not be read" in world.check.output.title


def test_paths_from_nowhere_are_shown(world: World) -> None:
    """A container's absolute paths would read as a project without any code."""
    world.ci(2, {"lcov.info": lcov("/build/x/other.py", {1: 1})})
    world.look()
    assert world.check.conclusion == "action_required"
    assert "/build/x/other.py" in world.check.output.summary


def test_a_report_of_nothing_is_no_success(world: World) -> None:
    """A suite that did not run at all would pass as "nothing to judge"."""
    empty = b'<?xml version="1.0"?><coverage line-rate="0"><sources/><packages/></coverage>'
    world.ci(2, {"coverage.xml": empty})
    world.look()
    assert world.check.conclusion == "action_required"
    assert "measures no line" in world.check.output.title


def test_a_broken_configuration_is_shown_with_its_line(world: World) -> None:
    """A typing error would silently fall back to other thresholds."""
    world.configure("version: 1\ngates:\n  new_code: {minimun: 60}\n")
    world.ci(2, world.report(15))
    world.look()
    assert world.check.conclusion == "action_required"
    assert "line 3" in world.check.output.summary


def test_a_folder_in_the_configurations_place_is_told(world: World) -> None:
    """The defaults would hold without a word, and not what the team meant."""
    files = {**world.files, ".github/covgate.yml/rules.yml": b"version: 1\n"}
    world.github.branches["main"] = world.github.put_commit(files, [world.base])
    world.ci(2, world.report(15))
    world.look()
    assert world.check.conclusion == "action_required"
    assert "is a folder, not a file" in world.check.output.summary


def test_the_configuration_is_the_bases_not_the_heads(world: World) -> None:
    """A pull request could lower its own gate."""
    world.configure("version: 1\ngates:\n  new_code: {minimum: 90}\n")
    world.push(
        {
            "src/a.py": world.files["src/a.py"] + b"n\n" * 5,
            ".github/covgate.yml": b"version: 1\ngates:\n  new_code: {minimum: 0}\n",
        }
    )
    world.ci(2, world.report(14))
    world.look()
    assert world.check.conclusion == "failure"


def test_a_failed_run_with_reports_judges_the_new_code_only(world: World) -> None:
    """Half a suite would be called a regression, or nothing be said at all."""
    world.base_report()
    hits = {line: int(line > 5) for line in range(1, 16)}
    world.ci(2, {"lcov.info": lcov("src/a.py", hits)}, conclusion="failure")
    world.look()
    assert world.check.conclusion == "success"
    assert "CI failed" in world.check.output.summary


def test_a_re_requested_check_is_concluded_again(world: World) -> None:
    """GitHub clears the conclusion of a re-run check, and it would stay pending."""
    world.ci(2, world.report(15))
    world.look()
    before = world.github.count("update_check")
    world.look(event="check_run.rerequested")
    assert world.github.count("update_check") == before + 2  # in progress, then concluded
    assert world.check.conclusion == "success"


def test_a_re_run_keeps_the_verdict_until_it_ends(world: World) -> None:
    """A merged-ready pull request would be blocked while somebody repeats a job."""
    world.ci(2, world.report(15))
    world.look()
    world.github.put_run(2, world.head, status="in_progress", conclusion=None, attempt=2)
    world.look()
    assert world.check.conclusion == "success"


def test_a_patch_that_github_leaves_out_is_made_here(world: World) -> None:
    """Padding a pull request would hide its uncovered code."""
    changed = (ChangedFile("src/a.py", "modified", 0, 0, None),)
    world.github.put_comparison("main", world.head, Comparison(world.base, changed))
    world.ci(2, world.report(11))
    world.look()
    assert world.check.conclusion == "failure"
    assert "1 of 5 lines" in world.check.output.summary


def test_a_zero_byte_hides_no_code(world: World) -> None:
    """One NUL in a comment would make a whole file's code invisible to the gate."""
    world.push({"src/a.py": world.files["src/a.py"] + b"n # \0\nn\nn\nn\nn\n"})
    changed = (ChangedFile("src/a.py", "modified", 0, 0, None),)
    world.github.put_comparison("main", world.head, Comparison(world.base, changed))
    world.ci(2, world.report(10))
    world.look()
    assert world.check.conclusion == "failure"


def test_the_files_beyond_three_hundred_are_judged(world: World) -> None:
    """A large pull request would be judged by its first page."""
    pad = tuple(ChangedFile(f"f{n}.py", "added", 1, 0, "@@ -0,0 +1 @@\n+x") for n in range(300))
    patch = "@@ -10,0 +11,5 @@\n+n\n+n\n+n\n+n\n+n"
    files = (*pad, ChangedFile("src/a.py", "modified", 5, 0, patch))
    world.github.put_comparison("main", world.head, Comparison(world.base, pad, complete=False))
    world.github.put_pull_files(NUMBER, files)
    world.ci(2, world.report(10))
    world.look()
    assert world.check.conclusion == "failure"


def test_github_being_down_only_delays(world: World) -> None:
    """An outage would end in wrong verdicts or lost pull requests."""
    world.ci(2, world.report(15))
    world.github.arm("compare", PostponedError("502", seconds=5))
    assert world.look() == "postponed"
    world.clock.advance(6)
    assert world.look() == "done"
    assert world.check.conclusion == "success"


def test_a_rate_limit_holds_the_whole_installation_and_nobody_else(world: World) -> None:
    """One busy organisation would stop all, or the limit be run into again and again."""
    world.github.arm("pull", PostponedError("403", seconds=120, gate=True))
    world.look()
    calls = len(world.github.calls)
    world.clock.advance(60)
    assert world.look() == "postponed"
    assert len(world.github.calls) == calls
    assert world.inbox.held_for(1) == 0
    world.clock.advance(61)
    assert world.look() == "waiting"


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("method", ["create_check", "update_check", "create_comment"])
def test_a_write_in_doubt_is_never_doubled(world: World, method: str, after: bool) -> None:
    """A time-out at the wrong moment would leave two comments."""
    world.github.arm(method, PostponedError("timed out", seconds=5), after=after)
    world.look()
    world.ci(2, world.report(15))
    for _ in range(5):
        world.clock.advance(30)
        world.look()
    assert world.check.conclusion == "success"
    assert len(world.comments) == 1
    assert len(world.github.check_states) == 1


def test_a_download_that_never_succeeds_ends_in_words(world: World) -> None:
    """A cut archive would keep the check pending for ever."""
    world.ci(2, world.report(15))
    world.github.arm("download", PostponedError("cut off", seconds=5), times=100)
    world.look()
    world.clock.advance(3600)
    world.look()
    assert world.check.status == "in_progress"
    world.clock.advance(3601)
    world.look()
    assert world.check.conclusion == "action_required"
    assert "could not be downloaded" in world.check.output.summary


def test_an_archive_that_is_too_large_is_named(world: World) -> None:
    """A huge artifact would kill worker after worker."""
    world.ci(2, world.report(15))
    world.github.arm("download", ReportError("it has more than 512 MB"))
    world.look()
    assert "more than 512 MB" in world.check.output.summary


def test_a_refusal_is_shown_on_the_check(world: World) -> None:
    """A missing permission would leave a pending check and a line in a log."""
    world.ci(2, world.report(15))
    world.github.arm("compare", RefusedError("403: Resource not accessible by integration"))
    assert world.look() == "done"
    assert world.check.conclusion == "action_required"
    assert "Resource not accessible" in world.check.output.summary


def test_what_kills_its_workers_is_given_up_with_words(world: World) -> None:
    """A hostile report would be tried for ever, and the check never end."""
    world.ci(2, world.report(15))
    for _ in range(3):
        assert world.inbox.claim(world.notify()) is not None  # and the worker dies
        world.clock.advance(61)
    world.look()
    assert world.check.conclusion == "action_required"
    assert "failed on this commit" in world.check.output.title


def test_a_zombie_writes_nothing_after_it_lost_its_lease(world: World) -> None:
    """A worker that slept too long would overwrite the newer verdict."""
    world.ci(2, world.report(15))
    original = world.github.compare

    def slow(base: str, head: str) -> Comparison:
        world.clock.advance(61)
        assert world.inbox.claim(world.notify()) is not None
        return original(base, head)

    world.github.compare = slow
    assert world.look() == "overtaken"
    assert world.check.status == "in_progress"
    assert world.comments == []


def test_a_pull_request_that_is_gone_ends_quietly(world: World) -> None:
    """A deleted repository would be asked for until the end of time."""
    world.github.pulls.clear()
    assert world.look() == "gone"
    assert world.inbox.claim(world.subject) is None


def test_an_uninstallation_forgets_what_was_stored(world: World) -> None:
    """Somebody's data would be kept after they left."""
    world.base_report()
    subject = Subject(77, 0, SubjectKind.INSTALLATION, "deleted")
    world.look(subject)
    assert not world.store.has_baseline(world.subject.repository_id)


def test_a_coverage_database_is_read_with_the_repositorys_sources(world: World) -> None:
    """A team that uploads `.coverage` itself would have to convert it first."""
    source = b"def f(x):\n    if x:\n        return 1\n    return 2\n"
    world.push({"src/f.py": source})
    world.ci(2, {".coverage": coverage_data("/home/ci/app/src/f.py", [1, 2, 3])})
    world.look()
    assert world.check.conclusion == "success"
    assert "3 of 4 lines, 75.00 %" in world.check.output.summary
