"""Addresses of pages."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

__all__ = ["Links"]


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses below a repository; `root` is where the dashboard is mounted."""

    root: str
    name: str
    """"owner/name", which holds nothing that an address would have to quote."""

    @property
    def home(self) -> str:
        """The repository's own page."""
        return f"{self.root}/{self.name}"

    def pull(self, number: int) -> str:
        """Return the address of a pull request's page."""
        return f"{self.home}/pull/{number}"

    def insight(self, name: str) -> str:
        """Return the address of all that an analysis found."""
        return f"{self.home}/insights/{_quoted(name)}"

    def file(self, commit: str, path: str, line: int = 0) -> str:
        """Return the address of a file at a commit, or of a line in it."""
        place = f"#L{line}" if line else ""
        return f"{self.home}/blob/{commit}/{_quoted(path)}{place}"


def _quoted(path: str) -> str:
    # A path may hold half a character: what is no Unicode has no address of its own.
    return quote(path, safe="/", errors="replace")
