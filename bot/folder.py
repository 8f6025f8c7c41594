"""`.covgate`: what `covgate up` keeps below the working folder, beside its data.

Two small files in the form of `.env`: the App's credentials, where the set-up page stored
them, and, while `up` runs, where its parts are (for `doctor`, `replay` and `tunnel`).
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import dotenv_values

from worker.core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

__all__ = [
    "ADDRESS",
    "FOLDER",
    "LOCK_FILE",
    "Credentials",
    "held",
    "read_running",
    "read_stored",
    "running_parts",
    "store_credentials",
]

FOLDER = Path(".covgate")
CREDENTIALS_FILE = "github-app.env"
RUNNING_FILE = "running.env"
LOCK_FILE = "up.lock"
"""Held by `up` for as long as it lives."""
ADDRESS = "COVGATE_LOCAL_ADDRESS"
"""In the second file: where the receiver of `up` listens, such as http://127.0.0.1:8000."""

_SIMPLE = re.compile(r"[\w./:+=,@\\ -]+")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What registering a GitHub App yields. `github_url` is the API's."""

    app_id: int
    private_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    github_url: str
    client_id: str = ""
    client_secret: str = field(default="", repr=False)

    def variables(self) -> dict[str, str]:
        """Return them as settings; the key in one line, as files of variables want it."""
        found = {
            "COVGATE_APP_ID": str(self.app_id),
            "COVGATE_PRIVATE_KEY": self.private_key.strip().replace("\n", "\\n"),
            "COVGATE_WEBHOOK_SECRET": self.webhook_secret,
            "COVGATE_GITHUB_URL": self.github_url,
            "COVGATE_CLIENT_ID": self.client_id,
            "COVGATE_CLIENT_SECRET": self.client_secret,
        }
        return {name: value for name, value in found.items() if value}


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the lock is gone when the process is, however it ends.

    `up` is often started in a checkout: what is in the folder is nothing to commit, and a link
    in it that came with the checkout is not followed. Raises `SettingError` for such a link,
    and `BlockingIOError` where another process holds the folder.
    """
    if folder.is_symlink():
        raise SettingError(f"{folder} is a link; remove it, or start in another folder")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    with _opened(folder / ".gitignore") as file:
        file.write("*\n")
    with _opened(folder / LOCK_FILE) as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _opened(path: Path) -> TextIO:
    """Return a file to be written anew; never one that is elsewhere."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    try:
        return os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8")
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise SettingError(f"{path} is a link; remove it, or start in another folder") from None


def store_credentials(folder: Path, credentials: Credentials) -> Path:
    """Keep the credentials for this user alone; return where. All of them, or nothing."""
    return _write(folder / CREDENTIALS_FILE, render(credentials.variables()))


def render(variables: Mapping[str, str]) -> str:
    """Return variables as lines of a `.env` file, which Docker's `--env-file` reads as well."""
    return "".join(f"{name}={_quoted(value)}\n" for name, value in variables.items())


def read_stored(folder: Path) -> dict[str, str]:
    """Return the stored credentials as settings; nothing where there are none."""
    return _read(folder / CREDENTIALS_FILE)


def read_running(folder: Path) -> dict[str, str]:
    """Return where the parts of a running `up` are; nothing where none runs."""
    return _read(folder / RUNNING_FILE) if _is_held(folder / LOCK_FILE) else {}


@contextmanager
def running_parts(folder: Path, parts: Mapping[str, str]) -> Iterator[None]:
    """Tell while the block runs where the parts are."""
    path = _write(folder / RUNNING_FILE, render(parts))
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            path.unlink()


def _is_held(lock: Path) -> bool:
    """Return whether an `up` runs: a killed one leaves its files behind, but not its lock."""
    try:
        with lock.open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _read(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise SettingError(
            f"{path} can't be read; make it readable for this user, or remove it and set the App "
            "up again"
        ) from None
    found = dotenv_values(stream=StringIO(text), interpolate=False)
    return {name: value for name, value in found.items() if value}


def _write(path: Path, text: str) -> Path:
    """Put a file of this user's in place, in one step: nobody ever sees half of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp makes files with the mode 0600, whatever the umask.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    return path


def _quoted(value: str) -> str:
    """Return a value as it stands in the file; most need no quotes, which Docker would keep."""
    if _SIMPLE.fullmatch(value) and value == value.strip():
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
