"""SimpleCov's .resultset.json.

The two commands of codeclimate-merged-legacy.resultset.json give 8 lines, 6 of them hit:
lines 6 and 10 were measured and never hit by one command and not measured by the other.
SimpleCov drops such lines (`nil + 0 = nil`), so a plain union's 10 lines would differ from
what SimpleCov itself prints:
https://github.com/simplecov-ruby/simplecov/blob/main/lib/simplecov/combine/lines_combiner.rb
"""

from __future__ import annotations

import json

import pytest

from worker.core.errors import ReportError
from worker.core.formats.simplecov_resultset import FORMAT
from worker.core.model import BranchLine, line_numbers

CONDITION = "[:if, 0, 2, 4, 6, 7]"
THEN, ELSE = "[:then, 1, 3, 6, 3, 11]", "[:else, 2, 5, 6, 5, 9]"


def test_commands_are_merged_as_simplecov_merges_them():
    """Lines guessed for a file that one command never loaded would stay missed for ever."""
    (file,) = _parse({"RSpec": [1, 0, 0, None, 0, None], "Cucumber": [0, 2, None, 0, 0]})
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([1, 2], [5])


def test_old_arrays_and_new_objects_are_read_alike():
    """A resultset of SimpleCov before 0.18 would be unreadable."""
    (file,) = _parse({"RSpec": [1, 0], "Minitest": {"lines": [0, 1], "branches": {}}})
    assert line_numbers(file.hit) == [1, 2]


def test_branches_of_all_commands_are_taken_together():
    """A branch that each command takes on one side would look half covered."""
    (file,) = _parse(
        {
            "RSpec": {"lines": [None, 1], "branches": {CONDITION: {THEN: 1, ELSE: 0}}},
            "Cucumber": {"lines": [None, 1], "branches": {CONDITION: {THEN: 0, ELSE: 2}}},
        }
    )
    assert file.branches == (BranchLine(2, 2, 2, 0b11, "simplecov-resultset"),)
    assert not file.partial


def test_the_safe_navigation_operator_is_a_condition():
    """Ruby writes `:"&."` with quotes; the whole report would be refused."""
    safe = {'[:"&.", 0, 1, 4, 1, 9]': {THEN: 1, ELSE: 0}}
    (file,) = _parse({"RSpec": {"lines": [1], "branches": safe}})
    assert line_numbers(file.partial) == [1]


def test_a_condition_that_is_none_is_named():
    """The message would not say what is wrong."""
    with pytest.raises(ReportError, match=r"'if 12' is no branch"):
        _parse({"RSpec": {"lines": [1], "branches": {"if 12": {}}}})


def _parse(commands):
    document = {command: {"coverage": {"a.rb": file}} for command, file in commands.items()}
    return FORMAT.parse(json.dumps(document).encode()).report
