"""Which tests flake: a pass and a failure on the same files, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.flaky import FAILED, MOST_STATES, PASSED, merge_states, states_of
from worker.core.junit import TestCase, TestRun, parse_junit

SUREFIRE = b"""<testsuite name="shop.CartTest">
<testcase name="total" classname="shop.CartTest"/>
<testcase name="adds" classname="shop.CartTest"><flakyFailure message="no"/></testcase>
<testcase name="pays" classname="shop.CartTest"><failure/><rerunFailure/></testcase>
<testcase name="later" classname="shop.CartTest"><skipped/></testcase>
</testsuite>"""


def case(name, outcome="passed", reruns=0):
    return TestCase(name, name, "", "", None, outcome, reruns=reruns)


def states(*cases):
    return states_of(TestRun(cases))


STATES = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from((PASSED, FAILED, 3)))


def test_a_test_that_passed_when_it_was_run_again_did_both():
    """A runner that hides flakes by running again would hide them from everybody."""
    assert states_of(parse_junit(SUREFIRE)) == {
        "shop.CartTest::adds": PASSED | FAILED,
        "shop.CartTest::pays": FAILED,
        "shop.CartTest::total": PASSED,
    }


def test_two_tests_of_one_name_tell_nothing():
    """Parametrised cases without names of their own would be called flaky."""
    assert states(case("a"), case("a", "failed"), case("b"), case("b")) == {"b": PASSED}
    assert states(case("a", reruns=1), case("a")) == {"a": PASSED | FAILED}


def test_a_broken_machine_is_no_flaky_test():
    """After an outage every test of the project would be called flaky."""
    cases = [case(f"t{n}", "error" if n < 11 else "passed") for n in range(21)]
    assert states(*cases) == {}
    assert len(states(*cases, case("one more"))) == 22
    assert states(case("a", "failed")) == {"a": FAILED}


def test_names_that_no_database_takes_are_made_storable():
    """One odd name would keep all tests of its report from being remembered."""
    assert states(case("a\ud800"), case("b\0")) == {"a?": PASSED, "b\ufffd": PASSED}
    assert states(case("x" * 5_000)) == {}


def test_a_flake_is_told_once():
    """Each look at the same report would count one more."""
    kept, flaky = merge_states(b"", {"a": FAILED, "b": PASSED})
    assert flaky == ()
    kept, flaky = merge_states(kept, {"a": PASSED, "b": PASSED, "c": PASSED | FAILED})
    assert flaky == ("a", "c")
    assert merge_states(kept, {"a": PASSED, "c": PASSED | FAILED})[1] == ()


def test_what_can_not_be_read_is_forgotten():
    """A damaged row would stop every verdict of its repository."""
    for damaged in (b"\0", b"{}", merge_states(b"", {"a": FAILED})[0][:-9]):
        assert merge_states(damaged, {"a": PASSED})[1] == ()


def test_of_a_huge_suite_the_failures_are_kept():
    """A hundred thousand names would be stored for every commit."""
    many = {f"t{n}": PASSED for n in range(MOST_STATES)}
    kept, _ = merge_states(b"", many | {"bad": FAILED})
    assert len(kept) < 100
    assert merge_states(kept, many | {"bad": PASSED})[1] == ("bad",)


@settings(max_examples=60, deadline=None)
@given(st.lists(STATES, max_size=4), st.randoms())
def test_the_order_of_reports_changes_nothing(reports, random):
    """Whether a test is flaky would depend on which delivery came first."""
    shuffled = list(reports)
    random.shuffle(shuffled)
    ends = []
    for order in (reports, shuffled):
        kept, found = b"", set()
        for one in order:
            kept, flaky = merge_states(kept, one)
            assert not found & set(flaky)
            found |= set(flaky)
        ends.append((merge_states(kept, {})[0], found))
    assert ends[0] == ends[1]


def test_skipped_runs_count_for_nothing():
    """A test that is skipped on Windows would look as if it had run."""
    assert states(replace(case("a"), outcome="skipped")) == {}
