"""From a delivery to the dashboard's pages, on real parts."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from tests.e2e.conftest import House


def test_a_judged_pull_request_has_its_pages(house: House) -> None:
    """The check would lead to an empty page."""
    pull = house.samples["yajl"].pull or house.samples["yajl"].open()
    check, _ = house.verdict(pull)
    name = pull.repo.full_name
    page = requests.get(f"{house.url}/{name}/pull/{pull.number}", timeout=20)
    assert page.status_code == 200
    assert check.title in unescape(page.text)
    repository = requests.get(f"{house.url}/{name}", timeout=20).text
    assert "Coverage from commit to commit" in repository
    assert 'id="insight-goals"' in repository
    assert pull.title in unescape(repository)
    answer = requests.get(f"{house.url}/api/v1/repositories/{name}/pulls", timeout=20).json()
    assert answer["pulls"][0]["latest"]["title"] == check.title


def test_a_file_is_shown_as_the_reports_have_it(house: House) -> None:
    """The links to uncovered lines would be dead."""
    pull = house.samples["yajl"].pull or house.samples["yajl"].open()
    house.verdict(pull)
    file = next(one for one in house.details(pull)["new_code"]["files"] if one["uncovered"])
    home = f"{house.url}/api/v1/repositories/{pull.repo.full_name}"
    lines = requests.get(f"{home}/lines/{pull.head_sha}/{file['path']}", timeout=20).json()
    missed = {line for first, last in lines["missed"] for line in range(first, last + 1)}
    assert set(file["uncovered"]) <= missed
