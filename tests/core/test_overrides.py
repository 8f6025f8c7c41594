"""What an override's arguments say, and whom it is about."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.errors import UsageError
from worker.core.overrides import Override, OverrideWish, find_gate, parse_override
from worker.core.verdict import GateResult, Outcome

TODAY = date(2030, 1, 1)
GATES = [("new_code", "new code"), ("package/core", "package: core"), ("regression", "regression")]


@pytest.mark.parametrize(
    ("argument", "wish"),
    [
        ("the release must go", OverrideWish("the release must go")),
        ("go  now ", OverrideWish("go now")),
        ("--gate new_code go now", OverrideWish("go now", "new_code")),
        ("go now --gate=new_code", OverrideWish("go now", "new_code")),
        ('go --gate "package: core" now', OverrideWish("go now", "package: core")),
        ("go --GATE `new code` now", OverrideWish("go now", "new code")),
        (
            "go --until 2030-01-01",
            OverrideWish("go", until=datetime(2030, 1, 2, tzinfo=UTC)),
        ),
        ("go --gated --untilled", OverrideWish("go --gated --untilled")),
        ("no-gate--gate x", OverrideWish("no-gate--gate x")),
    ],
)
def test_options_may_stand_anywhere(argument: str, wish: OverrideWish) -> None:
    """People would have to learn an order by heart."""
    assert parse_override(argument, TODAY) == wish


@given(st.text(alphabet='-gatun il=2030"`x/', max_size=60))
def test_any_argument_is_understood_or_refused(argument: str) -> None:
    """One odd comment would be a defect, and stop a worker."""
    try:
        wish = parse_override(argument, TODAY)
    except UsageError:
        return
    assert wish.reason
    assert "\n" not in wish.reason


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("new_code", "new_code"),
        ("New Code", "new_code"),
        ("package: CORE", "package/core"),
        ("`package/core`", "package/core"),
    ],
)
def test_a_gate_is_found_by_what_people_call_it(name: str, found: str) -> None:
    """Only who knows the inner name could except one gate."""
    assert find_gate(name, GATES) == found


def test_the_nearest_gate_is_named() -> None:
    """A typing error would end in a riddle."""
    with pytest.raises(UsageError, match="did you mean `regression`"):
        find_gate("regresion", GATES)
    with pytest.raises(UsageError, match="there are `new_code`, `package/core`, `regression`"):
        find_gate("xyzzy", GATES)
    with pytest.raises(UsageError, match="there are none"):
        find_gate("xyzzy", [])


def test_an_override_of_one_gate_covers_it_alone() -> None:
    """An exception for one package would be one for all."""
    core = GateResult("package", Outcome.FAIL, "", "", "", subject="core")
    web = GateResult("package", Outcome.FAIL, "", "", "", subject="web")
    at = datetime(2030, 1, 1, tzinfo=UTC)
    one = Override("mira", "x", at, "package/core")
    assert [one.covers(core), one.covers(web), one.is_whole] == [True, False, False]
    assert Override("mira", "x", at).covers(web)
