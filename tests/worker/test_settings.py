"""What an operator may set, and what they read when it is wrong."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pydantic import ValidationError

from worker.core.errors import SettingError
from worker.settings import CREDENTIALS, STORAGE, Settings, load_settings

EXAMPLE = Path(__file__).parents[2] / "deploy" / "covgate.env.example"
NAMES = {
    "COVGATE_APP_ID",
    "COVGATE_PRIVATE_KEY",
    "COVGATE_WEBHOOK_SECRET",
    "COVGATE_GITHUB_URL",
    "COVGATE_REDIS_URL",
    "COVGATE_DATABASE_URL",
    "COVGATE_PUBLIC_URL",
    "COVGATE_DOWNLOAD_HOSTS",
    "COVGATE_DEADLINE",
    "COVGATE_WRITE_GAP",
    "COVGATE_KEEP_SOURCES",
    "COVGATE_LOG_FORMAT",
    "COVGATE_CLIENT_ID",
    "COVGATE_CLIENT_SECRET",
    "COVGATE_TRUSTED_PROXIES",
    "COVGATE_NOTIFY_URL",
}
"""The names that operators were promised: they may grow, never change."""


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes | None = None) -> str:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = _pem(RSA_KEY)
RIGHT = {
    "COVGATE_APP_ID": "123456",
    "COVGATE_PRIVATE_KEY": PEM,
    "COVGATE_WEBHOOK_SECRET": "new, old",
    "COVGATE_REDIS_URL": "redis://localhost:6379/0",
    "COVGATE_DATABASE_URL": "sqlite:///covgate.db",
}


def _error(**changes: str) -> str:
    with pytest.raises(SettingError) as caught:
        load_settings(RIGHT | changes)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_the_required_ones_are_enough() -> None:
    """An operator would have to look up settings that have good defaults."""
    settings = load_settings(RIGHT)
    assert settings.app_id == 123456
    assert [secret.get_secret_value() for secret in settings.webhook_secrets] == ["new", "old"]
    assert settings.github_url == "https://api.github.com"
    assert settings.deadline == timedelta(hours=2)
    assert settings.public_url is None
    assert settings.download_hosts == ()
    assert settings.log_format is None
    assert settings.registered


def test_one_line_names_the_first_and_lists_the_others() -> None:
    """An operator would mend one setting a start, and restart for each."""
    with pytest.raises(SettingError) as caught:
        load_settings({"COVGATE_APP_ID": "1", "COVGATE_DEADLINE": "soon"})
    assert str(caught.value) == (
        "COVGATE_PRIVATE_KEY is missing; "
        "for example COVGATE_PRIVATE_KEY=/etc/covgate/private-key.pem; "
        "to be mended too: COVGATE_WEBHOOK_SECRET, COVGATE_REDIS_URL, COVGATE_DATABASE_URL, "
        "COVGATE_DEADLINE"
    )


@pytest.mark.parametrize("name", sorted(CREDENTIALS | STORAGE))
@pytest.mark.parametrize("value", [None, "", "  "])
def test_what_is_missing_or_empty_is_named(name: str, value: str | None) -> None:
    """Compose passes an empty text for an unset variable: the process would start without it."""
    environment = {key: text for key, text in RIGHT.items() if key != name}
    if value is not None:
        environment[name] = value
    with pytest.raises(SettingError, match=rf"^{name} is missing; for example {name}="):
        load_settings(environment)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("COVGATE_APP_ID", "Iv1.abc", "positive whole number"),
        ("COVGATE_APP_ID", "0", "positive whole number"),
        ("COVGATE_APP_ID", "-5", "positive whole number"),
        ("COVGATE_PRIVATE_KEY", "/no/such/file.pem", "neither PEM text nor the path"),
        ("COVGATE_PRIVATE_KEY", "/", "can't be read"),
        ("COVGATE_PRIVATE_KEY", "x" * 5_000, "can't be read"),
        ("COVGATE_PRIVATE_KEY", PEM[:300], "can't be read as a private key"),
        ("COVGATE_PRIVATE_KEY", _pem(RSA_KEY, b"phrase"), "encrypted"),
        ("COVGATE_PRIVATE_KEY", _pem(ec.generate_private_key(ec.SECP256R1())), "not RSA"),
        ("COVGATE_WEBHOOK_SECRET", " , ,", "no secret"),
        ("COVGATE_GITHUB_URL", "api.github.com", "http:// or https://"),
        ("COVGATE_GITHUB_URL", "https://github.com", "the API's address"),
        ("COVGATE_GITHUB_URL", "https://me:pw@ghes.example.com/api/v3", "user or a password"),
        ("COVGATE_GITHUB_URL", "https://", "http:// or https://"),
        ("COVGATE_GITHUB_URL", "https://[::1", "no valid address"),
        ("COVGATE_GITHUB_URL", "https://host:99999", "no valid address"),
        ("COVGATE_REDIS_URL", "localhost:6379", "redis://"),
        ("COVGATE_REDIS_URL", "redis://", "name a host"),
        ("COVGATE_REDIS_URL", "redis://localhost/zero", "number"),
        ("COVGATE_REDIS_URL", "unix://", "socket's path"),
        ("COVGATE_DATABASE_URL", "postgresql://u:p@host/db", r"spelled postgresql\+psycopg://"),
        ("COVGATE_DATABASE_URL", "postgres://u:p@host/db", r"spelled postgresql\+psycopg://"),
        ("COVGATE_DATABASE_URL", "postgresql+psycopg2://host/db", "spelled postgresql"),
        ("COVGATE_DATABASE_URL", "postgresql+psycopg://", "server and a database"),
        ("COVGATE_DATABASE_URL", "mysql://host/db", "must begin with"),
        ("COVGATE_DATABASE_URL", "covgate.db", "must begin with"),
        ("COVGATE_DATABASE_URL", "sqlite://", "name a file"),
        ("COVGATE_DATABASE_URL", "sqlite:///:memory:", "name a file"),
        ("COVGATE_PUBLIC_URL", "covgate.example.com", "http:// or https://"),
        ("COVGATE_PUBLIC_URL", "https://covgate.example.com/?a=b", "query"),
        ("COVGATE_PUBLIC_URL", "https://covgate example.com", "spaces"),
        ("COVGATE_DOWNLOAD_HOSTS", "https://host", "without scheme"),
        ("COVGATE_DOWNLOAD_HOSTS", "host:443", "without scheme or port"),
        ("COVGATE_DOWNLOAD_HOSTS", "*.example.com", "names of hosts"),
        ("COVGATE_DEADLINE", "two hours", "length of time"),
        ("COVGATE_WRITE_GAP", "-1", "must be seconds"),
        ("COVGATE_WRITE_GAP", "1e9", "must be seconds"),
        ("COVGATE_DEADLINE", "-1", "length of time"),
        ("COVGATE_DEADLINE", "0", "between 1 second and 35 days"),
        ("COVGATE_DEADLINE", "36d", "between 1 second and 35 days"),
        ("COVGATE_DEADLINE", "999999999d", "between 1 second and 35 days"),
        ("COVGATE_KEEP_SOURCES", "maybe", "must be yes or no"),
        ("COVGATE_LOG_FORMAT", "xml", "json or text"),
        ("COVGATE_CLIENT_ID", "an id", "client id"),
        ("COVGATE_TRUSTED_PROXIES", "10.0.0.1/8", "addresses or networks"),
        ("COVGATE_TRUSTED_PROXIES", "*", "addresses or networks"),
        ("COVGATE_NOTIFY_URL", "hooks.slack.com/x", "http:// or https://"),
    ],
)
def test_a_malformed_setting_is_named(name: str, value: str, reason: str) -> None:
    """A process would start and fail later, far from the slip."""
    text = _error(**{name: value})
    assert re.match(rf"{name} .*{reason}.*; for example {name}=", text)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_secret_in_the_wrong_variable_is_never_printed(name: str) -> None:
    """A private key pasted one line too low would stand in the log of the failed start."""
    canary = "cAnArY4711"
    with pytest.raises(SettingError) as caught:
        load_settings({name: f"?{canary}\n-----BEGIN {canary}"})
    assert canary not in str(caught.value)
    assert canary not in repr(caught.value.__cause__)


@examples(max_examples=200)
@given(values=st.dictionaries(st.sampled_from(sorted(NAMES)), st.text(max_size=40)))
def test_no_text_ends_in_a_traceback(values: dict[str, str]) -> None:
    """An operator's slip would end in a page of Python instead of a line."""
    with suppress(SettingError):
        load_settings(values, require=())
    with pytest.raises(SettingError) as caught:
        load_settings(values | {"COVGATE_LOG_FORMAT": "neither"}, require=())
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).startswith("COVGATE_")


@pytest.mark.parametrize(
    "form",
    [PEM, PEM.replace("\n", "\\n"), PEM.replace("\n", "\r\n"), "\n" + PEM.strip() + "\n\n"],
    ids=["text", "escaped", "windows", "padded"],
)
def test_the_key_may_come_as_text(form: str) -> None:
    """Hosts that take one-line variables only would need a file."""
    key = load_settings(RIGHT | {"COVGATE_PRIVATE_KEY": form}).private_key.get_secret_value()
    assert key.split() == PEM.split()
    assert "\\n" not in key


def test_the_key_may_come_as_a_file(tmp_path: Path) -> None:
    """A mounted secret would have to be copied into the environment."""
    path = tmp_path / "key.pem"
    path.write_text(PEM)
    settings = load_settings(RIGHT | {"COVGATE_PRIVATE_KEY": str(path)})
    assert settings.private_key.get_secret_value() == PEM
    path.write_bytes(b"\xff\xfe no key")
    assert "no PEM text" in _error(COVGATE_PRIVATE_KEY=str(path))
    path.write_text("hello")
    assert "no PEM text" in _error(COVGATE_PRIVATE_KEY=str(path))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7200", 7200), ("2h", 7200), ("30m", 1800), ("90s", 90), ("1h30m", 5400), ("1d 2H", 93600)],
)
def test_a_deadline_reads_as_people_write_it(text: str, seconds: int) -> None:
    """A deadline misread by a unit would conclude every check too early or too late."""
    assert load_settings(RIGHT | {"COVGATE_DEADLINE": text}).deadline.total_seconds() == seconds


@pytest.mark.parametrize(
    ("text", "kept"), [("yes", True), ("YES", True), ("no", False), ("No", False), ("", True)]
)
def test_sources_are_kept_unless_the_operator_says_no(text: str, *, kept: bool) -> None:
    """Source code would lie in a database that must not have any."""
    assert load_settings(RIGHT | {"COVGATE_KEEP_SOURCES": text}).keep_sources is kept


def test_addresses_and_hosts_are_made_alike() -> None:
    """A trailing slash or a capital letter would make links and comparisons fail."""
    settings = load_settings(
        RIGHT
        | {
            "COVGATE_GITHUB_URL": "https://ghes.example.com/api/v3/",
            "COVGATE_PUBLIC_URL": "http://127.0.0.1:8000/",
            "COVGATE_DOWNLOAD_HOSTS": "Store.Example.com, 10.0.0.7,::1,store.example.com",
        }
    )
    assert settings.github_url == "https://ghes.example.com/api/v3"
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.download_hosts == ("store.example.com", "10.0.0.7", "::1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COVGATE_REDIS_URL", "rediss://:pass@redis.example.com:6380/2"),
        ("COVGATE_REDIS_URL", "unix:///run/valkey.sock?db=1"),
        ("COVGATE_REDIS_URL", "redis://localhost"),
        ("COVGATE_DATABASE_URL", "postgresql+psycopg://u:p@db.example.com:5432/covgate"),
        ("COVGATE_DATABASE_URL", "postgresql+psycopg://covgate@/covgate?host=/run/postgresql"),
        ("COVGATE_DATABASE_URL", "sqlite:////var/lib/covgate/covgate.db"),
    ],
)
def test_right_addresses_are_taken_as_they_are(name: str, value: str) -> None:
    """A strict check would keep an operator from a server that works."""
    settings = load_settings(RIGHT | {name: value})
    assert value in {settings.redis_url, settings.database_url}


def test_each_process_asks_for_what_it_needs() -> None:
    """`up` could not start without credentials, nor lead to the page that makes them."""
    embedded = {"COVGATE_REDIS_URL": "redis://localhost:1/0", "COVGATE_DATABASE_URL": "sqlite:///a"}
    settings = load_settings({}, require=STORAGE, defaults=embedded)
    assert settings.redis_url == "redis://localhost:1/0"
    assert not settings.registered
    own = load_settings(RIGHT, require=STORAGE, defaults=embedded)
    assert own.redis_url == RIGHT["COVGATE_REDIS_URL"]


def test_half_the_credentials_are_a_mistake() -> None:
    """`up` would silently offer to register a second App beside the one being set up."""
    with pytest.raises(SettingError, match=r"COVGATE_PRIVATE_KEY is missing.*WEBHOOK_SECRET$"):
        load_settings({"COVGATE_APP_ID": "1"}, require=())


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """A variable set for one run would be ignored where a .env file lies around."""
    path = tmp_path / ".env"
    lines = [f'{name}="{value}"' for name, value in RIGHT.items()]
    path.write_text("# settings\n" + "\n".join(lines) + "\nexport COVGATE_DEADLINE=3h\n")
    settings = load_settings({"COVGATE_APP_ID": "99"}, path)
    assert (settings.app_id, settings.deadline) == (99, timedelta(hours=3))
    assert settings.private_key.get_secret_value() == PEM
    assert load_settings(RIGHT, tmp_path / "absent").app_id == 123456


def test_a_dollar_in_a_secret_is_a_dollar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every webhook would be refused: a secret's `${…}` replaced by something else."""
    monkeypatch.setenv("HOME", "/root")
    path = tmp_path / ".env"
    path.write_text("COVGATE_WEBHOOK_SECRET=a${HOME}b$HOME\n")
    environment = {k: v for k, v in RIGHT.items() if k != "COVGATE_WEBHOOK_SECRET"}
    (secret,) = load_settings(environment, path).webhook_secrets
    assert secret.get_secret_value() == "a${HOME}b$HOME"


def test_a_broken_env_file_is_named_with_its_line(tmp_path: Path) -> None:
    """A forgotten quote would leave a setting out without a word."""
    path = tmp_path / ".env"
    path.write_text('COVGATE_APP_ID=1\nCOVGATE_WEBHOOK_SECRET="hunter2\n')
    with pytest.raises(SettingError, match=r"\.env, line 2, is no assignment") as caught:
        load_settings(RIGHT, path)
    assert "hunter2" not in str(caught.value)
    path.write_bytes(b"COVGATE_APP_ID=\xff\n")
    with pytest.raises(SettingError, match="UTF-8"):
        load_settings(RIGHT, path)


def test_settings_do_not_change_and_do_not_show_secrets() -> None:
    """A dump of the settings in a log or a traceback would hand out the App."""
    settings = load_settings(RIGHT | {"COVGATE_REDIS_URL": "redis://:hunter2@localhost"})
    with pytest.raises(ValidationError):
        settings.app_id = 2  # type: ignore[misc]  # that it is refused is the point
    for secret in ("hunter2", "new", "BEGIN", "sqlite"):
        assert secret not in repr(settings)


def test_the_example_file_names_every_setting() -> None:
    """An operator would never learn of a setting, or set one that nobody reads."""
    fields = {str(field.validation_alias) for field in Settings.model_fields.values()}
    text = EXAMPLE.read_text(encoding="utf-8")
    assert set(re.findall(r"^#?(COVGATE_[A-Z_]+)=", text, re.MULTILINE)) == fields == NAMES


def test_the_example_file_is_right_once_a_key_is_there(tmp_path: Path) -> None:
    """Copying the example, as it says, would not start."""
    text = re.sub(r"^#(COVGATE_)", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    path = tmp_path / ".env"
    path.write_text(text)
    settings = load_settings({"COVGATE_PRIVATE_KEY": PEM}, path)
    assert settings.deadline == Settings().deadline
    assert settings.github_url == Settings().github_url
