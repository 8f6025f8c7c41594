"""`path_fixes`: what a repository says about its tools' paths, and nothing else."""

from __future__ import annotations

import re
import time
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from worker.core.config import config_schema, parse_config
from worker.core.errors import ConfigError
from worker.core.model import FileCoverage, Report
from worker.core.paths import PathFix, RepositoryPaths, match_reports
from worker.core.paths.spelling import normalise

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "configuration.md"
FOLDERS = st.lists(st.sampled_from(["a", "b", "ab", "src"]), max_size=3).map("/".join)


@pytest.mark.parametrize(
    ("start", "to", "path", "expected"),
    [
        ("/build/out/", "src/", "/build/out/a/x.py", "src/a/x.py"),
        ("/build/out", "src", "/build/out/a/x.py", "src/a/x.py"),
        ("/build/out/", "", "/build/out/a/x.py", "a/x.py"),
        ("/build/out/", "src/", "/build/outer/x.py", None),
        ("build/", "src/", "/build/x.py", None),
        ("/build/", "src/", "build/x.py", None),
        ("/", "src/", "/x.py", "src/x.py"),
        ("/", "src/", "x.py", None),
        ("", "server/", "app/x.py", "server/app/x.py"),
        ("", "server/", "/app/x.py", None),
        ("./", "server/", "app/x.py", "server/app/x.py"),
        ("C:\\build\\", "src/", "/build/x.py", "src/x.py"),
        ("packages/*/dist/", "packages/*/src/", "packages/web/dist/a.js", "packages/web/src/a.js"),
        ("**/packages/*/dist/", "packages/*/src/", "/ci/packages/web/dist/a.js",
         "packages/web/src/a.js"),
        ("/tmp/build-*/*/", "*-*/", "/tmp/build-7/web/a.js", "7-web/a.js"),
        ("/tmp/build-*/*/", "*/", "/tmp/build-7/web/a.js", "7/a.js"),
        ("/tmp/build-*/", "", "/tmp/build/a.js", None),
        ("**/dist/", "src/", "dist/a.js", "src/a.js"),
        ("**/dist/", "src/", "x/dist", "src"),
        ("**/dist/", "src/", "x", None),
        ("gen/x.py", "src/y.py", "gen/x.py", "src/y.py"),
        ("a/b/c/", "", "a/b", None),
    ],
)  # fmt: skip
def test_a_fix_puts_one_folder_in_the_place_of_another(start, to, path, expected):
    """A team would write the fix that the documentation shows, and nothing would change."""
    assert PathFix(start, to).apply(path) == expected


@pytest.mark.parametrize(
    ("start", "to", "reason"),
    [
        ("a/**/b", "", "at the beginning"),
        ("a**", "", "at the beginning"),
        ("a*b*", "", "one `\\*` in each"),
        ("a", "*", "more `\\*`"),
        ("a", "/src", "a folder of the repository"),
        ("a", "../src", "a folder of the repository"),
        ("a", "src\\x", "a folder of the repository"),
        ("a", "C:/src", "a folder of the repository"),
        ("", "", "changes nothing"),
        ("./", "./", "changes nothing"),
        ("**/", "src", "behind"),
    ],
)
def test_a_fix_that_can_not_be_meant_is_refused(start, to, reason):
    """It would silently fix nothing."""
    with pytest.raises(ValueError, match=reason):
        PathFix(start, to)


@given(FOLDERS, FOLDERS, FOLDERS, st.booleans())
def test_a_literal_fix_replaces_its_folder_and_keeps_the_rest(start, to, rest, absolute):
    """The wrong part of a path would be replaced."""
    slash = "/" * absolute
    if not rest or not (start + to or absolute):
        return
    if not to and not start:
        return
    fixed = PathFix(f"{slash}{start}/" if start else slash, to).apply(
        normalise(f"{slash}{start}/{rest}" if start else f"{slash}{rest}")
    )
    assert fixed == "/".join(part for part in (to, rest) if part)


@given(
    st.text("ab*/.\\:", max_size=12), st.text("ab*/.\\:", max_size=8), st.text("ab/.", max_size=12)
)
def test_no_fix_leads_out_of_the_repository(start, to, path):
    """A configuration could name a file of the machine it is read on."""
    try:
        fix = PathFix(start, to)
    except ValueError:
        return
    fixed = fix.apply(normalise(path))
    assert fixed is None or not fixed.startswith("/")


def test_a_hostile_fix_takes_no_time():
    """One line of configuration would hold a worker for hours."""
    fix = PathFix("**/" + "a*a/" * 100 + "b", "x")
    path = "/".join(["a" * 15] * 250)
    begin = time.process_time()
    for _ in range(100):
        assert fix.apply(path) is None
    assert time.process_time() - begin < 5


def test_the_first_fix_that_leads_to_a_file_counts():
    """A fix for one report would break the others."""
    paths = frozenset({"src/a.js", "web/a.js", "server/app.py", "tools/app.py"})
    fixes = [PathFix("dist/", "gone/"), PathFix("dist/", "src/"), PathFix("", "server/")]
    assert _find(paths, fixes, "dist/a.js") == ["src/a.js"]
    assert _find(paths, fixes, "app.py") == ["server/app.py"]
    assert _find(paths, fixes, "tools/app.py") == ["tools/app.py"]
    assert _find(paths, fixes, "web/a.js") == ["web/a.js"]


def test_a_fix_is_for_the_path_below_its_source_root_too():
    """Cobertura's reports have the absolute part of a path in another place."""
    paths = frozenset({"lib/a.py", "app/a.py"})
    fixes = [PathFix("/build/out/", "lib/")]
    assert _find(paths, fixes, "a.py", ("/build/out",)) == ["lib/a.py"]
    assert len(_find(paths, fixes, "a.py", ("/build",))) == 2


def test_a_fix_decides_what_would_be_ambiguous_or_another_file():
    """A team could not correct a wrong guess."""
    paths = frozenset({"a/src/x.py", "b/src/x.py", "x.py"})
    assert _find(paths, [PathFix("", "b/")], "src/x.py") == ["b/src/x.py"]
    assert _find(paths, [PathFix("", "a/src/")], "x.py") == ["a/src/x.py"]


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("path_fixes: {from: a}", 1, 13, "`path_fixes` must be a list, not a mapping of keys"),
        ('path_fixes:\n  - "a::b"', 2, 5, "`path_fixes[0]` must hold keys, not the text “a::b”"),
        ("path_fixes:\n  - to: src", 2, 5, "`path_fixes[0].from` is missing"),
        ("path_fixes: [{from: a, too: b}]", 1, 24, "unknown key `too`; did you mean `to`?"),
        ("path_fixes: [{from: a, x: b}]", 1, 24,
         "unknown key `x`; in `path_fixes[0]` may stand `from`, `to`"),
        ("path_fixes: [{from: a, to: 3}]", 1, 28,
         "`path_fixes[0].to` must be a text, not the number 3: put it in quotes"),
        ('path_fixes: [{from: "a\\0"}]', 1, 21,
         "`path_fixes[0].from` must not have control characters, not the text “a\ufffd”"),
        ('path_fixes:\n  - from: a\n  - {from: "a*", to: "*/*"}', 3, 5,
         "`path_fixes[1]` must not have more `*` in `to` than in `from`"),
        ('path_fixes: [{from: ""}]', 1, 14,
         "`path_fixes[0]` changes nothing: give it a `from`, a `to`, or both"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(text, line, column, reason):
    """A fix with a typing error would be passed over, and the reader would not know."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode())
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value).endswith(reason)


def test_the_documented_fixes_mean_what_is_said_beside_them():
    """Who copies a line of the documentation would get another path."""
    text = DOCUMENTATION.read_text().split("## Paths")[1]
    block = re.search(r"```yaml\n(.*?)```", text, re.DOTALL).group(1)
    jsonschema_rs.validator_for(config_schema()).validate(yaml.safe_load(block))
    fixes = parse_config(block.encode()).path_fixes
    said = re.findall(r"# (\S+) is (\S+)\n", block)
    assert len(said) == len(fixes) - 1  # the one with a `*` names no path
    for path, meant in said:
        assert meant in {fix.apply(path) for fix in fixes}


def _find(paths, fixes, path, sources=()):
    report = Report.of([FileCoverage(path, 0b10, 0b10)])
    found = match_reports([(report, sources)], RepositoryPaths(paths, fixes))
    candidates = [name for one in found.ambiguous for name in one.candidates]
    return list(found.report.files) or candidates
