"""One request at a time, over real sockets, against a server that misbehaves."""

from __future__ import annotations

import traceback

import pytest

from tests.fakes.clock import FakeClock
from worker.core.errors import GitHubError, PostponedError, RefusedError
from worker.github_api.secrets import Secret
from worker.github_api.transport import Transport, quoted


class Source:
    """Tokens of a test: numbered, so that it shows which one was sent."""

    def __init__(self, lasting: int = 1) -> None:
        self.number = 1
        self.lasting = lasting

    def token(self) -> Secret:
        return Secret(f"ghs_canary{self.number}")

    def renew(self) -> bool:
        self.number += 1
        return self.number <= self.lasting


@pytest.fixture
def source():
    return Source(lasting=2)


@pytest.fixture
def transport(storage, source):
    with Transport(storage.url("/api/v3"), source, FakeClock()) as transport:
        yield transport


def sent(storage):
    return [(path, headers["Authorization"]) for path, headers in storage.seen]


def test_requests_go_below_the_base_url(storage, transport):
    """GitHub Enterprise Server's API does not lie at the root."""
    storage.put("/api/v3/x", b'{"a": 1}')
    assert transport.get("/x", dict[str, int], {"q": "a b"}) == {"a": 1}
    ((path, headers),) = storage.seen
    assert path == "/api/v3/x?q=a+b"
    assert headers["Authorization"] == "Bearer ghs_canary1"
    assert headers["X-GitHub-Api-Version"] == "2022-11-28"
    assert headers["User-Agent"] == "covgate"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_post_is_sent_once(storage, transport, status):
    """A repeated POST writes a second comment, for the first one may have been carried out."""
    storage.put("/api/v3/x", b"{}", status=status)
    with pytest.raises(PostponedError):
        transport.send("POST", "/x", body={"body": "hello"})
    assert len(storage.seen) == 1


def test_a_refused_token_is_replaced_once(storage, transport, source):
    """A token that GitHub withdrew would stop the repository's jobs for an hour."""
    storage.put("/api/v3/x", b'{"message": "Bad credentials"}', status=401)
    source.lasting = 9
    with pytest.raises(PostponedError):
        transport.send("POST", "/x", body={})
    assert sent(storage) == [
        ("/api/v3/x", "Bearer ghs_canary1"),
        ("/api/v3/x", "Bearer ghs_canary2"),
    ]


def test_what_can_not_be_renewed_is_not_asked_again(storage, transport, source):
    """The App's own key does not get better by asking twice."""
    storage.put("/api/v3/x", b"{}", status=401)
    source.lasting = 1
    with pytest.raises(PostponedError):
        transport.get("/x", dict)
    assert len(storage.seen) == 1


def test_a_rate_limit_does_not_sleep_here(storage, transport):
    """A worker that sleeps through the hour holds its lease and does nothing else."""
    storage.put("/api/v3/x", b"{}", status=429, Retry_After="3000")
    with pytest.raises(PostponedError) as caught:
        transport.get("/x", dict)
    assert (caught.value.seconds, caught.value.gate) == (3_000, True)
    assert len(storage.seen) == 1


@pytest.mark.parametrize("body", [b"<html>502</html>", b'{"a": ', b"", b"null", b'"text"', b"[1]"])
def test_an_unreadable_answer_is_tried_later(storage, transport, body):
    """A proxy's error page with status 200 would be taken for facts."""
    storage.put("/api/v3/x", body)
    with pytest.raises(PostponedError):
        transport.get("/x", dict[str, int])


def cut(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"a": 1}')


def odd_limit(handler):
    handler.send_response(200)
    handler.send_header("X-RateLimit-Remaining", "many")
    handler.send_header("X-RateLimit-Limit", "more")
    handler.send_header("Content-Length", "2")
    handler.end_headers()
    handler.wfile.write(b"{}")


@pytest.mark.parametrize("reply", [cut, odd_limit, lambda handler: handler.connection.close()])
def test_a_broken_answer_is_tried_later(storage, transport, reply):
    """A connection that broke would fail somebody's check."""
    storage.replies["/api/v3/x"] = reply
    with pytest.raises(PostponedError):
        transport.get("/x", dict)


def test_a_redirect_to_elsewhere_names_the_setting(storage, transport):
    """The token would be sent to whatever host an answer names."""
    storage.put("/api/v3/x", status=301, Location="http://localhost:1/api/v3/x")
    with pytest.raises(GitHubError, match="COVGATE_GITHUB_URL"):
        transport.get("/x", dict)


def test_pages_follow_the_link_and_stay_here(storage, transport):
    """The second page's entries would be missing, or come from a foreign host."""
    pages = iter(["http://169.254.169.254/other?page=2&per_page=100", None])

    def reply(handler):
        following = next(pages)
        handler.send_response(200)
        handler.send_header("Content-Length", "3")
        if following:
            handler.send_header(
                "Link", f'<{following}>; rel="next", <http://x/?page=9>; rel="last"'
            )
        handler.end_headers()
        handler.wfile.write(b"[1]")

    storage.replies["/api/v3/x"] = reply
    assert list(transport.pages("/x", list[int], {"sha": "abc"})) == [[1], [1]]
    assert [path for path, _ in storage.seen] == [
        "/api/v3/x?per_page=100&sha=abc",
        "/api/v3/x?page=2&per_page=100&sha=abc",
    ]


def test_endless_lists_end(storage, transport):
    """A server whose pages point to themselves would hold the worker for ever."""
    storage.put("/api/v3/x", b"[1]", Link='<http://x/?page=2>; rel="next"')
    with pytest.raises(GitHubError, match="pages"):
        list(transport.pages("/x", list[int]))
    assert len(storage.seen) == 100


@pytest.mark.parametrize("status", [401, 403, 404, 410, 422, 429, 500, None])
def test_no_token_in_any_exception(storage, source, status):
    """Tracebacks, with the values of their variables, go to logs and error trackers."""
    if status is None:
        base = "http://127.0.0.1:9"
    else:
        base = storage.url("")
        storage.put("/x", b"{}", status=status)
    with Transport(base, source, FakeClock()) as transport:
        try:
            transport.send("POST", "/x", body={"body": "hello"})
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked through
            told = traceback.TracebackException.from_exception(error, capture_locals=True)
            text = "".join(told.format()) + repr(error.__context__) + repr(vars(error))
        else:
            pytest.fail("no exception")
    assert "canary" not in text


@pytest.mark.parametrize("name", ["", "..", "../x", "a/../b", "./a", "/a", "a/", "a//b"])
def test_names_that_would_leave_the_repository_are_refused(name):
    """An address is normalised on the way: "../.." ends in another repository."""
    with pytest.raises(RefusedError):
        quoted(name)


def test_ordinary_names_survive():
    """Branches with slashes and files with spaces would not be found."""
    assert quoted("feature/a b#1?%ä") == "feature/a%20b%231%3F%25%C3%A4"
    assert quoted(".github/covgate.yml") == ".github/covgate.yml"
