"""`covgate check`: a real checkout, judged as its pull request would be."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path

import pytest

from bot.cli import run
from bot.sandbox.objects import Symlink
from bot.sandbox.samples import read_export
from tests.support.checkout import Checkout

pytestmark = pytest.mark.git

SAMPLE = Path(str(files("bot.sandbox") / "samples" / "humanize"))
BASE, HEAD = (str(SAMPLE / "reports" / f"{name}.xml") for name in ("base", "head"))
ORACLE = Path(__file__).parents[1] / "data" / "projects" / "humanize" / "new_code_expected.json"
LCOV = "SF:a.py\nDA:1,1\nDA:2,{}\nDA:3,{}\nend_of_record\n"


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def humanize(tmp_path, monkeypatch) -> Checkout:
    """Return the sample's two commits as a checkout, on a branch that left main."""
    checkout = Checkout(tmp_path / "humanize")
    exported = read_export((SAMPLE / "repository.fast-export").read_bytes())
    for branch, snapshot in zip(("main", "release"), exported, strict=False):
        if branch != "main":
            checkout.git("checkout", "--quiet", "-b", branch)
            checkout.git("rm", "--quiet", "-r", ".")
        assert not any(isinstance(data, Symlink) for data in snapshot.files.values())
        checkout.commit(dict(snapshot.files))
    monkeypatch.chdir(checkout.path)
    return checkout


@pytest.fixture
def small(tmp_path, monkeypatch) -> Checkout:
    """Return a checkout whose branch adds two lines to one."""
    checkout = Checkout(tmp_path / "small")
    checkout.commit({"a.py": "1\n"})
    checkout.git("checkout", "--quiet", "-b", "topic")
    checkout.commit({"a.py": "1\n2\n3\n"})
    monkeypatch.chdir(checkout.path)
    return checkout


def report(tmp_path: Path, *hits: int) -> str:
    """Write a report of the small checkout outside of it; return its path."""
    path = tmp_path / f"lcov{''.join(map(str, hits))}.info"
    path.write_text(LCOV.format(*hits))
    return str(path)


def test_a_real_projects_numbers_are_the_counted_ones(humanize, capsys):
    """A local check that says something else than the pull request's is worse than none."""
    arguments = ["check", "--report", HEAD, "--base", "main", "--baseline", BASE]
    assert run([*arguments, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    oracle = next(
        entry
        for entry in json.loads(ORACLE.read_bytes())
        if entry["report"].endswith("coverage.xml")
    )
    new_code = told["new_code"]
    counted = (oracle["total"]["covered"], oracle["total"]["coverable"])
    assert (new_code["covered"], new_code["total"]) == counted
    assert (new_code["added"]["covered"], new_code["added"]["total"]) == counted
    assert {file["path"]: (file["covered"], file["total"]) for file in new_code["files"]} == {
        file["file"]: (file["covered"], file["coverable"])
        for file in oracle["files"]
        if file["coverable"]
    }
    assert all(file["uncovered"] == [] for file in new_code["files"])
    assert [gate["verdict"] for gate in told["gates"]] == ["pass", "pass"]
    assert {"actual", "required", "summary"} <= told["gates"][0].keys()
    assert (told["project"]["covered"], told["project"]["total"]) == (468, 472)
    assert told["baseline"]["commit"] == humanize.git("rev-parse", "main")
    assert told["baseline"]["distance"] == 0
    assert told["regression"] is not None
    assert told["verdict"]


def test_people_get_text_and_reviewers_the_comment(humanize, capsys):
    """Nobody reads JSON, and a comment could not be tried before it is posted."""
    assert run(["check", "--report", HEAD, "--base", "main"]) == 0
    text = capsys.readouterr()
    assert "17 of 17 lines" in text.out
    assert text.err == ""
    assert "no report of the base was given (--baseline FILE)" in text.out
    assert run(["check", "--report", HEAD, "--base", "main", "--format", "markdown"]) == 0
    assert capsys.readouterr().out.startswith("<!-- covgate -->\n")


def test_a_failed_gate_is_status_1_and_names_the_lines(small, tmp_path, capsys):
    """A build would go on, or its reader look for the lines by hand."""
    assert run(["check", "--report", report(tmp_path, 1, 0)]) == 1
    assert "a.py: 3" in capsys.readouterr().out
    assert run(["check", "--report", report(tmp_path, 1, 1)]) == 0


@pytest.mark.parametrize("together", [True, False])
def test_several_reports_are_one(small, tmp_path, capsys, together):
    """Unit and integration tests cover different lines; `--report *.info` gives many files."""
    first, second = report(tmp_path, 1, 0), report(tmp_path, 0, 1)
    given = ["--report", first, second] if together else ["--report", first, f"--report={second}"]
    baseline = ["--baseline", first, second]
    assert run(["check", *given, "--format=json", *baseline, "--base", "main"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["new_code"]["covered"], told["new_code"]["total"]) == (2, 2)
    assert len(told["reports"]) == 2
    assert (told["baseline"]["covered"], told["baseline"]["total"]) == (3, 3)


def test_the_bases_configuration_decides(small, tmp_path, capsys):
    """A branch could loosen its own gate, and the local check would not show that it can't."""
    half = report(tmp_path, 1, 0)
    small.commit({".github/covgate.yml": "gates: {new_code: {minimum: 50}}\n"})
    assert run(["check", "--report", half]) == 1  # the defaults: main has no file
    small.git("checkout", "--quiet", "-b", "eased", "main")
    small.commit({".github/covgate.yml": "gates: {new_code: {minimum: 50}}\n"})
    small.git("checkout", "--quiet", "topic")
    assert run(["check", "--report", half, "--base", "eased"]) == 0
    own = tmp_path / "own.yml"
    own.write_text("gates: {new_code: {minimum: 51}}\n")
    assert run(["check", "--report", half, "--base", "eased", "--config", str(own)]) == 1
    assert "50.00 %  (must be ≥ 51 %)" in capsys.readouterr().out
    small.git("checkout", "--quiet", "eased")
    small.commit({".github/covgate.yml": "gates: 1\n"})
    small.git("checkout", "--quiet", "topic")
    assert run(["check", "--report", half, "--base", "eased"]) == 2
    assert ".github/covgate.yml of eased: line 1, column 8" in capsys.readouterr().err


def test_a_named_head_is_judged_and_not_the_working_tree(small, tmp_path, capsys):
    """A report of a commit would be compared with lines that were edited since."""
    whole = report(tmp_path, 1, 1)
    small.write({"a.py": "0\n1\n2\n3\n"})
    assert run(["check", "--report", whole, "--head", "topic", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["new_code"]["total"] == 2
    assert told["head"] == small.git("rev-parse", "topic")


def test_paths_that_are_not_the_checkouts_are_told_in_every_format(small, tmp_path, capsys):
    """Numbers of one file in eleven would be read as the project's."""
    names = [f"m{n}.py" for n in range(10)]
    small.commit({f"src/{name}": "1\n" for name in names})
    wrong = tmp_path / "wrong.info"
    wrong.write_text(
        LCOV.format(1, 1) + "".join(f"SF:dist/{name}\nDA:1,1\nend_of_record\n" for name in names)
    )
    told = {}
    for form in ("text", "markdown", "json"):
        assert run(["check", "--report", str(wrong), "--format", form]) == 0
        told[form] = capsys.readouterr().out
    for form in ("text", "markdown"):
        assert "Only 1 of the 11 files" in told[form]
        assert '  - {from: "dist/", to: "src/"}' in told[form]
    (short,) = json.loads(told["json"])["paths"]
    assert (short["found"], short["total"], short["mended"]) == (1, 11, 10)
    own = tmp_path / "own.yml"
    own.write_text(json.dumps({"path_fixes": short["path_fixes"]}))
    assert run(["check", "--report", str(wrong), "--config", str(own), "--format=json"]) == 0
    mended = json.loads(capsys.readouterr().out)
    assert mended["paths"] == []
    assert mended["project"]["total"] == 13
    wrong.write_text(f"SF:dist/{names[0]}\nDA:1,1\nend_of_record\n")
    assert run(["check", "--report", str(wrong)]) == 2
    assert 'or set path_fixes: [{from: "dist/", to: "src/"}]' in capsys.readouterr().err


@pytest.mark.parametrize("head", [[], ["--head", "topic"]])
def test_go_modules_are_read_from_the_checkout(small, tmp_path, capsys, head):
    """The same command would find other files than the pull request's check."""
    modules = {f"{name}/go.mod": f"module example.com/{name}x\n" for name in ("one", "two")}
    small.commit({**modules, "one/main.go": "1\n2\n", "two/main.go": "1\n2\n"})
    profile = tmp_path / "cover.out"
    profile.write_text("mode: set\nexample.com/twox/main.go:1.1,2.2 3 1\n")
    assert run(["check", "--report", str(profile), "--format", "json", *head]) == 0
    (file,) = json.loads(capsys.readouterr().out)["new_code"]["files"]
    assert file["path"] == "two/main.go"


def test_what_can_not_be_used_is_status_2_and_one_line(small, tmp_path, capsys, monkeypatch):
    """A build would fail with a traceback, or pass without having looked at anything."""
    good = report(tmp_path, 1, 1)
    foreign = tmp_path / "foreign.info"
    foreign.write_text("SF:elsewhere.py\nDA:1,1\nend_of_record\n")
    bare = tmp_path / "bare.xml"
    bare.write_text('<coverage line-rate="1" version="7.6"><packages/></coverage>')
    empty, broken = tmp_path / "empty.info", tmp_path / "covgate.yml"
    empty.write_text("")
    broken.write_text("version: 1\nreprots: []\n")
    for arguments, words in {
        ("--report", str(tmp_path / "none.xml")): "none.xml can't be read: No such file",
        ("--report", str(tmp_path)): "can't be read: Is a directory",
        ("--report", str(empty)): "empty.info: is empty",
        ("--report", str(foreign)): "(for example 'elsewhere.py')",
        ("--report", good, "--base", "nowhere"): "'nowhere' is no commit",
        ("--report", good, "--head", "nowhere"): "'nowhere' is no commit",
        ("--report", good, "--baseline", str(empty)): "empty.info: is empty",
        ("--report", good, "--baseline", str(foreign)): "is in ",
        ("--report", str(bare)): "bare.xml: no line is measured",
        ("--report", good, "--config", str(broken)): "covgate.yml: line 2, column 1",
        ("--report", good, "--format", "xml"): "--format",
        (): "--report",
    }.items():
        assert run(["check", *arguments]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith("covgate: ")
        assert told.err.count("\n") == 1
        assert words in told.err
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert run(["check", "--report", good]) == 2
    assert "is no git checkout" in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(["check", "--report", good]) == 2
    assert capsys.readouterr().err == (
        "covgate: git is not on PATH: install it, or add its folder to PATH\n"
    )


def test_a_path_that_may_be_a_changed_file_is_an_error(small, tmp_path, capsys):
    """New code would pass as "nothing to judge"."""
    small.commit({"web/m.py": "1\n", "api/m.py": "1\n"})
    path = tmp_path / "lcov.info"
    path.write_text(LCOV.format(1, 1) + "SF:m.py\nDA:1,0\nend_of_record\n")
    assert run(["check", "--report", str(path)]) == 2
    assert "path `m.py` may be `api/m.py` or `web/m.py`: say which" in capsys.readouterr().err


def test_a_head_that_is_compared_with_itself_is_told(small, tmp_path, capsys):
    """A shallow clone of one branch would be green, whatever is on it."""
    assert run(["check", "--report", report(tmp_path, 0, 0), "--base", "topic"]) == 0
    told = capsys.readouterr().out
    assert "note: HEAD is in topic already, so nothing is new: name the branch" in told


@pytest.mark.parametrize("what", ["folder", "link"])
def test_a_configuration_that_is_no_file_is_refused(small, tmp_path, capsys, what):
    """The defaults would hold without a word, and not what the team meant."""
    path = ".github/covgate.yml"
    small.git("checkout", "--quiet", "main")
    if what == "folder":
        small.commit({f"{path}/rules.yml": "version: 1\n"})
    else:
        (small.path / ".github").mkdir()
        (small.path / path).symlink_to("../rules.yml")
        small.commit({"rules.yml": "version: 1\n"})
    small.git("checkout", "--quiet", "topic")
    assert run(["check", "--report", report(tmp_path, 1, 1)]) == 2
    assert f"{path} of main is a folder, a link" in capsys.readouterr().err


def test_flags_are_said_before_a_reports_name(small, tmp_path, capsys):
    """The gates of a flag could be tried on GitHub alone."""
    config = tmp_path / "covgate.yml"
    config.write_text(
        "reports: [{artifact: x, flag: unit}, {artifact: y, flag: e2e}]\n"
        "gates: {flags: {unit: {new_code: {minimum: 60}}, e2e: {project: {minimum: 1}}}}\n"
    )
    unit, other = report(tmp_path, 1, 0), report(tmp_path, 1, 1)
    arguments = ["check", "--base", "main", "--config", str(config), "--format", "json"]
    assert run([*arguments, "--report", f"unit={unit}", other]) == 1
    gates = {gate["name"]: gate for gate in json.loads(capsys.readouterr().out)["gates"]}
    assert (gates["new_code"]["verdict"], gates["new_code/unit"]["verdict"]) == ("pass", "fail")
    assert gates["project/e2e"]["summary"] == "no report of its flag was read"
    named = tmp_path / "a=b.info"
    named.write_text((tmp_path / "lcov11.info").read_text())
    assert run([*arguments, "--report", str(named)]) == 0


def test_what_was_saved_is_judged_again_anywhere(small, tmp_path, monkeypatch, capsys):
    """A verdict could be looked into only where the checkout and its reports still are."""
    kept = tmp_path / "kept"
    arguments = ["check", "--base", "main", "--report", report(tmp_path, 0, 0)]
    assert run([*arguments, "--format", "json", "--save", str(kept)]) == 1
    told = capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    assert run(["check", "--replay", str(kept), "--format", "json"]) == 1
    assert capsys.readouterr().out == told
    assert run(["check", "--replay", str(small.path / "a.py")]) == 2
    assert "it is no file that `covgate check --save`" in capsys.readouterr().err
    assert run(["check", "--replay", str(kept), "--report", "x"]) == 2


TESTED = {
    "a.py": "1\n2\n3\n",
    "tests/test_a.py": "def test_a():\n    assert 1\n",
    "tox.ini": "run: pytest --cov-fail-under=70\n",
    ".coveragerc": "[report]\nfail_under = 64\n",
}
JUNIT = (
    '<testsuite name="s"><testcase classname="tests.test_a" name="test_a" time="0.5"/></testsuite>'
)


def analyses(capsys, *arguments) -> dict[str, dict]:
    assert run(["check", *arguments, "--format", "json"]) == 0
    return {one["name"]: one for one in json.loads(capsys.readouterr().out)["insights"]}


@pytest.mark.parametrize("head", [[], ["--head", "topic"]])
def test_the_checkout_itself_is_analysed(small, tmp_path, capsys, head):
    """What the pull request will say of its tests could not be seen before the push."""
    small.commit(TESTED)
    told = analyses(capsys, "--report", report(tmp_path, 1, 1), "--base", "main", *head)
    assert {"untested_files", "statistics", "thresholds"} <= told.keys()
    (table,) = told["thresholds"]["tables"]
    assert [row[2] for row in table["rows"]] == ["64 %", "70 %"]
    share = told["untested_files"]["tables"][0]["rows"][0][1]
    assert (share["covered"], share["total"]) == (1, 1)


def test_reports_of_tests_are_read_with_their_flags(small, tmp_path, capsys):
    """Slow and skipped tests would only be told of on GitHub."""
    junit = tmp_path / "junit.xml"
    junit.write_text(JUNIT)
    small.commit(TESTED)
    given = ["--report", report(tmp_path, 1, 1), "--base", "main"]
    told = analyses(capsys, *given, "--tests", f"unit={junit}")
    assert "budgets" in told
    assert "budgets" not in analyses(capsys, *given)
    before = ["--baseline", given[1], "--baseline-tests", str(junit)]
    assert "budgets" in analyses(capsys, *given, "--tests", str(junit), *before)


def test_a_report_of_tests_that_is_none_is_named(small, tmp_path, capsys):
    """A typing error would end in silence."""
    given = ["check", "--report", report(tmp_path, 1, 1), "--base", "main", "--tests"]
    assert run([*given, report(tmp_path, 1, 1)]) == 2
    assert "is no JUnit report" in capsys.readouterr().err
    assert run([*given[:-1], "--baseline-tests", "x.xml"]) == 2
    assert "goes with --baseline FILE…" in capsys.readouterr().err


def test_a_saved_verdict_has_its_analyses_too(small, tmp_path, capsys):
    """What was judged could not be looked at again as it was."""
    small.commit(TESTED)
    kept = tmp_path / "kept"
    given = ["--report", report(tmp_path, 1, 1), "--base", "main", "--save", str(kept)]
    told = analyses(capsys, *given)
    assert analyses(capsys, "--replay", str(kept)) == told
