"""Pages in Debian's chromium, driven by Playwright, and what a person would mind in them."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

__all__ = ["DESKTOP", "PHONE", "VIEWS", "Tab", "examine", "opened", "scrutinise"]

AXE = Path(__file__).parents[1] / "data" / "axe" / "axe.min.js"
DESKTOP, PHONE = (1280, 800), (360, 740)
HEAVIEST = 100_000
"""Bytes that a page and all that it loads may have."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]

WATCH = """
globalThis.seen = { shifted: [], focused: [] };
const note = (entries) => {
  for (const { value, sources } of entries) {
    const what = sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? "text");
    seen.shifted.push(`${what.join(", ")} by ${value}`);
  }
};
seen.observer = new PerformanceObserver((list) => note(list.getEntries()));
seen.observer.observe({ type: "layout-shift", buffered: true });
seen.settle = () => note(seen.observer.takeRecords());
addEventListener("focusin", ({ target }) => {
  const style = getComputedStyle(target);
  const box = target.getBoundingClientRect();
  const ringed = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  const inside = box.width > 0 && box.height > 0 && box.right > 0 && box.left < innerWidth;
  seen.focused.push({ node: target, ringed, inside });
});
"""
"""Runs before a page's own scripts: the policy of the page is not asked about it."""

STOPS = """() => [...document.querySelectorAll(
  "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]"
)].filter((node) => node.tabIndex >= 0 && !node.disabled && node.checkVisibility()
  // Of a group of radio buttons, one is a stop.
  && !(node.type === "radio" && !node.checked)).length"""

WALKED = """() => {
  const show = (node) => node.outerHTML.slice(0, 90);
  const faults = [];
  const stops = seen.focused;
  for (const { node, ringed, inside } of stops) {
    if (!ringed) faults.push("no visible focus: " + show(node));
    if (!inside) faults.push("focused, and out of sight: " + show(node));
  }
  for (let at = 1; at < stops.length; at += 1) {
    const order = stops[at - 1].node.compareDocumentPosition(stops[at].node);
    const { node } = stops[at];
    if (!(order & Node.DOCUMENT_POSITION_FOLLOWING)) faults.push("backwards: " + show(node));
  }
  return [stops.length, faults];
}"""

WIDER = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  return [...document.querySelectorAll("body *")]
    .filter((node) => node.getBoundingClientRect().right > root.clientWidth + 1)
    .slice(0, 5).map((node) => node.outerHTML.slice(0, 120));
}"""

SKIPPED = """() => {
  const main = document.querySelector("main");
  const found = [];
  if (!seen.focused[0]?.node.matches("a.skip")) found.push("the first stop is no skip link");
  if (main.querySelector("a, button, input") && !main.contains(document.activeElement))
    found.push("the skip link does not skip");
  return found;
}"""

DRAWN = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
  seen.settle();
  done(seen.shifted);
})))"""

COST = """() => {
  const loaded = [...performance.getEntriesByType("navigation"),
                  ...performance.getEntriesByType("resource")];
  return [loaded.reduce((sum, one) => sum + one.transferSize, 0),
          performance.getEntriesByType("navigation")[0].loadEventEnd];
}"""

CHECK = """async (rules) => {
  const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  const isGiven = ({ target }) => document.querySelector(target).closest(".markdown");
  return found.violations.flatMap(({ id, tags, nodes }) => nodes.filter(
    // How GitHub shows a comment is not this page's affair, as long as it can be read.
    (node) => !(tags.includes("best-practice") && isGiven(node))
  ).map(({ html, any, failureSummary }) =>
    `${id}: ${html.slice(0, 120)} (${any[0]?.message ?? failureSummary})`));
}"""


@cache
def axe() -> str:
    return AXE.read_text(encoding="utf-8")


@dataclass
class Tab:
    """One window of a browser that was never anywhere; it writes down what goes wrong."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """What the console said, scripts that failed, requests to anywhere but this machine."""

    def __post_init__(self) -> None:
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", self._note_request)

    def open(self, url: str, status: int = 200) -> Response:
        """Go to an address; fail where the answer is another one than expected."""
        # From one part of a page to another, nothing is loaded.
        self.page.goto("about:blank")
        answer = self.page.goto(url)
        assert answer is not None
        assert answer.status == status, (url, answer.status)
        return answer

    def look(self, size: tuple[int, int], scheme: str) -> None:
        """Have this window's width and height, and light or dark colours."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")

    def unfold(self) -> None:
        """Open all that is folded: what nobody looks at, nobody finds wanting."""
        self.page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")

    def shifted(self) -> list[str]:
        """Return what moved after the page was first drawn."""
        return self.page.evaluate(DRAWN)

    def cost(self) -> tuple[int, float]:
        """Return what the page weighs with all that it loaded, in bytes, and its milliseconds."""
        return tuple(self.page.evaluate(COST))

    def wider(self) -> list[str]:
        """Return what is wider than the window, where one would have to push the page aside."""
        return self.page.evaluate(WIDER)

    def violations(self) -> list[str]:
        """Return what axe finds against WCAG 2.1 A and AA, and against good practice."""
        self.page.evaluate(axe())
        return self.page.evaluate(CHECK, RULES)

    def walk(self) -> list[str]:
        """Press Tab through the page, and take the skip link; return what is wrong.

        Wrong is a stop that is left out, in another order than the page's, out of sight, or
        that nobody sees is one.
        """
        stops = self.page.evaluate(STOPS)
        keys, skip = self.page.keyboard, self.page.locator("a.skip")
        for _ in range(stops):
            keys.press("Tab")
        made, faults = self.page.evaluate(WALKED)
        if made != stops:
            faults.append(f"Tab makes {made} stops, and the page has {stops}")
        skip.focus()
        if (skip.bounding_box() or {"x": -1})["x"] < 0:
            faults.append("the skip link stays out of sight")
        keys.press("Enter")
        keys.press("Tab")
        return [*faults, *self.page.evaluate(SKIPPED)]

    def elements(self) -> Counter[str]:
        """Return how many elements of each name there are."""
        return Counter(
            self.page.evaluate("[...document.querySelectorAll('*')].map((one) => one.localName)")
        )

    def _note_console(self, message: ConsoleMessage) -> None:
        # A page that says "not found" is what was asked for.
        if "the server responded with a status of" not in message.text:
            self.complaints.append(f"console: {message.text}")

    def _note_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and parts.hostname != "127.0.0.1":
            self.complaints.append(f"asked elsewhere: {request.url}")


@contextmanager
def opened(chromium: Browser, *, sharpness: int = 1) -> Iterator[Tab]:
    """Yield a tab of a browser without cookies and without a cache."""
    context = chromium.new_context(
        device_scale_factor=sharpness,
        locale="en-GB",
        timezone_id="UTC",
        reduced_motion="reduce",
    )
    context.set_default_timeout(30_000)
    context.add_init_script(WATCH)
    try:
        yield Tab(context.new_page())
    finally:
        context.close()


VIEWS = ((DESKTOP, "light"), (PHONE, "dark"))


def examine(tab: Tab, url: str, status: int = 200, heaviest: int = HEAVIEST) -> str:
    """Look at a page as people would, and fail where somebody would mind; return its cost.

    On a screen in light colours and on a phone in dark ones: nothing moves, nothing is wider
    than the window, nothing is too heavy, the keyboard reaches all of it, axe finds nothing,
    and the console is silent.
    """
    told = ""
    for size, scheme in VIEWS:
        tab.look(size, scheme)
        tab.open(url, status)
        weight, milliseconds = tab.cost()
        told = told or f"{weight / 1000:.0f} kB, {milliseconds:.0f} ms"
        assert weight <= heaviest, f"{url} weighs {weight} bytes"
        scrutinise(tab, scheme)
    return told


def scrutinise(tab: Tab, scheme: str) -> None:
    """Do the same with what a window shows now, in its size and these colours."""
    faults = [f"moved: {one}" for one in tab.shifted()]
    faults += [f"wider than the window: {one}" for one in tab.wider()]
    faults += tab.walk() if scheme == "light" else []
    tab.unfold()
    faults += [f"wider than the window, unfolded: {one}" for one in tab.wider()]
    faults += tab.violations() + tab.complaints
    if faults:
        where = f"{tab.page.url}, {scheme}, {tab.page.viewport_size}"
        raise AssertionError("\n".join([where, *faults]))
