"""What a chat is told of a branch's coverage."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from worker.core.material import Point
from worker.core.numbers import Ratio
from worker.core.refs import Sha
from worker.core.render.alerts import tell_floor

DAY = date(2030, 1, 1)
FLOOR = Fraction(80)


def _point(covered, floor=FLOOR, total=100_000):
    return Point(Sha("a" * 40), DAY, Ratio(covered, total), floor=floor)


def _tell(before, now, branch="main", url=""):
    return tell_floor("acme/rockets", url, branch, before, now)


def test_a_hair_below_the_floor_is_below_it():
    """A number that was rounded would hide a fall, or make one up."""
    assert "79.99 %" in _tell(_point(80_000), _point(79_999))
    assert _tell(_point(80_000), _point(80_000)) == ""


def test_a_first_commit_below_its_floor_is_told():
    """A repository that begins below its floor would be taken for a good one."""
    assert "below the floor" in _tell(None, _point(1))
    assert _tell(None, _point(90_000)) == ""


def test_nothing_measured_and_no_floor_say_nothing():
    """A chat would ring for repositories that set no floor."""
    assert _tell(_point(90_000), _point(1, floor=None)) == ""
    assert _tell(_point(90_000), _point(0, total=0)) == ""


@given(st.text(alphabet=st.sampled_from("<>&@`!|#\n\x1bchanel*_~ "), max_size=40))
def test_no_name_calls_anybody_or_leaves_its_place(branch):
    """A branch's name could call a whole company, or show a link that leads elsewhere."""
    text = _tell(None, _point(1), branch, url="https://covgate.example/acme/rockets")
    assert text.count("<") == text.count(">") == 1
    assert text.count("`") == 4
    assert "\n" not in text
    assert "@c" not in text
    assert "@h" not in text
