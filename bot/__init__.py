"""Faces outward: HTTP in, jobs out, pages; the command line."""

import sys

# Here and not in `bot.cli`: older Pythons can't even read what stands there, while every
# Python 3 can run this. Nobody who imports `bot` with a right Python notices it.
if sys.version_info < (3, 11):  # noqa: UP036 - who starts it with another Python is told so
    sys.stderr.write(
        "covgate: Python 3.11 or newer is needed, and this is {}.{}: make a virtual environment "
        "with a newer one and install Covgate there\n".format(*sys.version_info)
    )
    sys.exit(2)
