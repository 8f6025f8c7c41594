"""What people read of moved and touched lines, and of files that no report mentions."""

from __future__ import annotations

import json

import pytest
from markdown_it import MarkdownIt

from tests.support.sides import between, measured
from worker.core.analysis import analyze
from worker.core.config import Config, LineClass, NewCodeRule, OnUnmeasured
from worker.core.refs import Sha
from worker.core.render import (
    Context,
    render_check,
    render_comment,
    render_json,
    render_terminal,
)
from worker.core.verdict import Baseline, Inputs

CONTEXT = Context(
    head=Sha("a1b2c3d" + "0" * 33),
    merge_base=Sha("e4f5a6b" + "0" * 33),
    base_ref="main",
    repository_url="https://github.com/octo/shop",
)
OLD = {
    "shop/units.py": "def convert(value):  #+\n    factor = table[value.unit]  #+\n"
    "    rounded = round(value * factor)  #-\n    return Amount(rounded)  #-\n",
    "shop/cart.py": "total = add(first, second)  #-\nkeep = 1  #+\n",
    "shop/old.py": "import os  #+\n",
}
NEW = {
    "shop/money.py": "import table  #+\n\n\ndef convert(value):  #+\n"
    "    factor = table[value.unit]  #-\n    rounded = round(value * factor)  #-\n"
    "    return Amount(rounded)  #-\n\n\ndef fresh():  #+\n    return 1  #+\n",
    "shop/cart.py": "total = add(  #-\n    first, second\n)\nkeep = 1  #+\n",
    "shop/old.py": "import os\nimport re\n",
    "jobs/nightly.py": "import os\n\n# runs at night\nos.system('x')\n",
}
EVERYTHING = NewCodeRule(count=tuple(LineClass), unmeasured=OnUnmeasured.COUNT)


def judged(rule=NewCodeRule(), new=NEW):  # noqa: B008 - a frozen value
    baseline = Baseline(Sha("b" * 40), 0, measured(OLD))
    return analyze(Inputs(measured(new), between(OLD, new), Config(new_code=rule), baseline))


CASES = {"classes": judged(), "all-classes": judged(EVERYTHING)}


@pytest.mark.parametrize("name", CASES)
def test_the_classes_are_told_as_they_were_read_and_approved(name, golden):
    """A reviewer would not see why a line is not counted."""
    verdict = CASES[name]
    golden(f"comment/{name}.md", render_comment(verdict, CONTEXT))
    golden(f"terminal/{name}.txt", render_terminal(verdict, CONTEXT))
    page = render_check(verdict, CONTEXT)
    golden(f"check/{name}.md", f"# {page.title}\n\n{page.summary}\n\n{page.text}\n")


def test_json_has_each_class_and_all_added_lines():
    """A program could not tell judged lines from added ones."""
    told = json.loads(render_json(CASES["classes"], CONTEXT))["new_code"]
    assert (told["covered"], told["total"]) == (3, 3)
    assert told["added"] == {"covered": 4, "total": 8, "percent": 50.0}
    assert told["moved"] == {"covered": 1, "total": 4, "percent": 25.0, "lost": 1}
    assert told["touched"] == {"covered": 0, "total": 1, "percent": 0.0}
    assert told["unmeasured"] == [
        {"path": "jobs/nightly.py", "lines": [1, 4], "reason": "folder"},
        {"path": "shop/old.py", "lines": [2], "reason": "dropped"},
    ]
    (money,) = [file for file in told["files"] if file["path"] == "shop/money.py"]
    assert money["moved"] == [4, 5, 6, 7]
    assert money["moved_from"] == ["shop/units.py"]
    assert (money["lost"], money["touched"], money["uncovered"]) == ([5], [], [])


def test_a_change_without_other_classes_says_nothing_of_them():
    """Every comment would carry a section that has nothing in it."""
    plain = judged(new={"shop/a.py": "a = 1  #+\n", **OLD})
    for text in (render_comment(plain, CONTEXT), render_terminal(plain, CONTEXT)):
        assert "Beside" not in text
        assert "in no report" not in text


HOSTILE = "jobs/`|<img src=x>\n| **merged** @octo [x](http://e).py"


def test_a_hostile_name_stays_a_name():
    """A pull request would write into the check by the name of an unmeasured or moved file."""
    old = OLD | {HOSTILE: OLD["shop/units.py"]}
    new = {**NEW, "x" + HOSTILE: "import os\n", "shop/units.py": OLD["shop/units.py"]}
    baseline = Baseline(Sha("b" * 40), 0, measured(old))
    verdict = analyze(Inputs(measured(new), between(old, new), baseline=baseline))
    comment = render_comment(verdict, CONTEXT)
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    html = markdown.render(comment)
    assert verdict.evidence.new_code.files[1].moved_from == (HOSTILE,)
    assert not any(tag in html for tag in ("<img", "<strong>merged", 'href="http://e"'))
    assert html.count("<h3>") == 1
    assert "\n| **merged**" not in render_terminal(verdict, CONTEXT)


def test_many_files_in_no_report_are_counted_not_listed():
    """A comment would be drowned by a list of scripts."""
    new = {**OLD, **{f"jobs/{n}.py": "import os\n" for n in range(40)}}
    verdict = judged(new=new)
    comment = render_comment(verdict, CONTEXT)
    assert "40 changed source files are in no report" in comment
    assert "… and 35 more files" in comment
