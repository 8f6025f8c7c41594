"""Each command as the conversation that it is: comment, reaction, reply, check."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.fakes.github import REPOSITORY
from tests.worker.commands.conversation import CONFUSED, EYES, ROCKET, Conversation
from tests.worker.flows.world import NUMBER, lcov, zipped
from worker.commands import COMMANDS
from worker.core.errors import PostponedError
from worker.core.flaky import FAILED, PASSED
from worker.ports import SuiteRecord


@pytest.fixture
def talk() -> Conversation:
    return Conversation()


@pytest.fixture
def failed() -> Conversation:
    talk = Conversation()
    talk.base_report(covered=9)
    talk.fail()
    return talk


def test_help_lists_the_commands_and_what_the_caller_may(failed: Conversation) -> None:
    """A stranger would try what he may not, or never learn what there is."""
    reactions, reply = failed.say("/covgate help", author="rita")
    assert reactions == [EYES, ROCKET]
    assert "`rita` has the role `read` here" in reply
    assert "| `/covgate status` | Tells what is awaited, and what there is so far. | ✅ |" in reply
    assert "| `/covgate override REASON [--gate NAME] [--until DATE]` |" in reply
    assert "needs `write` or higher |" in reply
    _, reply = failed.say("/coverage", author="mira")
    assert reply.count("✅") == len(COMMANDS)
    _, reply = failed.say("/covgate help", author="alice")
    assert "not for your own pull request" in reply


def test_status_tells_what_is_awaited(talk: Conversation) -> None:
    """A check that hangs would tell nobody whom to ask."""
    talk.ci(2, status="in_progress", conclusion=None, name="unused")
    talk.look()
    reactions, reply = talk.say("/covgate status", author="rita")
    assert reactions == [EYES, ROCKET]
    assert "waiting for 1 of 1 workflow" in reply
    assert "- awaited: [`CI`](https://github.com/octo/hello/actions/runs/2), in progress" in reply
    assert talk.verdict == ("in_progress", None)


def test_status_tells_the_verdict_so_far(failed: Conversation) -> None:
    """Whoever reads the conversation alone would not see it."""
    _, reply = failed.say("/covgate status")
    assert "nothing is awaited" in reply
    assert "So far: ❌ New code is 20.00 % covered" in reply


def test_recheck_judges_anew(failed: Conversation) -> None:
    """A check that is stuck or wrong could only be mended by an empty commit."""
    failed.github.put_artifact(2, "coverage-more", zipped(failed.report(15)))
    reactions, reply = failed.say("/covgate recheck")
    assert (reactions, reply) == ([EYES, ROCKET], "")
    assert failed.check.conclusion == "success"


def test_recheck_opens_the_check_while_ci_runs_again(failed: Conversation) -> None:
    """Nobody would see that it was heard."""
    failed.ci(2, status="in_progress", conclusion=None, attempt=2)
    failed.say("/covgate recheck")
    assert failed.verdict == ("in_progress", None)


def test_the_author_may_recheck_without_a_role(failed: Conversation) -> None:
    """A contributor would have to beg for every flake."""
    failed.grant("alice", "read")
    assert failed.say("/covgate recheck", author="alice")[0] == [EYES, ROCKET]
    reactions, reply = failed.say("/covgate recheck", author="rita")
    assert reactions == [EYES, CONFUSED]
    assert "needs to be the author or `write` or higher here; you have `read`" in reply


def test_show_lists_the_uncovered_lines_of_a_file(failed: Conversation) -> None:
    """Only the whole table would tell, and that is cut."""
    reactions, reply = failed.say("/covgate show a.py", author="rita")
    assert reactions == [EYES, ROCKET]
    assert "`src/a.py`" in reply
    assert f"https://github.com/octo/hello/blob/{failed.head}/src/a.py#L12-L15" in reply
    assert "1 of 5" in reply
    assert "`src/a.py`" in failed.say("/covgate show src/")[1]
    assert "`src/a.py`" in failed.say("/covgate show")[1]


def test_gaps_lists_the_missing_tests_first_things_first(failed: Conversation) -> None:
    """Whoever has an hour for tests would not know where it is spent best."""
    reactions, reply = failed.say("/covgate gaps", author="rita")
    assert reactions == [EYES, ROCKET]
    assert "In the project, 1 test is missing in 1 file, for 4 lines" in reply
    assert "| run its uncovered lines | [`src/a.py`]" in reply
    assert "🟡 MEDIUM" in reply
    assert "In `src/`, 1 test is missing" in failed.say("/covgate gaps src/")[1]


def test_gaps_names_the_nearest_package(failed: Conversation) -> None:
    """A typing error would look like a package that is tested well."""
    reactions, reply = failed.say("/covgate gaps srk")
    assert reactions == [EYES, CONFUSED]
    assert "there is no package or folder `srk` with measured files; did you mean `src`?" in reply
    assert "There are `src`." in reply


def test_gaps_has_nothing_to_say_of_a_project_without_any(talk: Conversation) -> None:
    """A team without gaps would be sent looking for some."""
    talk.base_report(covered=9)
    talk.look()
    talk.ci(2, talk.report(15))
    talk.look()
    assert "No file of the project is at medium risk or worse" in talk.say("/covgate gaps")[1]


def test_show_names_the_nearest_file(failed: Conversation) -> None:
    """A typing error would look like a file without new code."""
    reactions, reply = failed.say("/covgate show src/aa.py")
    assert reactions == [EYES, CONFUSED]
    assert "there is no `src/aa.py` here; did you mean `src/a.py`? It is written" in reply


def test_show_says_that_a_file_has_no_new_code(talk: Conversation) -> None:
    """A file that is there would be said to be none."""
    old = lcov("README.md", {1: 1})
    talk.base_report(covered=9)
    talk.look()
    talk.ci(2, {"lcov.info": talk.report(11)["lcov.info"] + old})
    talk.look()
    reactions, reply = talk.say("/covgate show README.md")
    assert reactions == [EYES, ROCKET]
    assert "The change adds no measured line to `README.md`." in reply


def test_explain_tells_how_the_number_was_made(failed: Conversation) -> None:
    """Nobody could check a number that he does not believe."""
    reactions, reply = failed.say("/covgate explain new code", author="rita")
    assert reactions == [EYES, ROCKET]
    assert "❌ **new code** is 1 of 5 lines, 20.00 %, must be ≥ 60 %" in reply
    assert "regression" not in reply.partition("Head")[0]
    assert f"[{failed.head[:7]}](" in reply
    assert "| `coverage` | `lcov.info` | lcov | 1 |" in reply
    assert "measured 5, and 1 of them are covered" in reply
    assert "CI tested the head commit itself" in reply
    assert "**regression**" in failed.say("/covgate explain")[1]


def test_explain_names_the_nearest_gate(failed: Conversation) -> None:
    """A typing error would end in a riddle."""
    reactions, reply = failed.say("/covgate explain nwe_code")
    assert reactions == [EYES, CONFUSED]
    assert "did you mean `new_code`?" in reply


def test_explain_tells_what_is_known_of_a_line(failed: Conversation) -> None:
    """A reviewer would have to open the report."""
    _, reply = failed.say("/covgate explain src/a.py:12")
    assert "is new and not covered" in reply
    assert "the reports do not tell" in reply
    assert "is covered" in failed.say("/covgate explain a.py:3")[1]
    assert "is not measured" in failed.say("/covgate explain a.py:99999")[1]


def test_baseline_tells_commit_distance_and_reason(failed: Conversation) -> None:
    """Nobody could tell what a regression is measured against."""
    reactions, reply = failed.say("/covgate baseline", author="rita")
    assert reactions == [EYES, ROCKET]
    assert f"The baseline is [`{failed.base[:7]}`]" in reply
    assert "9 of 10 lines, 90.00 %. It is the merge base" in reply


def test_baseline_tells_why_there_is_none(talk: Conversation) -> None:
    """A neutral regression would stay a riddle."""
    talk.fail()
    assert "There is no baseline for" in talk.say("/covgate baseline")[1]


def test_config_shows_values_with_their_origin(failed: Conversation) -> None:
    """Nobody could tell a default from a decision."""
    failed.configure("version: 1\ngates:\n  new_code: {minimum: 10}\n")
    reactions, reply = failed.say("/covgate config", author="rita")
    assert reactions == [EYES, ROCKET]
    assert "| `gates.new_code.minimum` | `10` | line 3 |" in reply
    assert "| `gates.regression.maximum` | `2` | default |" in reply


def test_config_shows_what_the_pull_request_would_change(talk: Conversation) -> None:
    """A loosened gate would hold from the merge on, and nobody have seen it."""
    talk.push({".github/covgate.yml": b"version: 1\ngates: {new_code: {minimum: 5}}\n"})
    _, reply = talk.say("/covgate config")
    assert "`main` has no `.github/covgate.yml`: the defaults hold" in reply
    assert "| `gates.new_code.minimum` | `60` | `5` |" in reply
    talk.push({".github/covgate.yml": b"gaits: 1\n"})
    reply = talk.say("/covgate config")[1]
    assert "own file can't be used: ``line 1, column 1: unknown key `gaits`" in reply


def note_flakes(talk: Conversation, *tests: str) -> None:
    """Let the tests pass and fail on one of two trees."""
    now, both = talk.clock.now(), PASSED | FAILED
    talk.store.note_tests(
        [
            SuiteRecord(REPOSITORY.id, talk.head, "unit", dict.fromkeys(tests, both), now),
            SuiteRecord(REPOSITORY.id, talk.base, "unit", {}, now),
        ]
    )


def test_flaky_lists_what_nobody_can_rely_on(failed: Conversation) -> None:
    """A developer would look in vain for how his change broke the test."""
    assert "No test is known to flake" in failed.say("/covgate flaky", author="rita")[1]
    note_flakes(failed, "t::a|b", "t::`c`")
    reactions, reply = failed.say("/covgate flaky", author="rita")
    assert reactions == [EYES, ROCKET]
    assert "2 tests passed and failed on the same files" in reply
    assert "| `t::a\\|b` | 1 | 2 | 50.00 % | 2030-01-01 |" in reply


def test_a_flaky_test_is_cleared_by_those_who_may_write(failed: Conversation) -> None:
    """A mended test would be accused for three months, or anybody could clear the list."""
    note_flakes(failed, "t::total", "t::other one")
    reactions, reply = failed.say("/covgate flaky clear t::total", author="rita")
    assert reactions == [EYES, CONFUSED]
    assert "`/covgate flaky clear` needs `write` or higher here" in reply
    reactions, reply = failed.say("/covgate flaky clear `t::other one`")
    assert reactions == [EYES, ROCKET]
    assert "`t::other one` counts as mended" in reply
    assert [one.test for one in failed.store.flaky(REPOSITORY.id)] == ["t::total"]
    reactions, reply = failed.say("/covgate flaky clear t::totals")
    assert reactions == [EYES, CONFUSED]
    assert "did you mean `t::total`?" in reply
    assert "nothing, or `clear` and the name" in failed.say("/covgate flaky forget")[1]


def test_override_lets_the_head_in_and_keeps_the_gates_in_sight(failed: Conversation) -> None:
    """The release must go, and nobody would know later why."""
    reactions, reply = failed.say("/covgate override The release must go")
    assert reactions == [EYES, ROCKET]
    assert "Overridden: the check" in reply
    assert "by `mira` because `The release must go`" in reply
    assert "4 lines of new code stay uncovered:\n\n- `src/a.py`: 12–15" in reply
    assert failed.verdict == ("completed", "success")
    assert failed.title.startswith("Overridden by mira because “The release must go”; ")
    summary = failed.check.output.summary
    assert summary.startswith("> **Overridden by `mira`** because `The release must go`")
    assert "| new code | **1 of 5 lines, 20.00 %** | ≥ 60 % | ❌ |" in summary
    (entry,) = failed.store.overrides(4711)
    assert (entry.who, entry.reason, entry.head_sha) == ("mira", "The release must go", failed.head)
    assert entry.uncovered == {"src/a.py": 0b1111 << 12}


def test_revoke_lets_the_gates_decide_again(failed: Conversation) -> None:
    """A mistake could not be taken back."""
    failed.say("/covgate override wrong window")
    reactions, reply = failed.say("/covgate revoke", author="max")
    assert reactions == [EYES, ROCKET]
    assert "Ended: 1 override of" in reply
    assert failed.verdict == ("completed", "failure")
    (entry,) = failed.store.overrides(4711)
    assert (entry.ended_by, entry.ended_at) == ("@max", failed.clock.now())
    reactions, reply = failed.say("/covgate revoke")
    assert reactions == [EYES, CONFUSED]
    assert "nothing of" in reply


def test_a_push_ends_an_override(failed: Conversation) -> None:
    """Unseen code would get in on somebody else's word."""
    failed.say("/covgate override now")
    failed.push({"src/a.py": b"".join(b"other %d\n" % n for n in range(15))})
    failed.ci(5, failed.report(1))
    failed.look()
    assert failed.verdict == ("completed", "failure")
    assert failed.store.overrides(4711)[0].ended_by == "push"


def test_a_date_ends_an_override(failed: Conversation) -> None:
    """An exception for a week would last for ever."""
    failed.say("/covgate override until the fix --until 2030-01-03")
    assert failed.check.conclusion == "success"
    assert "until 2030-01-04 00:00 UTC" in failed.check.output.summary
    failed.clock.advance(3 * 86_400)
    assert failed.work() == "done"
    assert failed.verdict == ("completed", "failure")
    assert failed.store.overrides(4711)[0].ended_by == "date"


def test_an_override_of_one_gate_leaves_the_others(failed: Conversation) -> None:
    """An exception for one number would be one for all."""
    failed.configure("gates: {project: {minimum: 90}, regression: {maximum: 100}}\n")
    reactions, _ = failed.say("/covgate override --gate new_code generated code")
    assert reactions == [EYES, ROCKET]
    assert failed.check.conclusion == "failure"
    assert "new code" not in failed.title.lower()
    assert "(the gate `new_code` alone)" in failed.check.output.summary
    failed.say("/covgate override --gate project also this")
    assert failed.check.conclusion == "success"
    assert "Overridden by mira because “generated code” and 1 more" in failed.title


def test_an_override_goes_before_a_verdict(talk: Conversation) -> None:
    """CI that hangs would keep the release from going for hours."""
    talk.ci(2, status="in_progress", conclusion=None)
    talk.look()
    assert talk.say("/covgate override CI hangs")[0] == [EYES, ROCKET]
    assert talk.verdict == ("completed", "success")
    assert "Waiting for 1 of 1 workflow" in talk.title
    talk.say("/covgate revoke")
    assert talk.verdict == ("in_progress", None)
    talk.say("/covgate override it still does")
    talk.ci(2, talk.report(11), status="completed", conclusion="success")
    talk.look()
    assert "new code is 20.00 % covered" in talk.title
    assert talk.store.overrides(4711)[-1].uncovered == {"src/a.py": 0b1111 << 12}


def test_an_override_goes_where_no_report_came(talk: Conversation) -> None:
    """A CI system that is down would stop every release."""
    talk.look()
    talk.ci(2, {"dist.txt": b"x"}, name="dist")
    talk.configure("version: 1\n")
    talk.look()
    assert talk.check.conclusion == "action_required"
    talk.say("/covgate override artifacts are down")
    assert talk.check.conclusion == "success"
    assert "No verdict" in talk.title
    assert "✅ Overridden by mira" in talk.comments[0]


def test_the_button_asks_for_the_check_again(failed: Conversation) -> None:
    """A person without a keyboard at hand could not ask."""
    assert [action.identifier for action in failed.check.actions] == ["recheck"]
    failed.ci(2, status="in_progress", conclusion=None, attempt=2)
    failed.press("recheck")
    assert failed.verdict == ("in_progress", None)
    failed.ci(2, failed.report(15), attempt=2, status="completed", conclusion="success")
    failed.look()
    assert failed.verdict == ("completed", "success")


def test_several_commands_get_one_reply(failed: Conversation) -> None:
    """Five commands would be five e-mails to everybody."""
    body = "Hm.\n/covgate baseline\n/covgate recheck\n/covgate status\n\nThanks!"
    reactions, reply = failed.say(body)
    assert reactions == [EYES, ROCKET]
    assert len(failed.replies) == 1
    assert reply.index("**`/covgate baseline`**") < reply.index("**`/covgate status`**")
    assert "/covgate recheck" not in reply


def test_a_near_miss_is_answered_with_the_nearest_command(failed: Conversation) -> None:
    """Nothing would happen, and nobody know why."""
    reactions, reply = failed.say("/covgate overide please")
    assert reactions == [EYES, CONFUSED]
    assert "no command `overide`. Did you mean `/covgate override`?" in reply
    assert failed.check.conclusion == "failure"
    assert "Did you mean" not in failed.say("/covgate xyzzy")[1]


def test_a_repository_may_have_a_prefix_of_its_own(failed: Conversation) -> None:
    """Two bots that hear on the same word could not live together."""
    failed.configure("version: 1\ncommands: {prefix: /covbot}\n")
    assert failed.say("/covbot status")[0] == [EYES, ROCKET]
    assert failed.say("/cov status")[0] == []


def test_what_a_former_override_let_in_is_shown_once(failed: Conversation) -> None:
    """The debt would be forgotten, or nag in every pull request."""
    failed.say("/covgate override the release must go")
    let_in = failed.head
    failed.base = failed.github.put_commit(failed.files_at(let_in), [failed.base])
    failed.files = failed.files_at(let_in)
    failed.github.branches["main"] = failed.base
    lines = failed.files["src/a.py"].splitlines(keepends=True)
    lines[12] = b"mended\n"
    for number, shown in ((8, True), (9, False), (8, True)):
        head = failed.open(number, {"src/a.py": b"".join(lines)})
        failed.ci(20 + number, failed.report(15), head=head)
        failed.look(failed.pull_subject(number))
        summary = failed.check_on(head).output.summary
        told = "🔁 This change touches 1 line that an override let in uncovered:" in summary
        assert told is shown
    assert f"since pull request {NUMBER}: `mira` overrode because `the release must go`" in (
        failed.check_on(failed.github.pulls[8].head_sha).output.summary
    )
    assert failed.store.overrides(4711)[0].shown_in == 8


def test_the_time_of_an_override_is_the_clocks(failed: Conversation) -> None:
    """The ledger would tell when a worker got to it in some zone of its own."""
    failed.say("/covgate override x1")
    assert failed.store.overrides(4711)[0].made_at == datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_nobody_is_told_from_an_old_verdict(failed: Conversation) -> None:
    """Numbers of another commit would be taken for this one's."""
    failed.push({"src/a.py": b"new\n"})
    reactions, reply = failed.say("/covgate explain")
    assert reactions == [EYES, CONFUSED]
    assert "the latest one is on" in reply


def test_a_time_out_of_the_comment_puts_it_off(failed: Conversation) -> None:
    """A command would be lost with the request that failed."""
    failed.github.arm("comment", PostponedError("time-out", seconds=30))
    comment = failed.write("/covgate status")
    assert failed.work() == "waiting"
    assert failed.reactions(comment) == []
    failed.clock.advance(60)
    failed.work()
    assert failed.reactions(comment) == [EYES, ROCKET]
