"""XML reports that were damaged, or made to harm: one rule for every format."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.formats.real import real_bytes
from worker.core.errors import ReportError
from worker.core.formats import (
    _xml,
    bullseye,
    clover,
    cobertura,
    dotcover,
    jacoco,
    opencover,
    scoverage,
    sonar,
    visual_studio,
)
from worker.core.formats._base import unpack

ROOTS = {
    bullseye.FORMAT: "BullseyeCoverage",
    clover.FORMAT: "coverage",
    cobertura.FORMAT: "coverage",
    dotcover.FORMAT: "Root",
    jacoco.FORMAT: "report",
    opencover.FORMAT: "CoverageSession",
    scoverage.FORMAT: "scoverage",
    sonar.FORMAT: "coverage",
    visual_studio.FORMAT: "results",
}
REAL = {
    "clover/rg-openclover4.3.1.xml": clover.FORMAT,
    "clover/rg-istanbul.xml": clover.FORMAT,
    "cobertura/rg-java-cobertura2.1.1.xml": cobertura.FORMAT,
    "dotcover/codacy-2019.3.1.xml": dotcover.FORMAT,
    "jacoco/coveralls-multiple-packages.xml": jacoco.FORMAT,
    "opencover/codacy-test_opencover.xml": opencover.FORMAT,
    "sonar-generic/gcovr-ref-dot-folder-clang10.xml": sonar.FORMAT,
    "scoverage/two-classes.xml": scoverage.FORMAT,
    "bullseye/two-sources.xml": bullseye.FORMAT,
    "vs-coveragexml/rg-dynamic-fsharp.xml": visual_studio.FORMAT,
}
WRONG = ["-1", "0", "-5", "1e99", "NaN", "", "1000000000000", "9" * 5000, "x", "\u0663"]

formats = pytest.mark.parametrize("known", ROOTS, ids=lambda known: known.name)


@formats
@pytest.mark.parametrize(
    "entity",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;">',
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        '<!ENTITY % a SYSTEM "http://127.0.0.1/x.dtd"> %a;',
    ],
    ids=["billion laughs", "external file", "external parameter"],
)
def test_entities_are_refused(known, entity):
    """A report from a fork could fill the memory or read the worker's files."""
    root = ROOTS[known]
    with pytest.raises(ReportError, match="declares the entity 'a'"):
        known.parse(f"<!DOCTYPE {root} [{entity}]><{root}/>".encode())


@pytest.mark.parametrize("place", ["<coverage a='%s'>", "<coverage><a b='%s'/>", "<coverage>%s"])
def test_looking_at_the_beginning_expands_nothing(place):
    """Each of a dozen formats would take a second to say that a report is none of its own."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<!DOCTYPE coverage [<!ENTITY l0 "ha">{entities}]>{place % "&l9;"}'.encode()
    begin = time.process_time()
    for _ in range(100):
        assert _xml.opening(head).root == "coverage"
    assert time.process_time() - begin < 2  # 10 milliseconds in truth


def test_an_unknown_encoding_is_recognised_and_named():
    """A report that nobody can read would be passed over as something else."""
    text = b'<?xml version="1.0" encoding="martian"?><coverage line-rate="1"/>'
    assert _xml.opening(text).root == "coverage"
    with pytest.raises(ReportError, match="unknown encoding: martian"):
        cobertura.FORMAT.parse(text)


@formats
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<a>" * 200_000, "nested more than 100 deep"),
        (f'<a b="{"x" * 20_000_000}"/>', "one tag has more than"),
        ("<a>", "mismatched tag at line 1"),
    ],
    ids=["deep", "long attribute", "mismatched"],
)
def test_what_only_attacks_contain_is_refused(known, body, reason):
    """A worker would hang or die of one upload."""
    root = ROOTS[known]
    with pytest.raises(ReportError, match=reason):
        known.parse(f"<{root}>{body}</{root}>".encode())


@pytest.mark.parametrize(
    ("known", "start", "element"),
    [
        (cobertura.FORMAT, '<class filename="a"><lines x="">', '<line number="1" hits="-1"/>'),
        (clover.FORMAT, '<file name="a">', '<line num="1" type="method" name="m" count="1"/>'),
        (jacoco.FORMAT, '<sourcefile name="a">', '<line nr="1" ci="1" mb="0" cb="0"/>'),
        (jacoco.FORMAT, '<package name="a">', '<method name="m" line="1"/>'),
    ],
)
def test_what_is_kept_until_an_element_ends_is_capped(monkeypatch, known, start, element):
    """One class with millions of lines would take the worker's whole memory."""
    monkeypatch.setattr(_xml, "MAX_GATHERED", 9)
    monkeypatch.setattr(jacoco, "MAX_GATHERED", 9)
    with pytest.raises(ReportError, match="line 1: one file or class has more than 9"):
        known.parse(f"<{ROOTS[known]}>{start}{element * 12}{_ends(start)}".encode())


def _ends(start):
    """Return the end tags of a line of start tags."""
    names = [part.split()[0] for part in start.split("<")[1:]]
    return "".join(f"</{name}>" for name in reversed(names))


@pytest.mark.parametrize("path", REAL)
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_wrong_value_gives_a_report_or_a_report_error(path, data):
    """A single odd attribute would end in a traceback, and the check say nothing."""
    sample = unpack(real_bytes(path))
    quotes = [i for i in range(len(sample)) if sample[i : i + 2] == b'="']
    start = data.draw(st.sampled_from(quotes)) + 2
    end = sample.index(b'"', start)
    wrong = data.draw(st.sampled_from(WRONG)).encode()
    with contextlib.suppress(ReportError):
        REAL[path].parse(sample[:start] + wrong + sample[end:])


@pytest.mark.parametrize("path", REAL)
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_damage_gives_a_report_or_a_report_error(path, data):
    """A damaged upload would end in a traceback instead of a sentence."""
    sample = bytearray(unpack(real_bytes(path)))
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(sample) - 1))
        sample[where : where + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=3))
    with contextlib.suppress(ReportError):
        REAL[path].parse(bytes(sample))


@pytest.mark.parametrize("path", REAL)
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_missing_or_repeated_element_gives_a_report_or_a_report_error(path, data):
    """A tool that writes its elements in another order would end in a traceback."""
    sample = unpack(real_bytes(path))
    tags = [
        i for i in range(len(sample)) if sample[i : i + 1] == b"<" and sample[i + 1 : i + 2] != b"/"
    ]
    leaf = [i for i in tags if sample[sample.index(b">", i) - 1 : sample.index(b">", i)] == b"/"]
    start = data.draw(st.sampled_from(leaf))
    end = sample.index(b">", start) + 1
    element, rest = sample[start:end], sample[:start] + sample[end:]
    gaps = [i for i in tags if i > tags[1] and i < len(rest) and rest[i : i + 1] == b"<"]
    place = data.draw(st.sampled_from(gaps or [start]))
    with contextlib.suppress(ReportError):
        REAL[path].parse(rest[:place] + element * data.draw(st.integers(0, 2)) + rest[place:])


@pytest.mark.parametrize("path", REAL)
def test_the_mark_wins_over_the_declared_encoding(path):
    """A report piped through PowerShell declares UTF-8 in UTF-16, and would be refused."""
    sample = unpack(real_bytes(path))
    again = sample.decode("utf-8-sig").encode("utf-16")
    assert REAL[path].sniff(again[:16_384])
    assert REAL[path].parse(again) == REAL[path].parse(sample)
