"""The sandbox's pages in a real browser: what they do by themselves, and what they leave alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from bot.sandbox.deliveries import Courier
from bot.sandbox.markdown import render_markdown
from bot.sandbox.page import page_routes
from bot.sandbox.samples import load_samples
from bot.sandbox.server import Server
from bot.sandbox.world import World
from tests.bot.sandbox.test_markdown import HOSTILE
from tests.support.browser import examine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.sandbox.pulls import Pull
    from tests.support.browser import Tab

GOLDEN = Path(__file__).parents[1] / "golden" / "comment"
PROBE = "document.documentElement.dataset.ran=1"

pytestmark = pytest.mark.browser


@pytest.fixture
def site() -> Iterator[tuple[Pull, str]]:
    """Return a pull request, and the address of the sandbox that it is in."""
    world = World()
    samples = load_samples(world)
    pull = samples["yajl"].open()
    routes = page_routes(world, samples, Courier(world))
    server = Server(Starlette(routes=[Mount("/sandbox", routes=routes)]))
    server.start()
    yield pull, f"http://127.0.0.1:{server.port}/sandbox"
    server.stop()


def test_nothing_in_a_comment_runs_even_without_the_pages_policy(tab: Tab) -> None:
    """The cleaning is tested as a program reads HTML; a browser reads it in its own way."""
    ran = "document.documentElement.dataset.ran"
    traps = [trap.replace("alert(1)", PROBE) for trap in HOSTILE]
    tab.page.set_content("\n".join(traps[:10]))
    tab.page.wait_for_function(ran)
    cleaned = "\n".join(
        f'<article id="a{at}"><div>{render_markdown(trap)}</div></article><i id="i{at}"></i>'
        for at, trap in enumerate(traps)
    )
    tab.page.set_content(f"<!doctype html><meta charset=utf-8><body>{cleaned}</body>")
    assert tab.page.evaluate(ran) is None
    # What follows a comment follows it still: it did not swallow it, nor break out.
    following = "[...document.body.children].map((one) => one.id)"
    expected = [f"{letter}{at}" for at in range(len(traps)) for letter in "ai"]
    assert tab.page.evaluate(following) == expected


def test_a_page_follows_along_and_breaks_no_policy(site: tuple[Pull, str], tab: Tab) -> None:
    """One would press reload until the verdict is there."""
    pull, url = site
    tab.open(f"{url}/octo/yajl/pull/1")
    pull.comment("bob", "It **arrived**.")
    tab.page.locator("article strong", has_text="arrived").wait_for()
    assert tab.complaints == []


def test_a_range_of_lines_is_shown(site: tuple[Pull, str], tab: Tab) -> None:
    """A click on "12–15" would show a file and not the lines."""
    pull, url = site
    tab.open(f"{url}/octo/yajl/blob/{pull.head_sha}/src/yajl_tree.c#L447-L449")
    chosen = tab.page.locator("tr.chosen")
    assert chosen.evaluate_all("(all) => all.map((one) => one.id)") == ["L447", "L448", "L449"]
    assert tab.page.get_by_role("status").inner_text() == "· lines 447 to 449"
    tab.page.evaluate("location.hash = '#L2'")
    tab.page.locator("tr#L2.chosen").wait_for()
    assert tab.complaints == []


def test_every_kind_of_comment_is_for_everybody(site: tuple[Pull, str], tab: Tab) -> None:
    """One would have to push the page to and fro to read it, or could not tell the colours."""
    pull, url = site
    for path in sorted(GOLDEN.glob("*.md")):
        pull.comment("ann", path.read_text(encoding="utf-8"))
    pull.comment("bob", f"`{'x' * 300}` https://a.example/{'y' * 300}\n\n    {'z' * 300}")
    examine(tab, f"{url}/octo/yajl/pull/1", heaviest=1_000_000)


def test_a_command_is_tried_by_a_click(site: tuple[Pull, str], tab: Tab) -> None:
    """The first thing that one tries would be refused as an empty comment."""
    pull, url = site
    page = tab.page
    tab.open(f"{url}/octo/yajl/pull/1")
    page.get_by_text("Commands to try").click()
    page.get_by_role("button", name="/covgate help").click()
    page.locator("article[id] .markdown", has_text="/covgate help").wait_for()
    page.get_by_label("Add a comment").fill("said so")
    page.get_by_label("as", exact=True).select_option("a-reader")
    page.get_by_role("button", name="Comment", exact=True).click()
    page.locator("article[id] .markdown", has_text="said so").wait_for()
    said = [(one.author.login, one.body) for one in pull.repo.comments_on(1)]
    assert said == [("you", "/covgate help"), ("a-reader", "said so")]


def test_following_along_disturbs_nobody_and_the_buttons_work(
    site: tuple[Pull, str], tab: Tab
) -> None:
    """A comment half written would be lost, or a browser's own form be taken for forged."""
    pull, url = site
    page = tab.page
    tab.open(f"{url}/octo/yajl/pull/1")
    page.get_by_label("Add a comment").fill("half a sent")
    page.get_by_text("Webhook deliveries").click()
    page.get_by_role("button", name="Close pull request").focus()
    pull.comment("bob", "It arrived.")
    pull.push({"more.txt": b"x"}, "More")
    page.locator("article", has_text="It arrived.").wait_for()
    assert page.get_by_label("Add a comment").input_value() == "half a sent"
    assert page.locator("#deliveries").get_attribute("open") is not None
    assert page.evaluate("document.activeElement.id") == "close"
    page.get_by_role("button", name="Close pull request").click()
    page.get_by_role("button", name="Reopen pull request").wait_for()
    assert pull.state == "closed"
    assert tab.complaints == []
