"""The set-up's parts: the manifest, GitHub's addresses, and the files below `.covgate`."""

from __future__ import annotations

import fcntl
import json
import stat
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.folder import (
    ADDRESS,
    Credentials,
    held,
    read_running,
    read_stored,
    render,
    running_parts,
    store_credentials,
)
from bot.sandbox.server import key_pair
from bot.setup.addresses import AddressError, api_of, check_address, new_app_url, site_of
from bot.setup.asking import Progress
from bot.setup.door import Door
from bot.setup.manifest import PERMISSION_REASONS, build_manifest, read_template
from bot.setup.pages import steps
from worker.core.errors import SettingError
from worker.settings import load_settings

ROOT = Path(__file__).parents[3]


def test_the_page_and_the_file_for_administrators_are_the_same_manifest():
    """An App that was made by the page would have other rights than one made by hand."""
    deployed = json.loads((ROOT / "deploy" / "app-manifest.json").read_text(encoding="utf-8"))
    assert read_template() == deployed
    assert PERMISSION_REASONS.keys() == deployed["default_permissions"].keys()


def test_people_can_sign_in_under_both_addresses():
    """Who set Covgate up on its own machine could not sign in at the public address."""
    made = build_manifest(name="c", hook_url="h", here="http://a:1", public_url="https://b")
    assert made["callback_urls"] == ["http://a:1/sign-in/callback", "https://b/sign-in/callback"]
    same = build_manifest(name="c", hook_url="h", here="https://b", public_url="https://b")
    assert same["callback_urls"] == ["https://b/sign-in/callback"]


def test_a_name_that_is_too_long_is_cut():
    """GitHub would refuse the manifest at the last step."""
    made = build_manifest(name=f"  {'x' * 50}", hook_url="https://h.example", here="http://h")
    assert made["name"] == "x" * 34
    assert build_manifest(name=" ", hook_url="h", here="h")["name"] == "covgate"


@pytest.mark.parametrize(
    ("site", "api", "back"),
    [
        ("https://github.com", "https://api.github.com", "https://github.com"),
        ("https://www.github.com/", "https://api.github.com", "https://github.com"),
        ("https://api.github.com", "https://api.github.com", "https://github.com"),
        ("https://octo.ghe.com", "https://api.octo.ghe.com", "https://octo.ghe.com"),
        ("https://api.octo.ghe.com", "https://api.octo.ghe.com", "https://octo.ghe.com"),
        ("https://ghes.example.com", "https://ghes.example.com/api/v3", "https://ghes.example.com"),
        (
            "https://ghes.example.com:8443/api/v3/",
            "https://ghes.example.com:8443/api/v3",
            "https://ghes.example.com:8443",
        ),
    ],
)
def test_the_api_of_each_kind_of_github_is_known(site, api, back):
    """An administrator of an Enterprise Server would have to know the API's address."""
    assert api_of(site) == api
    assert site_of(api) == back


@pytest.mark.parametrize(
    "text",
    [
        *("", "github.com", "ftp://x", "https://", "https://a b", "https://x:y", "http://x#y"),
        *("https://x;script-src", "https://a,b", "https://x'y", "https://gïthub.example"),
    ],
)
def test_what_is_no_address_is_refused(text):
    """A typing error would be sent to GitHub as the webhook's address."""
    with pytest.raises(AddressError, match=r"^It "):
        check_address(text, "It")


@pytest.mark.parametrize("name", ["a/b", "..", "-x", "x?y", "x" * 200, "é"])
def test_a_name_that_is_no_account_leads_nowhere_else(name):
    """A manifest could be posted to any page of GitHub's."""
    with pytest.raises(AddressError):
        new_app_url("https://github.com", name, "s")
    assert new_app_url("https://g", "octo-org", "a b") == (
        "https://g/organizations/octo-org/settings/apps/new?state=a%20b"
    )


def test_a_door_without_a_token_is_shut():
    """An empty text would open every server that is set up already."""
    door = Door()
    assert door.open("") is None
    assert not door.admits("")
    other = Door.new()
    assert other.open("x") is None
    session = other.open(other.token)
    assert session is not None
    assert other.admits(session)
    assert other.open(other.token) is None
    assert not Door.new().admits(session)


SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)


@settings(deadline=None, max_examples=50)
@given(secret=st.builds(lambda a, b: f"{a} {b}", SECRETS, SECRETS))
def test_every_secret_comes_out_as_it_went_in(tmp_path_factory, secret):
    """After the next start, deliveries would be refused for a secret with a quote in it."""
    folder = tmp_path_factory.mktemp("folder")
    store_credentials(folder, Credentials(1, key_pair()[0], secret, "https://api.github.com"))
    assert read_stored(folder)["COVGATE_WEBHOOK_SECRET"] == secret


def test_what_is_stored_serves_as_settings_and_as_an_env_file(tmp_path):
    """The file could not be handed to Docker, or to a machine with `.env`."""
    credentials = Credentials(
        7, key_pair()[0], "a-secret", "https://ghes.example.com/api/v3", "Iv1"
    )
    file = store_credentials(tmp_path / "new", credentials)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    # Docker's --env-file knows neither quotes nor several lines.
    assert '"' not in file.read_text()
    assert "'" not in file.read_text()
    assert file.read_text().count("\n") == 5
    for found in (
        load_settings({}, file, require={"COVGATE_APP_ID"}),
        load_settings(read_stored(tmp_path / "new"), require=()),
    ):
        assert found.app_id == 7
        assert found.private_key.get_secret_value() == key_pair()[0]
        assert found.github_url == "https://ghes.example.com/api/v3"
    assert "a-secret" not in repr(credentials)
    assert "PRIVATE" not in repr(credentials)


def test_an_earlier_file_is_replaced_in_one_step(tmp_path):
    """A full disk in the middle would leave half a key, and the old one be gone."""
    first = Credentials(1, "key", "s", "https://api.github.com")
    file = store_credentials(tmp_path, first)
    store_credentials(tmp_path, Credentials(2, "key", "s", "https://api.github.com"))
    assert read_stored(tmp_path)["COVGATE_APP_ID"] == "2"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("name", [".gitignore", "up.lock", ""])
def test_a_link_out_of_the_folder_is_not_followed(tmp_path, name):
    """A checkout with a link in it would have `up` empty any file of its user's."""
    folder, other = tmp_path / ".covgate", tmp_path / "other"
    if name:
        folder.mkdir()
        other.write_text("mine")
    else:
        other.mkdir(mode=0o755)
    (folder / name).symlink_to(other)
    with pytest.raises(SettingError, match="is a link"), held(folder):
        pass
    assert other.is_dir() or other.read_text() == "mine"
    assert not name or stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_that_can_not_be_read_is_told(tmp_path):
    """`up` would make a second App."""
    (tmp_path / "github-app.env").write_bytes(b"\xff")
    with pytest.raises(SettingError, match="can't be read"):
        read_stored(tmp_path)
    assert read_stored(tmp_path / "none") == {}


def test_parts_are_known_while_up_runs_and_no_longer(tmp_path):
    """`doctor` and `replay` would talk to what is gone, or find nobody."""
    parts = {"COVGATE_REDIS_URL": "unix:///tmp/a folder/redis.sock", ADDRESS: "http://127.0.0.1:1"}
    assert read_running(tmp_path) == {}
    with (tmp_path / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with running_parts(tmp_path, parts):
            assert read_running(tmp_path) == parts
        assert read_running(tmp_path) == {}


@given(st.dictionaries(st.sampled_from(["A", "B"]), SECRETS))
def test_variables_are_lines(variables):
    """What is shown on the page could not be pasted into a file."""
    text = render(variables)
    assert text.count("\n") == len(variables)
    assert set(dotenv_values(stream=StringIO(text), interpolate=False)) == set(variables)


@pytest.mark.parametrize(
    ("progress", "states"),
    [
        (Progress(), ("now", "later", "later")),
        (Progress(made=True), ("done", "now", "later")),
        (Progress(made=True, installed=("octo",)), ("done", "done", "now")),
        (Progress(made=True, received=True), ("done", "done", "done")),
    ],
)
def test_one_step_is_next(progress, states):
    """An administrator would not know what to do now."""
    assert tuple(step.state for step in steps(progress)) == states


def test_what_keeps_deliveries_away_is_told():
    """Nothing would happen, for no visible reason."""
    told = [
        steps(Progress(made=True, installed=("octo",), **about))[2].text
        for about in (
            {},
            {"attempts": 1, "failed": "no answer"},
            {"attempts": 3},
            {"problem": "GitHub is away"},
        )
    ]
    assert told == [
        "",
        "GitHub tried 1 delivery, and the newest got no answer",
        "GitHub sent 3 deliveries, and none came here",
        "GitHub can't be asked: GitHub is away",
    ]
