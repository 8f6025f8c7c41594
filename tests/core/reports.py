"""Reports drawn by hypothesis, for every test that holds for any report."""

from __future__ import annotations

from hypothesis import strategies as st

from worker.core.model import BranchLine, FileCoverage, Function, Report, bitmap

lines = st.sets(st.integers(1, 70), max_size=25)


@st.composite
def files(draw, paths=("a.py", "b/c.py", "ü d.py")):
    measured, hit, partial = (bitmap(draw(lines)) for _ in range(3))
    hit &= measured
    branches = {
        line: BranchLine(line, min(taken, total), total)
        for line, taken, total in draw(
            st.lists(
                st.tuples(st.integers(0, 70), st.integers(0, 4), st.integers(1, 4)), max_size=4
            )
        )
    }
    functions = {
        (line, name): Function(line, name, hits, None if span is None else line + span)
        for line, name, hits, span in draw(
            st.lists(
                st.tuples(
                    st.integers(1, 70),
                    st.sampled_from(["f", "C.g", "ö(int)"]),
                    st.integers(0, 2**63 - 1),
                    st.none() | st.integers(0, 30),
                ),
                max_size=3,
            )
        )
    }
    return FileCoverage(
        draw(st.sampled_from(paths)),
        measured,
        hit,
        partial & hit,
        tuple(branches[line] for line in sorted(branches)),
        tuple(functions[key] for key in sorted(functions)),
    )


def reports():
    return st.lists(files(), max_size=4).map(Report.of)
