"""The short ways through runs of lines of Cobertura and Clover, beside the general ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.errors import ReportError
from worker.core.formats import clover
from worker.core.formats._base import unpack
from worker.core.formats.cobertura import FORMAT, read_any, read_plain

DATA = Path(__file__).parents[2] / "data" / "reports"

plain = st.builds(
    '<line number="{}" hits="{}"{}/>'.format,
    st.integers(1, 60),
    st.integers(0, 3),
    st.sampled_from(
        [
            "",
            " ",
            ' branch="true" condition-coverage="50% (1/2)"',
            ' branch="true" condition-coverage="50% (1/2)" missing-branches="7"',
            ' branch="false"',
            ' branch="true" condition-coverage="" missing-branches="exit"',
        ]
    ),
)
odd = st.sampled_from(
    [
        '<line number="007" hits="1"/>',
        '<line number="0" hits="1"/>',
        '<line number="3" hits="-1"/>',
        '<line number="3" hits="1" hits="2"/>',
        '<line number="3" hits="1">text</line>',
        '<line hits="1" number="3"/>',
        '<line number="3"/>',
        '<line number="3" hits="1" branch="true" condition-coverage="&lt;50% (1/2)"/>',
        (
            '<line number="3" hits="1" branch="true" condition-coverage="50% (1/2)"><conditions>'
            '<condition number="0" type="jump" coverage="50%"/></conditions></line>'
        ),
        "text",
        "&amp;",
        "&no;",
        "\x01",
        "ü",
        "]]>",
        ">",
        "<",
        '<!-- <line number="9" hits="1"/> -->',
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<lines>",
        "</lines>",
        "<lines/>",
        "<covgate-run/>",
        '</lines></class><class filename="b.py"><lines>',
        "<?pi?>",
    ]
)
inside = st.lists(plain, max_size=6).flatmap(
    lambda lines: st.lists(odd, max_size=1).flatmap(lambda more: st.permutations(lines + more))
)
classes = st.builds(
    '<class filename="{}">{}<methods>{}</methods><lines>{}</lines></class>'.format,
    st.sampled_from(["a.py", "b.py", "ü.py", "&amp;.py"]),
    st.sampled_from(["", "<!--", "-->", "<!-- c -->", "<![CDATA[ <lines> ]]>"]),
    st.just("") | st.builds('<method name="f"><lines>{}</lines></method>'.format, plain),
    st.builds("\n".join, inside),
)
documents = st.builds(
    '{}<coverage line-rate="1">{}<packages>{}</packages></coverage>{}'.format,
    st.sampled_from(
        [
            "",
            '<?xml version="1.0"?>\n',
            '<?xml version="1.0" encoding="latin-1"?>',
            '<!DOCTYPE coverage SYSTEM "coverage-04.dtd">',
            "<!-- <lines> -->",
        ]
    ),
    st.sampled_from(["<sources><source>/ci</source></sources>", "<lines></lines>"]),
    st.builds("".join, st.lists(classes, max_size=3)),
    st.sampled_from(["", " ", "<lines></lines>", "-->"]),
)


@settings(max_examples=400)
@given(documents)
def test_the_short_way_reads_what_the_general_way_reads(text):
    """The fast way would count differently from the one that the rest of the tests prove."""
    data = text.encode()
    parsed = read_plain(data)
    if parsed is not None:
        assert parsed == read_any(data)


@given(st.lists(classes, max_size=3), st.integers(0, 600), st.binary(max_size=3))
def test_damage_never_passes_the_short_way_alone(parts, at, noise):
    """A damaged report would count because it was read in a hurry."""
    data = f'<coverage line-rate="1">{"".join(parts)}</coverage>'.encode()
    data = data[:at] + noise + data[at + len(noise) :]
    parsed = read_plain(data)
    if parsed is not None:
        assert parsed == read_any(data)


statements = st.builds(
    '<line num="{}" {}/>'.format,
    st.integers(1, 60),
    st.sampled_from(
        [
            'count="1" type="stmt"',
            'count="0" type="stmt"',
            'type="stmt" count="3"',
            'count="2" type="cond" truecount="1" falsecount="1"',
            'count="0" type="cond" truecount="0" falsecount="0"',
            'type="cond" truecount="1" falsecount="0"',
            'type="method" name="f" count="1"',
            'count="007" type="stmt"',
            'type="stmt" count="-1"',
            'type="stmt"',
        ]
    ),
)
clover_files = st.builds(
    '<{0}><file name="{1}">{2}<metrics statements="2"/></file></{0}>'.format,
    st.sampled_from(["package", "testproject"]),
    st.sampled_from(["a.php", "b.php"]),
    st.builds(
        "".join,
        st.lists(
            st.tuples(statements, st.sampled_from(["", "\n  "])).map("".join)
            | st.sampled_from(["<!--", "-->", "<![CDATA[", "]]>", "x", "&no;", "<covgate-run/>"]),
            max_size=8,
        ),
    ),
)


@settings(max_examples=300)
@given(
    st.lists(clover_files, max_size=3),
    st.sampled_from(["", '<!-- <line num="1" count="1" type="stmt"/>', "<!DOCTYPE coverage>"]),
    st.sampled_from(["", "-->"]),
)
def test_clovers_short_way_reads_what_the_general_way_reads(parts, before, after):
    """The same, for a format with other lines."""
    text = f'{before}{after}<coverage generated="1"><project>{"".join(parts)}</project></coverage>'
    parsed = clover.read_plain(text.encode())
    if parsed is not None:
        assert parsed == clover.read_any(text.encode())


CLOVER = sorted((DATA / "clover").iterdir())


@pytest.mark.parametrize("path", CLOVER, ids=lambda path: path.name)
def test_real_clover_reports_read_the_same_both_ways(path):
    """As above, for what OpenClover, PHPUnit and istanbul really write."""
    data = unpack(path.read_bytes())
    assert clover.read_plain(data) in (None, clover.read_any(data))


REAL = sorted((DATA / "cobertura").iterdir()) + sorted((DATA / "coveragepy-xml").iterdir())


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_reports_read_the_same_both_ways(path):
    """As above, for what tools really write."""
    data = unpack(path.read_bytes())
    assert read_plain(data) in (None, read_any(data))


@pytest.mark.parametrize(
    "name",
    ["coveragepy-xml/humanize-c6.5-contexts.xml", "cobertura/tarpaulin-candle-optimisers.xml"],
)
def test_reports_of_coveragepy_and_tarpaulin_take_the_short_way(name):
    """The largest reports there are would take twice as long."""
    found = [path for path in (DATA / name, DATA / f"{name}.gz") if path.exists()]
    assert read_plain(unpack(found[0].read_bytes())) is not None


def test_an_error_names_the_line_of_the_document():
    """The line in the message would be that of what is left when runs are cut out."""
    line = b'<line number="1" hits="1"/>\n'
    data = b'<coverage line-rate="1"><class filename="a"><lines>' + 9 * line + b"</lines></class><"
    with pytest.raises(ReportError, match="line 10"):
        FORMAT.parse(data)
