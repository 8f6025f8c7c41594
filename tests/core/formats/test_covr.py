"""What R's covr sends to Codecov."""

from __future__ import annotations

import json

from worker.core.formats.covr import FORMAT
from worker.core.model import line_numbers


def test_the_first_element_is_line_0():
    """Every line would be charged for its neighbour."""
    file = {"name": "R/a.R", "coverage": [None, None, 3, 0]}
    text = json.dumps({"files": [file], "uploader": "R"}).encode()
    (read,) = FORMAT.parse(text).report
    assert (line_numbers(read.hit), line_numbers(read.missed)) == ([2], [3])


def test_it_is_recognised_before_the_uploader_is_seen():
    """The tool's name comes last, beyond what a sniffer sees of a large package."""
    file = {"name": "R/a.R", "coverage": [None, *[1] * 20_000]}
    text = json.dumps({"files": [file], "uploader": "R"}).encode()
    assert FORMAT.sniff(text[:16_384])
