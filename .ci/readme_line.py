"""Print one of the README's command lines: `python3 .ci/readme_line.py test`.

CI runs the very line that the README shows, so that the two can't differ. The line is the
code block after the comment `<!-- line: NAME -->`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def readme_line(name: str) -> str:
    """Return the command line of that name."""
    pattern = rf"<!-- line: {re.escape(name)} -->\n```sh\n(.+)\n```\n"
    found = re.findall(pattern, README.read_text(encoding="utf-8"))
    if len(found) != 1:
        sys.exit(f"README.md has {len(found)} lines named {name!r}, not one")
    return str(found[0])


if __name__ == "__main__":
    print(readme_line(sys.argv[1]))  # noqa: T201 - its purpose
