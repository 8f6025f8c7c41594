"""The sandbox's pages in a real browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route

from bot.sandbox.deliveries import Courier
from bot.sandbox.markdown import render_markdown
from bot.sandbox.page import page_routes
from bot.sandbox.samples import load_samples
from bot.sandbox.server import Server
from bot.sandbox.world import World
from tests.bot.sandbox.test_markdown import HOSTILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHROMIUM = "/usr/bin/chromium"
GOLDEN = Path(__file__).parents[1] / "golden" / "comment"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"no {CHROMIUM} here"),
]


@pytest.fixture
def browse(tmp_path: Path) -> Iterator[Callable[[str], tuple[str, str]]]:
    """Open an address; return the DOM after the scripts ran, and what the console said."""

    def run(url: str) -> tuple[str, str]:
        profile = tmp_path / "profile"
        done = subprocess.run(
            [
                CHROMIUM,
                *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
                *("--no-first-run", "--disable-background-networking", "--disable-sync"),
                *("--disable-component-update", "--enable-logging=stderr", "--hide-scrollbars"),
                *(f"--user-data-dir={profile}", "--window-size=1000,800"),
                *("--virtual-time-budget=2500", "--dump-dom", url),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        return done.stdout, "\n".join(console)

    yield run
    shutil.rmtree(tmp_path / "profile", ignore_errors=True)


class Gate:
    """Serves the sandbox; `before` is called with the count of looks at a page."""

    def __init__(self) -> None:
        self.world = World()
        self.samples = load_samples(self.world)
        self.pull = self.samples["yajl"].open()
        self.looks = 0
        self.before: Callable[[int], object] = lambda _count: None
        routes = page_routes(self.world, self.samples, Courier(self.world))
        routes_beside = [
            Route("/frames", lambda _request: HTMLResponse(FRAMES)),
            Route("/talker", lambda _request: HTMLResponse(TALKER)),
            Route("/visitor", lambda _request: HTMLResponse(VISITOR)),
        ]
        self.app = Starlette(routes=[Mount("/sandbox", routes=routes), *routes_beside])
        self.framed = False

    async def __call__(self, scope, receive, send):
        if scope["path"].endswith("/pull/1"):
            self.looks += 1
            self.before(self.looks)

        async def send_frameable(message):
            if self.framed and message["type"] == "http.response.start":
                names = (b"content-security-policy",)
                message["headers"] = [h for h in message["headers"] if h[0] not in names]
            await send(message)

        await self.app(scope, receive, send_frameable)


@pytest.fixture
def site() -> Iterator[tuple[Gate, str]]:
    gate = Gate()
    server = Server(gate)
    server.start()
    yield gate, f"http://127.0.0.1:{server.port}"
    server.stop()


PROBE = "document.documentElement.dataset.ran=1"


def test_nothing_in_a_comment_runs_even_without_the_pages_policy(browse, tmp_path):
    """The cleaning is tested as a program reads HTML; a browser reads it in its own way."""
    traps = [trap.replace("alert(1)", PROBE) for trap in HOSTILE]
    raw = tmp_path / "raw.html"
    raw.write_text("\n".join(traps[:10]), encoding="utf-8")
    assert 'data-ran="1"' in browse(raw.as_uri())[0], "the probe itself does not work"
    cleaned = "\n".join(
        f'<article id="a{at}"><div>{render_markdown(trap)}</div></article><i id="i{at}"></i>'
        for at, trap in enumerate(traps)
    )
    page = tmp_path / "cleaned.html"
    page.write_text(f"<!doctype html><meta charset=utf-8><body>{cleaned}</body>", encoding="utf-8")
    dom = browse(page.as_uri())[0]
    assert "data-ran" not in dom
    for at in range(len(traps)):
        # What follows a comment follows it still: it did not swallow it, nor break out.
        assert f'</div></article><i id="i{at}"></i>' in dom


def test_a_page_follows_along_and_breaks_no_policy(site, browse):
    """One would press reload until the verdict is there."""
    gate, url = site

    def tell(count: int) -> None:
        if count == 2:
            gate.pull.comment("bob", "It **arrived**.")

    gate.before = tell
    dom, console = browse(f"{url}/sandbox/octo/yajl/pull/1")
    assert "It <strong>arrived</strong>." in dom
    assert gate.looks >= 3
    assert console == ""


def test_a_range_of_lines_is_shown(site, browse):
    """A click on "12–15" would show a file and not the lines."""
    gate, url = site
    path = f"/sandbox/octo/yajl/blob/{gate.pull.head_sha}/src/yajl_tree.c"
    dom, console = browse(f"{url}{path}#L447-L449")
    assert re.findall(r'<tr id="(L\d+)" class="chosen">', dom) == ["L447", "L448", "L449"]
    assert "lines 447 to 449" in dom
    assert console == ""


FRAMES = """<!doctype html><title>Phone</title><body><script>
const pages = ["/", "/octo/yajl/pull/1", "/octo/yajl/pull/1/checks", "/octo/yajl/pull/1/files"];
for (const page of pages) {
  const frame = document.createElement("iframe");
  frame.width = 360;
  frame.onload = () => {
    const root = frame.contentDocument.documentElement;
    document.body.dataset["at" + pages.indexOf(page)] = root.scrollWidth - root.clientWidth;
  };
  frame.src = "/sandbox" + page;
  document.body.append(frame);
}
</script>"""


def test_no_page_is_wider_than_a_phone(site, browse):
    """One would have to push the page to and fro to read it."""
    gate, url = site
    for path in sorted(GOLDEN.glob("*.md")):
        gate.pull.comment("ann", path.read_text(encoding="utf-8"))
    gate.pull.comment("bob", f"`{'x' * 300}` https://a.example/{'y' * 300}\n\n    {'z' * 300}")
    gate.framed = True
    dom = browse(f"{url}/frames")[0]
    wider = re.findall(r'data-at(\d)="(-?\d+)"', dom.partition("<script")[0])
    assert sorted(wider) == [("0", "0"), ("1", "0"), ("2", "0"), ("3", "0")]


VISITOR = """<!doctype html><title>Visitor</title><body><iframe src="/sandbox/octo/yajl/pull/1">
</iframe><script>
const frame = document.querySelector("iframe");
const find = (selector) => frame.contentDocument.querySelector(selector);
frame.onload = () => {
  if (find("#reopen")) document.body.dataset.closed = "yes";
  if (!find("#close")) return;
  find("#body").value = "half a sent";
  find("#deliveries").open = true;
  find("#close").focus();
  const look = setInterval(() => {
    if (!frame.contentDocument.body.textContent.includes("It arrived.")) return;
    clearInterval(look);
    document.body.dataset.typed = find("#body").value;
    document.body.dataset.fold = find("#deliveries").open;
    document.body.dataset.focus = frame.contentDocument.activeElement.id;
    find("#close").click();
  }, 50);
};
</script>"""


TALKER = """<!doctype html><title>Talker</title><body><iframe src="/sandbox/octo/yajl/pull/1">
</iframe><script>
const frame = document.querySelector("iframe");
const find = (selector) => frame.contentDocument.querySelector(selector);
frame.onload = () => {
  if (frame.contentDocument.body.textContent.includes("said so")) return;
  if (find("article.comment[id]")) {
    document.body.dataset.tried = find("article.comment[id] .markdown").textContent.trim();
    find("#body").value = "said so";
    find("#as").value = "a-reader";
    find("form.write .primary").click();
    return;
  }
  find("#try").open = true;
  find("#try button").click();
};
</script>"""


def test_a_command_is_tried_by_a_click(site, browse):
    """The first thing that one tries would be refused as an empty comment."""
    gate, url = site
    gate.framed = True
    dom = browse(f"{url}/talker")[0].partition("<script")[0]
    assert 'data-tried="/covgate help"' in dom
    said = [(one.author.login, one.body) for one in gate.pull.repo.comments_on(1)]
    assert said == [("you", "/covgate help"), ("a-reader", "said so")]


def test_following_along_disturbs_nobody_and_the_buttons_work(site, browse):
    """A comment half written would be lost, or a browser's own form be taken for forged."""
    gate, url = site

    def tell(count: int) -> None:
        if count == 2:
            gate.pull.comment("bob", "It arrived.")
            gate.pull.push({"more.txt": b"x"}, "More")

    gate.before, gate.framed = tell, True
    dom = browse(f"{url}/visitor")[0].partition("<script")[0]
    for told in ("typed='half a sent'", "fold='true'", "focus='close'", "closed='yes'"):
        assert "data-" + told.replace("'", '"') in dom
    assert gate.pull.state == "closed"
