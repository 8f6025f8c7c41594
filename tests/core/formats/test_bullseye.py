"""BullseyeCoverage's XML."""

from __future__ import annotations

import pytest

from worker.core.errors import ReportError, SumsOnlyError
from worker.core.formats.bullseye import FORMAT
from worker.core.model import BranchLine, Function, line_numbers


def test_probes_become_lines_and_arms():
    """A part of what the report says would be lost."""
    parsed = FORMAT.parse(
        _report(
            _probe(2, "function", "full"),
            _probe(3, "decision", "true"),
            _probe(3, "condition", "full"),
            _probe(5, "switch-label", "none"),
            _probe(6, "constant", "none"),
        )
    )
    (file,) = parsed.report
    assert (file.path, parsed.sources) == ("src/lib/a.cpp", ("/ci/project/",))
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([2, 3], [5])
    assert file.branches == (
        BranchLine(3, 3, 4, 0b1101, "bullseye"),
        BranchLine(5, 0, 1, 0, "bullseye"),
    )
    assert line_numbers(file.partial) == [3]
    assert file.functions == (Function(2, "f(int)", 1, 5),)


def test_a_source_outside_of_folders_is_at_the_root():
    """A project without folders would be read as empty."""
    report = FORMAT.parse(
        b'<BullseyeCoverage version="6"><src name="a.c"><fn name="f">'
        b'<probe line="1" kind="function" event="none"/></fn></src></BullseyeCoverage>'
    ).report
    assert list(report.files) == ["a.c"]


def test_sums_are_refused():
    """A report without probes would pass every gate as "nothing to judge"."""
    with pytest.raises(SumsOnlyError, match="sums only, of 4"):
        FORMAT.parse(_report())


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"none"', '"perhaps"', "event is 'perhaps', which is none of none, true, false, full"),
        ('line="3"', 'line="0"', "line number 0 is not between"),
        ('line="3"', 'line="1e99"', "the attribute line is '1e99'"),
        ('kind="decision"', "", "lacks its attribute 'kind'"),
    ],
)
def test_wrong_probes_are_named(old, new, reason):
    """A damaged report would be judged, or end in a traceback."""
    with pytest.raises(ReportError, match=reason):
        FORMAT.parse(_report(_probe(3, "decision", "none").replace(old, new)))


def _probe(line, kind, event):
    return f'<probe line="{line}" column="5" col_seq="1" kind="{kind}" event="{event}"/>'


def _report(*probes):
    return (
        '<BullseyeCoverage name="t.cov" dir="/ci/project/" version="6" fn_total="4" '
        'xmlns="https://www.bullseye.com/covxml"><folder name="src"><folder name="lib">'
        f'<src name="a.cpp"><fn name="f(int)">{"".join(probes)}</fn></src></folder></folder>'
        "</BullseyeCoverage>"
    ).encode()
