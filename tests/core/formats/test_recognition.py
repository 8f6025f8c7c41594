"""Each file that is kept here is recognised, by one format at most."""

from __future__ import annotations

import pytest

from tests.core.formats.real import DATA
from worker.core.formats import FORMATS
from worker.core.formats._base import HEAD, unpack_head

FOLDERS = {known.name: DATA / known.name for known in FORMATS if (DATA / known.name).is_dir()}
FILES = sorted(path for path in DATA.rglob("*") if path.is_file() and path.parent != DATA)


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(DATA)) for path in FILES])
def test_no_two_formats_claim_a_file(path):
    """A report that two formats claim would be refused, and name neither."""
    head = unpack_head(path.read_bytes()[:HEAD])
    claims = [known.name for known in FORMATS if known.sniff(head)]
    assert len(claims) <= 1
    if path.parent in FOLDERS.values():
        assert claims == [path.parent.name]
