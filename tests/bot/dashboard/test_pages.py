"""The pages over real HTTP: what is on them, who sees them, and that names stay names."""

from __future__ import annotations

import re
import socket
from html.parser import HTMLParser

import pytest
from starlette.requests import Request

from bot.dashboard.access import LoopbackViewer, PublicViewer
from bot.dashboard.pages import Links, view_home
from tests.bot.dashboard.conftest import Site, serve
from tests.bot.dashboard.samples import BEFORE, HEAD, SOURCE, TIP, fill
from tests.support.hostile import HOSTILE
from worker.core.errors import CovgateError, PostponedError
from worker.inbox.waiting import Queue, Waiting

PAGES = [
    "/",
    "/acme/rockets",
    "/acme/odd.names",
    "/other/empty",
    "/acme/rockets/pull/5",
    "/acme/rockets/pull/6",
    "/acme/odd.names/pull/5",
    "/acme/rockets/insights/risk",
    "/acme/odd.names/insights/made_up",
    f"/acme/rockets/blob/{TIP}/src/engine.py",
]
HIDDEN = [
    "/acme/secret",
    "/acme/secret/pull/5",
    "/acme/secret/insights/risk",
    f"/acme/secret/blob/{TIP}/src/engine.py",
]
ABSENT = [
    "/acme/nothing",
    "/acme/nothing/pull/5",
    "/acme/rockets/pull/99",
    "/acme/rockets/pull/99999999999999999999999",
    f"/acme/rockets/pull/{'9' * 5_000}",
    "/acme/rockets/pull/five",
    "/acme/rockets/insights/none",
    f"/acme/rockets/blob/{TIP}/no/such/file",
    f"/acme/rockets/blob/{'9' * 40}/src/engine.py",
    "/acme/rockets/blob/main/src/engine.py",
    "/.../..",
    "/acme/%00",
    "/acme/a%27or%271",
    "/queue",
    "/static/covgate.css",
]


class Source:
    """Gives everybody the same source, or none; remembers what was asked for."""

    def __init__(self, text):
        self.text, self.asked = text, []

    def read(self, _request, repository, commit, path):
        self.asked.append((repository.full_name, commit, path))
        return self.text


class Elements(HTMLParser):
    """The tags of a page, with the ids."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.attributes = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id"]


@pytest.mark.parametrize("path", [*PAGES, "/acme/nothing"])
def test_no_page_may_run_or_load_anything(own_site, path):
    """A hole in one template would run a stranger's script in everybody's browser."""
    reply = own_site.get(path)
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self' data:;")
    assert "script" not in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["x-content-type-options"] == "nosniff"
    found = Elements(reply.body.decode())
    assert not {"script", "style", "iframe", "object", "base"} & set(found.tags)
    for _tag, name, value in found.attributes:
        assert name != "style"
        assert not name.startswith("on")
        if name in {"href", "src"}:
            assert re.match(r"/(?!/)|#|https://(github\.com/acme|covgate\.example)/", value), value


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_small_and_sound(own_site, path):
    """A page would take long on a phone, or its links lead to the wrong place in it."""
    text = own_site.page(path)
    found = Elements(text)
    assert len(text.encode()) < 100_000
    assert len(found.ids) == len(set(found.ids))
    assert found.tags.count("h1") == 1
    anchors = [value[1:] for _, name, value in found.attributes if name == "href"
               and value.startswith("#")]  # fmt: skip
    assert set(anchors) <= set(found.ids)


@pytest.mark.parametrize("path", HIDDEN)
def test_what_one_may_not_see_is_as_if_it_were_not_there(site, path):
    """A stranger could find out which private repositories there are."""
    hidden, absent = site.get(path), site.get(path.replace("secret", "nothing"))
    assert hidden.status == absent.status == 404
    assert hidden.body == absent.body
    assert hidden.headers.keys() == absent.headers.keys()
    assert {name: hidden.headers[name] for name in hidden.headers if name != "date"} == {
        name: absent.headers[name] for name in absent.headers if name != "date"
    }


@pytest.mark.parametrize("path", ABSENT)
def test_what_is_not_there_has_one_page(site, path):
    """An odd address would end in a defect's page, or in another one that tells too much."""
    reply = site.get(path)
    assert reply.status == 404
    assert reply.body == site.get("/acme/nothing").body


def test_the_list_shows_what_one_may_read(site, own_site):
    """Private names would be public, or the one at the machine not see their own."""
    text = site.page("/")
    assert "secret" not in text
    assert re.findall(r'<h2><a href="([^"]+)"', text) == [
        "/acme/odd.names",
        "/acme/rockets",
        "/other/empty",
    ]
    assert "81.11 %" in text
    assert "No report of <bdi>trunk</bdi> yet" in text
    assert "/acme/secret" in own_site.page("/")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "covgate.example.com"},
        {"host": "rebound.example:8000"},
        {"x_forwarded_for": "203.0.113.9"},
        {"forwarded": "for=203.0.113.9"},
        {"x_forwarded_host": "covgate.example.com"},
        {"x_forwarded_proto": "https"},
        {"cf_connecting_ip": "203.0.113.9"},
        {"host": "[bad"},
    ],
)
def test_only_the_one_at_the_machine_sees_all(own_site, headers):
    """A tunnel, a proxy or a page that points its own name here would read private code."""
    assert own_site.get("/acme/secret").status == 200
    assert own_site.get("/acme/secret", host="localhost:1").status == 200
    assert own_site.get("/acme/secret", **headers).status == 404
    assert own_site.get("/queue", **headers).status == 404
    assert own_site.get("/acme/rockets", **headers).status == 200


def test_a_proxy_that_leaves_no_header_is_not_this_machine(own_site):
    """Behind nginx as it comes, all the world would be the one at the machine."""
    found = []
    for version in (b"1.1", b"1.0"):
        with socket.create_connection(("127.0.0.1", own_site.port), timeout=20) as peer:
            peer.sendall(
                b"GET /acme/secret HTTP/" + version + b"\r\nHost: 127.0.0.1:8000\r\n"
                b"Connection: close\r\n\r\n"
            )
            found.append(peer.makefile("rb").readline().split()[1])
    assert found == [b"200", b"404"]


@pytest.mark.parametrize("path", ["/acme/secret/badge.json", "/acme/secret/badge.svg", "/queue"])
@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "cors", "sec_fetch_dest": "empty"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_other_pages_see_nothing_of_the_machines_own(own_site, path, headers):
    """Any web page could read a private repository's badge out of the machine's own Covgate."""
    assert own_site.get(path).status == 200
    assert own_site.get(path, **headers).status == 404


def test_a_link_leads_to_the_machines_own_page(own_site):
    """“Details” of a check on GitHub would lead to a page that is not there."""
    led = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    assert own_site.get("/acme/secret/pull/5", **led, sec_fetch_dest="document").status == 200
    own = {"sec_fetch_site": "same-origin", "sec_fetch_mode": "no-cors"}
    assert own_site.get("/acme/secret/badge.svg", **own, sec_fetch_dest="image").status == 200


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/acme/rockets", "same-origin"),
        ("/api/v1/repositories", "same-origin"),
        ("/acme/rockets/badge.svg", "cross-origin"),
    ],
)
def test_only_badges_are_for_other_pages(site, path, policy):
    """A page elsewhere could load others' pages as pictures, and learn from what comes."""
    assert site.get(path).headers["cross-origin-resource-policy"] == policy


def test_a_repository_shows_where_it_stands(site):
    """The page would be there without what people come for."""
    text = site.page("/acme/rockets")
    assert "81.11 %" in text
    assert "73 of 90 lines" in text
    assert "the target of 80\u00a0% is reached" in text
    assert "Coverage from commit to commit" in text
    assert "From 2030-01-01, 0000000: 77.77 % to 2030-01-04, fffffff: 81.11 %" in text
    assert '<span class="risk risk-high">high</span>' in text
    assert "Tests by their type" in text
    assert "83 tests: e2e 3, unit 80" in text
    assert 'id="insight-made_up"' in text
    assert "{&#39;new&#39;: 1}" in text
    assert "… and 12 more rows" not in text
    assert '<a href="/acme/rockets/insights/long">' in text
    assert "Aim higher" in text
    assert "waits for its CI" in text
    assert 'let <a href="/acme/rockets/pull/5">#5</a> in' in text
    assert f'href="/acme/rockets/blob/{TIP}/src/engine.py#L5"' in text


def test_all_rows_of_an_analysis_have_a_page(site):
    """The ninth gap would be nowhere to be seen."""
    assert site.page("/acme/rockets/insights/long").count("<tr>") == 21


def test_a_repository_without_a_report_says_how_to_get_one(site):
    """A team would look at an empty page and not know what is missing."""
    text = site.page("/other/empty")
    assert "No report of <bdi>trunk</bdi> yet" in text
    assert "actions/upload-artifact" in text


def test_an_empty_installation_leads_on(empty_site):
    """An administrator would look at an empty page after the set-up."""
    assert "Install the App" in empty_site.page("/")


def test_without_an_app_the_list_leads_to_the_setup():
    """Whoever starts it for the first time would not know where to begin."""
    page = view_home([], "", after="", next_after="", registered=False)
    assert not page.registered
    assert not page.cards


def test_a_pull_request_shows_its_verdict_and_why(site):
    """A developer would learn that it failed, and not why or where."""
    text = site.page("/acme/rockets/pull/5")
    assert "Aim higher" in text
    assert text.count('<li><div class="gate">') == 2
    assert "0.00 % of the new code is covered" in text
    assert 'aria-label="Failed"' in text
    assert f'href="/acme/rockets/blob/{HEAD}/' in text
    assert "Verdicts on its heads" in text
    assert BEFORE[:7] in text
    assert "Overrides" in text


def test_a_pull_request_that_waits_says_so(site):
    """The link of a check in progress would be dead."""
    text = site.page("/acme/rockets/pull/6")
    assert "Waiting for its CI to end" in text
    assert 'aria-label="Waiting"' in text


def test_the_lines_are_coloured_where_the_source_can_be_had(site):
    """A developer would have to count lines to find the gap."""
    site.source = Source(SOURCE)
    text = site.page(f"/acme/rockets/blob/{TIP}/src/engine.py")
    assert site.source.asked == [("acme/rockets", TIP, "src/engine.py")]
    rows = re.findall(r'<tr id="L(\d)"(?: class="(\w+)[^"]*")?>', text)
    assert rows == [
        ("1", "hit"), ("2", "partial"), ("3", ""), ("4", ""), ("5", "hit"), ("6", "miss"),
        ("7", "miss"),
    ]  # fmt: skip
    assert "    return &lt;/td&gt;&lt;script&gt;" in text


def test_without_a_source_the_lines_are_told(site):
    """Whoever has no right to the code would get an empty page."""
    text = site.page(f"/acme/rockets/blob/{TIP}/src/engine.py")
    assert "Not covered: 2 lines" in text
    assert "6–7" in text
    assert "The source is shown to those who may read it" in text


def test_a_long_file_shows_its_gaps(site):
    """A generated file of ten thousand lines would be a page of megabytes."""
    site.source = Source("x = 1\n" * 50_000)
    text = site.page(f"/acme/rockets/blob/{TIP}/src/engine.py")
    assert "only what is not covered is shown" in text
    assert len(text) < 20_000
    site.source = Source("y" * 200_000)
    assert len(site.page(f"/acme/rockets/blob/{TIP}/src/engine.py")) < 20_000


@pytest.mark.parametrize("path", ["/acme/odd.names", "/acme/odd.names/pull/5"])
def test_names_of_strangers_are_names_and_nothing_else(site, path):
    """A file's name would become markup, a link elsewhere, or turn the text around."""
    text = site.page(path)
    assert "<script" not in text
    assert "<img src=x" not in text
    assert "onerror=alert" not in re.sub(r"&lt;.*?&gt;", "", text)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x1b\x00]", text)
    assert "\\u202egnp.exe" in text
    assert "&lt;/code&gt;&lt;/td&gt;&lt;/table&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in text


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.strip(" \\")])
def test_a_file_of_any_name_has_a_page(site, name):
    """The link to a gap would be dead, for its name alone."""
    address = Links("", "acme/odd.names").file(TIP, name)
    assert "\n" not in address
    status = site.get(address).status
    assert status == (404 if "\ud800" in name else 200)


def test_a_page_is_sent_once(site):
    """Every look would cost the whole page again."""
    first = site.get("/acme/rockets")
    again = site.get("/acme/rockets", if_none_match=f"W/{first.headers['etag']}")
    assert again.status == 304
    assert again.body == b""
    assert "private" in first.headers["cache-control"]


def test_the_style_sheet_is_kept_for_ever(site):
    """A release would be shown with the last one's colours, or loaded with every page."""
    (address,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', site.page("/"))
    reply = site.get(address)
    assert reply.headers["content-type"].startswith("text/css")
    assert "immutable" in reply.headers["cache-control"]
    assert re.search(r"covgate\.[0-9a-f]{12}\.css$", address)


@pytest.mark.parametrize("error", [PostponedError("down", seconds=7), CovgateError("broken")])
def test_a_database_that_is_away_is_said_so(site, error):
    """The reader would see a defect, and the operator a traceback."""
    site.store.broken = error
    reply = site.get("/acme/rockets")
    assert reply.status == 503
    assert int(reply.headers["retry-after"]) in {7, 30}
    assert b"can&#39;t be had now" in reply.body or b"can't be had now" in reply.body
    assert b"broken" not in reply.body


def test_the_queue_shows_what_waits(own_site):
    """An operator would have to read Redis to see what is overdue."""
    own_site.queue = Queue(
        105,
        (
            Waiting("pull:5", "acme/rockets", -600.0, 0, False, ("pull_request.opened",)),
            Waiting("commit:" + TIP, "acme/rockets", 90.5, 0, True, ("<b>",)),
            Waiting("pull:6", HOSTILE[0], 3.0, 4, False, ()),
            Waiting("sweep:deliveries", "", 7_300.0, 0, False, ()),
        ),
    )
    text = own_site.page("/queue")
    assert "105 awaited" in text
    assert '<a href="/acme/rockets/pull/5">Pull request #5</a>' in text
    assert "10 minutes ago" in text
    assert "in 2 hours" in text
    for label in ("Overdue", "In work", "Fails", "Awaited"):
        assert f"{label}</td>" in text
    assert "and 101 more subjects" in text
    assert "<b>" not in text.replace("<b>1 overdue</b>", "").replace("<b>1 failing</b>", "")
    own_site.queue_error = CovgateError("Redis is away")
    assert own_site.get("/queue").status == 503


def test_a_machine_on_the_network_is_not_this_one():
    """Everybody in the office would see what the one at the machine sees."""
    headers = [(b"host", b"127.0.0.1:8000")]
    for client in (("192.0.2.7", 1), None):
        request = Request({"type": "http", "headers": headers, "client": client})
        assert not LoopbackViewer(PublicViewer()).is_operator(request)


def test_other_routes_are_not_a_repositorys(site):
    """A delivery to a mistyped address would be answered with a page, or a page hide a route."""
    assert site.get("/webhooks/github").status == 405
    assert site.get("/healthz").status == 200
    assert site.get("/metrics").status == 200
    assert site.get("/setup/else").json["status"] == "refused"
    assert site.get("/static/..%2f..%2fgate.py").json["status"] == "refused"


def test_a_viewer_decides_for_every_page():
    """A page that forgot to ask would show what its reader may not see."""

    class Nobody(PublicViewer):
        def may_read(self, _request, _repository):
            return False

    site = Site()
    fill(site.store)
    for one in serve(site, Nobody()):
        for path in [*PAGES[1:], "/queue"]:
            assert one.get(path).status == 404, path
        for path in ("", "/trend", "/insights", "/files", "/pulls", "/pulls/5", "/overrides"):
            assert one.get(f"/api/v1/repositories/acme/rockets{path}").status == 404
        assert one.get("/acme/rockets/badge.svg").status == 404
