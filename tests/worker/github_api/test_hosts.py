"""Where downloads may come from."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.errors import PostponedError, RefusedError
from worker.github_api.hosts import HostRule

PUBLIC = "https://api.github.com"
NAMES = {
    "api.github.com": ["140.82.112.6"],
    "blob.example.com": ["20.60.1.1", "2603:1030::1"],
    "inside.example.com": ["10.0.0.7"],
    "mixed.example.com": ["20.60.1.1", "127.0.0.1"],
    "ghes.corp": ["10.1.2.3"],
    "localhost": ["127.0.0.1", "::1"],
}


def resolve(host: str, port: int) -> list[str]:
    try:
        return [str(ip_address(host))]
    except ValueError:
        pass
    if host not in NAMES:
        raise socket.gaierror
    return NAMES[host]


def rule(base_url: str = PUBLIC, *extra: str) -> HostRule:
    return HostRule(base_url, frozenset(extra), resolve)


def test_public_https_host_is_admitted():
    """No artifact could be read at all."""
    place = rule().admit("https://blob.example.com/a/b.zip?sig=x%2F")
    assert (place.host, place.port, place.target) == ("blob.example.com", 443, "/a/b.zip?sig=x%2F")
    assert [str(address) for address in place.addresses] == NAMES["blob.example.com"]


@pytest.mark.parametrize(
    "url",
    [
        "http://blob.example.com/a",
        "https://inside.example.com/a",
        "https://mixed.example.com/a",
        "https://localhost/a",
        "https://127.0.0.1/a",
        "https://169.254.169.254/latest/meta-data",
        "https://0.0.0.0/a",
        "https://100.64.0.1/a",
        "https://224.0.0.1/a",
        "https://[::1]/a",
        "https://[::ffff:127.0.0.1]/a",
        "https://[64:ff9b::a9fe:a9fe]/a",
        "https://[2002:7f00:1::]/a",
        "https://[fd00::1]/a",
        "https://user:password@blob.example.com/a",
        "ftp://blob.example.com/a",
        "file:///etc/passwd",
        "https:///a",
        "https://[::1/a",
        "https://blob.example.com:99999/a",
        "/relative",
        "",
    ],
)
def test_everything_else_is_refused(url):
    """A forged answer would make the worker read its own network."""
    with pytest.raises(RefusedError):
        rule().admit(url)


@pytest.mark.parametrize("base", ["http://127.0.0.1:9000", "http://localhost:9000/api/v3"])
@pytest.mark.parametrize("url", ["http://127.0.0.1:9001/a", "http://10.0.0.7/a"])
def test_a_local_github_may_have_local_storage(base, url):
    """The sandbox could not judge a single pull request."""
    assert rule(base).admit(url).scheme == "http"


def test_a_private_github_may_have_private_storage():
    """An ordinary GitHub Enterprise Server inside a company would not work."""
    assert rule("https://ghes.corp/api/v3").admit("https://inside.example.com/a")


def test_a_private_https_github_still_needs_https():
    """Archives and their signatures would cross the network in the clear."""
    with pytest.raises(RefusedError, match="not https"):
        rule("https://ghes.corp/api/v3").admit("http://inside.example.com/a")


def test_metadata_services_stay_out_of_reach_of_a_private_github():
    """The cloud's credentials lie there, on a link-local address."""
    with pytest.raises(RefusedError):
        rule("http://127.0.0.1:9000").admit("http://169.254.169.254/latest")


def test_a_listed_host_is_admitted():
    """Storage behind a private name could not be used with github.com's runners."""
    assert rule(PUBLIC, "inside.example.com").admit("https://inside.example.com/a")


def test_refusal_names_the_setting_and_not_the_signature():
    """The operator would not know what to do, and the log would hold a key."""
    with pytest.raises(RefusedError) as caught:
        rule().admit("https://inside.example.com/a?sig=secret")
    assert "COVGATE_DOWNLOAD_HOSTS" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_unknown_host_is_tried_later():
    """A name server that stumbles would fail the check."""
    with pytest.raises(PostponedError):
        rule().admit("https://nowhere.example.com/a")


@given(st.ip_addresses())
def test_only_global_addresses_pass_under_a_public_github(address):
    """Some spelling of an inner address would get through."""
    host = f"[{address}]" if address.version == 6 else str(address)
    try:
        place = rule().admit(f"https://{host}/a")
    except RefusedError:
        return
    assert all(one.is_global and not one.is_loopback for one in place.addresses)
