"""The sandbox's pages and buttons, over HTTP."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from starlette.applications import Starlette
from starlette.routing import Mount

from bot.sandbox.ci import pack, suite_of
from bot.sandbox.deliveries import Courier
from bot.sandbox.page import page_routes
from bot.sandbox.records import CheckRun
from bot.sandbox.samples import Sample, Step, load_samples
from bot.sandbox.server import Server
from bot.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.sandbox.pulls import Pull
    from bot.sandbox.repository import Repo

STATIC = Path(__file__).parents[3] / "bot" / "sandbox" / "static"
OLD = b"def add(a, b):\n    return a + b\n"
NEW = b"def add(a, b):\n    return a + b\n\n\ndef sub(a, b):\n    return a - b\n"


@dataclass
class Site:
    """The pages of a world with the pull request octo/calc#1, and a visitor."""

    world: World
    repo: Repo
    pull: Pull
    sample: Sample
    url: str
    session: requests.Session

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.session.get(self.url + path, headers=headers, timeout=5, allow_redirects=False)

    def token(self) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.get("/octo/calc/pull/1").text)
        assert found
        return found[1]

    def press(self, play: str, headers: dict[str, str] | None = None, **form: object):
        data = {"token": self.token(), "pull": 1} | form
        url = f"{self.url}/octo/calc/{play}"
        return self.session.post(url, data=data, headers=headers, timeout=5, allow_redirects=False)

    def conclude(self, conclusion: str, title: str, sha: str | None = None) -> None:
        """Let the App's check be as a worker would leave it."""
        head = sha or self.pull.head_sha
        suite = suite_of(self.repo, self.world.app, head, None)
        now = self.world.clock()
        number = self.world.next_id("check_run")
        self.repo.checks[number] = CheckRun(
            number, "covgate", head, self.world.app, suite.id, now, now, "completed", conclusion,
            now, title=title, summary="| gate | is |\n|--|--|\n| new code | 50 % |", text="**why**",
        )  # fmt: skip


class Switch:
    """One server for all tests: starting and stopping takes longer than a test."""

    app: Starlette

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)

    def show(self, world: World, samples: dict[str, Sample]) -> None:
        routes = page_routes(world, samples, Courier(world))
        self.app = Starlette(routes=[Mount("/sandbox", routes=routes)])


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Switch, str, requests.Session]]:
    switch = Switch()
    server = Server(switch)
    server.start()
    with requests.Session() as session:
        session.trust_env = False
        yield switch, f"http://127.0.0.1:{server.port}/sandbox", session
    server.stop()


@pytest.fixture
def site(served) -> Site:
    switch, url, session = served
    world = World()
    repo = world.add_repository("octo/calc", files={"calc.py": OLD})
    repo.commit("feature", {"calc.py": NEW}, "Subtract too", author="ann")
    pull = repo.open_pull("feature", title="Subtract <b>", author="ann", body="Please **look**.")
    push = Step("ann pushes “More”", lambda: pull.push({"more.py": b"x = 1\n"}, "More"))
    sample = Sample(repo, [Step("ann opens it", lambda: None), push], taken=1, pull=pull)
    switch.show(world, {"calc": sample})
    return Site(world, repo, pull, sample, url, session)


PAGES = ["/", "/octo/calc/pull/1", "/octo/calc/pull/1/checks", "/octo/calc/pull/1/files"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_forbids_whatever_it_does_not_need(site, path):
    """A hole in the cleaning of comments would otherwise be a hole in the page."""
    answer = site.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    outside = re.findall(r'(?:src|href|action)="(?!/sandbox/|/"|#)[^"]*"', answer.text)
    assert outside == []
    assert "style=" not in answer.text


def test_the_list_says_what_waits_and_what_comes_next(site):
    """A visitor would not know where to begin."""
    text = site.get("/").text
    assert "Waiting for status to be reported" in text
    assert "ann pushes “More”" in text
    assert "Subtract &lt;b&gt;" in text


def test_a_pull_request_shows_its_conversation(site):
    """The sandbox would not show what Covgate says on GitHub."""
    comment = site.repo.add_comment(1, site.world.bot, "### No\n\n| a |\n|--|\n| b |", 400_001)
    site.repo.edit_comment(comment, comment.body + "\n\nBut yes.")
    text = site.get("/octo/calc/pull/1").text
    assert "<strong>look</strong>" in text
    assert "Subtract too" in text
    assert f'id="issuecomment-{comment.id}"' in text
    assert "<td>b</td>" in text
    assert '<span class="tag">bot</span>' in text


@pytest.mark.parametrize(
    ("conclusion", "words"),
    [
        ("success", ["Successful", "GitHub would let this be merged"]),
        ("failure", ["Failing", "the required check says no"]),
        ("action_required", ["Action required", "the required check says no"]),
        ("neutral", ["Neutral", "GitHub would let this be merged"]),
    ],
)
def test_the_verdict_is_said_in_words_too(site, conclusion, words):
    """A colour alone says nothing to many readers."""
    site.conclude(conclusion, "Half is covered")
    text = site.get("/octo/calc/pull/1").text
    for word in [*words, "Half is covered"]:
        assert word in text
    checks = site.get("/octo/calc/pull/1/checks").text
    assert "<td>new code</td>" in checks
    assert "<strong>why</strong>" in checks


def test_a_page_is_sent_again_only_when_something_changed(site):
    """A page that follows along would redraw itself every second."""
    first = site.get("/octo/calc/pull/1")
    again = {"If-None-Match": first.headers["etag"]}
    assert site.get("/octo/calc/pull/1", **again).status_code == 304
    site.pull.comment("bob", "Nice.")
    assert site.get("/octo/calc/pull/1", **again).status_code == 200


def test_a_page_without_scripts_looks_again_as_long_as_something_is_pending(site):
    """Without scripts the verdict would never appear; with it, typing would be interrupted."""
    refresh = '<noscript><meta http-equiv="refresh"'
    assert refresh in site.get("/octo/calc/pull/1").text
    site.conclude("success", "All is covered")
    site.world.take_outbox()
    assert refresh not in site.get("/octo/calc/pull/1").text


def test_a_range_of_lines_leads_to_the_source(site):
    """The links in the comment would lead nowhere."""
    site.world.web_url = site.url
    answer = site.get(f"/octo/calc/blob/{site.pull.head_sha}/calc.py")
    assert '<tr id="L5">' in answer.text
    assert '<td class="text">def sub(a, b):</td>' in answer.text
    assert "6 lines" in answer.text
    site.repo.commit("feature", {"a ü#?.bin": b"\0", "a ü#?.py": b"x\x0cy\r\nz\n"})
    assert "A binary file." in site.get("/octo/calc/blob/feature/a%20%C3%BC%23%3F.bin").text
    assert "2 lines" in site.get("/octo/calc/blob/feature/a%20%C3%BC%23%3F.py").text
    files = site.get("/octo/calc/pull/1/files").text
    assert f"/sandbox/octo/calc/blob/{site.pull.head_sha}/a%20%C3%BC%23%3F.py" in files


def test_changes_are_shown_with_the_numbers_of_their_lines(site):
    """Nobody could tell which lines are new code."""
    row = '<tr class="added"><td class="number"></td><td class="number">5</td>'
    for path in ("/octo/calc/pull/1/files", f"/octo/calc/commit/{site.pull.head_sha}"):
        assert f'{row}<td class="text">+def sub(a, b):</td>' in site.get(path).text


def test_addresses_that_the_api_gives_out_lead_to_pages(site):
    """Links in checks and messages would end in nothing."""
    run = site.repo.run_ci(site.pull.head_sha, artifacts={"coverage": {"lcov.info": b"TN:\n"}})
    site.conclude("success", "All is covered")
    check = site.repo.checks_on(site.pull.head_sha)[0]
    page = "/sandbox/octo/calc/pull/1/checks"
    to_run = site.get(f"/octo/calc/actions/runs/{run.id}")
    assert to_run.headers["location"] == f"{page}#run-{run.id}"
    assert site.get(f"/octo/calc/runs/{check.id}").headers["location"] == page
    assert site.get("/octo/calc").headers["location"] == "/sandbox/"
    artifact = site.get(f"/octo/calc/actions/artifacts/{run.artifacts[0].id}")
    assert artifact.content == pack({"lcov.info": b"TN:\n"})
    assert "attachment" in artifact.headers["content-disposition"]


@pytest.mark.parametrize(
    "path",
    [
        "/octo/none",
        "/octo/calc/pull/9",
        "/octo/calc/blob/feature/none.py",
        "/octo/calc/blob/none/calc.py",
        "/octo/calc/commit/0123456789",
        "/octo/calc/runs/1",
        "/octo/calc/actions/runs/1",
        "/octo/calc/actions/artifacts/1",
    ],
)
def test_what_does_not_exist_is_a_page_that_says_so(site, path):
    """A defect would be suspected where only a link was old."""
    answer = site.get(path)
    assert answer.status_code == 404
    assert "There is no such page here." in answer.text
    assert "content-security-policy" in answer.headers


def test_the_next_commit_is_pushed_once_however_often_one_clicks(site):
    """A double click would skip the part of the story that it is told for."""
    before = site.pull.head_sha
    answer = site.press("step", taken=1)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sandbox/octo/calc/pull/1")
    head = site.pull.head_sha
    assert head != before
    site.press("step", taken=1)
    assert site.pull.head_sha == head
    assert "That was the whole story" in site.get("/octo/calc/pull/1").text


def test_a_visitor_can_comment(site):
    """Nobody could talk to Covgate."""
    answer = site.press("comment", body="  Why?\r\n<script>alert(1)</script>  ")
    comment = site.repo.comments_on(1)[0]
    assert (comment.author.login, comment.body) == ("you", "Why?\n<script>alert(1)</script>")
    assert answer.headers["location"].endswith(f"/pull/1#issuecomment-{comment.id}")
    assert "alert(1)" not in site.get("/octo/calc/pull/1").text
    assert site.world.emitted[-1].event == "issue_comment"


def test_a_visitor_speaks_as_whom_he_likes(site):
    """What a reader or the author may not do could not be seen."""
    site.press("comment", body="/covgate help", **{"as": "a-reader"})
    site.press("comment", body="/covgate help", **{"as": site.pull.author.login})
    assert site.press("comment", body="x", **{"as": "covgate[bot]"}).status_code == 409
    spoke = [comment.author.login for comment in site.repo.comments_on(1)]
    assert spoke == ["a-reader", site.pull.author.login]
    text = site.get("/octo/calc/pull/1").text
    assert '<option value="a-reader">a-reader (read)</option>' in text


def test_every_command_is_a_button(site):
    """Nobody could tell what there is to try."""
    text = site.get("/octo/calc/pull/1").text
    lines = re.findall(r'<button name="body" value="(/covgate [^"]+)" formnovalidate>', text)
    assert lines[0] == "/covgate help"
    assert "/covgate show calc.py" in lines
    site.session.post(  # as a browser sends it: the empty text first, then the button
        f"{site.url}/octo/calc/comment",
        data=[("token", site.token()), ("pull", "1"), ("body", ""), ("body", lines[0])],
        timeout=5,
    )
    assert [comment.body for comment in site.repo.comments_on(1)] == ["/covgate help"]


def test_the_checks_own_button_is_there_once_it_has_ended(site):
    """The button that Covgate gives its check could not be tried."""
    site.conclude("failure", "No")
    check = next(iter(site.repo.checks.values()))
    check.actions = [{"label": "Check again", "description": "Anew", "identifier": "recheck"}]
    assert "Check again" in site.get("/octo/calc/pull/1/checks").text
    site.press("press", check=check.id, button="recheck")
    sent = site.world.emitted[-1]
    assert (sent.event, sent.action) == ("check_run", "requested_action")
    assert sent.payload["requested_action"] == {"identifier": "recheck"}
    assert site.press("press", check=check.id, button="other").status_code == 409
    check.status = "in_progress"
    assert "Check again" not in site.get("/octo/calc/pull/1/checks").text


def test_an_empty_comment_is_none_and_a_huge_one_is_refused(site):
    """GitHub takes neither."""
    assert site.press("comment", body="  \n").status_code == 303
    assert site.press("comment", body="x" * 65_537).status_code == 409
    assert site.press("comment", body="x" * 1_100_000).status_code == 413
    assert site.repo.comments_on(1) == []


def test_a_pull_request_is_closed_and_opened_again(site):
    """What Covgate does about closed pull requests could not be tried."""
    site.press("close")
    assert site.pull.state == "closed"
    text = site.get("/octo/calc/pull/1").text
    assert "Reopen the pull request to go on" in text
    site.press("close")
    site.press("reopen")
    assert site.pull.state == "open"
    sent = [d.action for d in site.world.emitted if d.event == "pull_request"]
    assert sent == ["opened", "closed", "reopened"]


@pytest.mark.parametrize(
    ("outcome", "conclusion", "uploads"),
    [("success", "success", 2), ("failure", "failure", 2), ("empty", "failure", 1)],
)
def test_ci_runs_again_and_ends_as_one_likes(site, outcome, conclusion, uploads):
    """A re-run that fails or forgets its report is what one wants to see Covgate handle."""
    run = site.repo.run_ci(site.pull.head_sha, artifacts={"coverage": {"lcov.info": b"TN:\n"}})
    assert "Re-run CI" in site.get("/octo/calc/pull/1/checks").text
    site.press("rerun", run=run.id)
    assert (run.attempt, run.status) == (2, "in_progress")
    assert "Let it fail without a report" in site.get("/octo/calc/pull/1/checks").text
    site.press("finish", run=run.id, outcome=outcome)
    assert (run.status, run.conclusion) == ("completed", conclusion)
    assert len(run.artifacts) == uploads
    assert len({artifact.archive for artifact in run.artifacts}) == 1


def test_a_run_of_the_story_is_ended_by_the_story(site):
    """The story's report would be uploaded to a run that is over."""
    site.sample.run = site.repo.start_run(site.pull.head_sha)
    text = site.get("/octo/calc/pull/1/checks").text
    assert "In progress" in text
    assert "Let it succeed" not in text


def test_the_check_is_asked_for_again(site):
    """GitHub's own re-run button could not be tried."""
    site.conclude("failure", "Half is covered")
    check = site.repo.checks_on(site.pull.head_sha)[0]
    site.press("recheck", check=check.id)
    assert [(d.event, d.action) for d in site.world.emitted][-1] == ("check_run", "rerequested")


def test_deliveries_are_listed_and_sent_again(site):
    """Nobody would see what the receiver answered, or how it takes a delivery twice."""
    delivery = site.world.take_outbox()[-1]
    delivery.status_code, delivery.status = 503, "Service Unavailable"
    site.world.record_sent(delivery)
    text = site.get("/octo/calc/pull/1").text
    assert '<span class="bad">503 Service Unavailable</span>' in text
    site.press("redeliver", delivery=delivery.id)
    assert site.world.outbox[0].guid == delivery.guid
    assert '<span class="muted">waits</span>' in site.get("/octo/calc/pull/1").text


@pytest.mark.parametrize(
    ("play", "form"),
    [
        ("step", {"taken": "x"}),
        ("comment", {"pull": 9, "body": "x"}),
        ("rerun", {"run": 1}),
        ("finish", {"run": 1, "outcome": "success"}),
        ("recheck", {"check": 1}),
        ("redeliver", {"delivery": 1}),
        ("close", {"pull": ""}),
    ],
)
def test_what_can_not_be_done_is_said(site, play, form):
    """A button on an old page would end in a defect's report."""
    answer = site.press(play, **form)
    assert answer.status_code == 409
    assert "Reload the page" in answer.text


def test_buttons_that_do_not_exist_are_refused(site):
    """A guessed address would be called."""
    assert site.press("delete").status_code == 404


@pytest.mark.parametrize("play", ["step", "comment", "close", "reopen", "rerun", "redeliver"])
def test_other_sites_can_not_press_the_buttons(site, play):
    """Any page open in the same browser could play with the sandbox."""
    before = len(site.world.emitted)
    form = {"body": "x", "taken": 1}
    assert site.press(play, token="guessed", **form).status_code == 403
    assert site.press(play, token="", **form).status_code == 403
    assert (
        site.press(play, token="\udcff".encode("utf-8", "surrogateescape"), **form).status_code
        == 403
    )
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
        assert site.press(play, {"Origin": origin}, **form).status_code == 403
    assert len(site.world.emitted) == before


def test_the_pages_own_forms_are_taken(site):
    """With the check of the origin too strict, no button would work in a browser."""
    origin = site.url.removesuffix("/sandbox")
    assert site.press("close", {"Origin": origin}).status_code == 303


def test_nothing_is_changed_by_looking(site):
    """A prefetching browser would press the buttons."""
    before = len(site.world.emitted)
    for play in ("step", "close", "comment"):
        assert site.get(f"/octo/calc/{play}").status_code == 405
    assert len(site.world.emitted) == before


def test_the_samples_story_is_told_from_the_first_click_to_the_last(served):
    """The sandbox would get stuck on its own samples."""
    switch, url, session = served
    world = World()
    samples = load_samples(world)
    switch.show(world, samples)
    for sample in samples.values():
        name = sample.repo.full_name
        form = f'action="/sandbox/{name}/step"'
        while form in (text := session.get(f"{url}/", timeout=5).text):
            fields = re.findall(r'name="(\w+)" value="([^"]*)"', text.partition(form)[2])[:2]
            answer = session.post(f"{url}/{name}/step", data=dict(fields), timeout=5)
            assert answer.status_code == 200
        assert sample.next_step is None
        assert sample.pull is not None
        base = f"{url}/{name}/pull/1"
        assert "CI runs" in session.get(f"{base}/checks", timeout=5).text
        assert "changed since the merge base" in session.get(f"{base}/files", timeout=5).text


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_every_ground(scheme):
    """WCAG 2.2 AA asks for 4.5 to 1: with less, many readers see nothing."""
    css = (STATIC / "page.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", blocks[scheme == "dark"]))
    pairs = [(text, back) for text in ("text", "muted", "link") for back in ("back", "tint")]
    pairs += [("text", back) for back in ("added", "removed", "hunk", "chosen", "button")]
    pairs += [("muted", back) for back in ("added", "removed", "hunk", "chosen")]
    pairs += [
        ("link", "hunk"),
        ("good", "back"),
        ("bad", "back"),
        ("good", "tint"),
        ("bad", "tint"),
    ]
    poor = [pair for pair in pairs if _contrast(colour[pair[0]], colour[pair[1]]) < 4.5]
    poor += [
        ("#fff", key) for key in ("primary", "primary-over") if _contrast("#fff", colour[key]) < 4.5
    ]
    badges = set(re.findall(r"\.badge[.\w]* \{[^}]*background: (#\w+)", css))
    poor += [("#fff", badge) for badge in badges if _contrast("#fff", badge) < 4.5]
    assert poor == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [("http://127.0.0.1:1/octo/calc/pull/1", True), ("javascript:alert(1)", False), (None, False)],
)
def test_a_check_leads_where_the_app_says(site, url, shown):
    """The dashboard could not be found from the check, or a link would run a script."""
    site.conclude("success", "so")
    (check,) = site.repo.checks.values()
    check.details_url = url
    text = site.get("/octo/calc/pull/1/checks").text
    assert ("View more details on covgate" in text) == shown
    assert "javascript" not in text
