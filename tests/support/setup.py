"""Somebody who sets Covgate up in a browser: links, forms and cookies over real HTTP."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

import requests

__all__ = ["Browser"]


@dataclass
class Browser:
    """A browser without scripts; `page` is what it shows."""

    session: requests.Session = field(default_factory=requests.Session)
    page: requests.Response | None = None

    def open(self, url: str) -> requests.Response:
        """Go to an address."""
        self.page = self.session.get(url, timeout=20)
        return self.page

    def form(self, action: str) -> dict[str, str]:
        """Return the fields of the shown page's form, as they are filled in."""
        assert self.page is not None
        (inside,) = re.findall(
            rf'<form[^>]* action="{re.escape(html.escape(action))}[^"]*">(.*?)</form>',
            self.page.text,
            re.DOTALL,
        )
        fields = {}
        for tag in re.findall(r"<input[^>]*>", inside):
            about = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
            if about.get("type") != "radio" or re.search(r"\bchecked\b", tag):
                fields[about["name"]] = html.unescape(about.get("value", ""))
        return fields

    def target(self, action: str) -> str:
        """Return the whole address that a form is sent to."""
        assert self.page is not None
        (found,) = re.findall(rf'action="({re.escape(html.escape(action))}[^"]*)"', self.page.text)
        return requests.compat.urljoin(self.page.url, html.unescape(found))

    def submit(self, action: str, **changes: str) -> requests.Response:
        """Send the shown page's form, with changes."""
        assert self.page is not None
        origin = "/".join(self.page.url.split("/")[:3])
        self.page = self.session.post(
            self.target(action),
            data=self.form(action) | changes,
            headers={"Origin": origin},
            timeout=20,
        )
        return self.page

    def close(self) -> None:
        """Close its connections."""
        self.session.close()
