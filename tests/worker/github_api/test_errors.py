"""What GitHub's answers mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from worker.core.errors import (
    CovgateError,
    GitHubError,
    GoneError,
    NotFoundError,
    PostponedError,
    RefusedError,
)
from worker.github_api.errors import Answer, failure_of_answer, failure_of_network

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def failure(status: int, message: str = "no", **headers: str) -> CovgateError | None:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = Answer(status, names, json.dumps({"message": message}))
    return failure_of_answer("GET /repos/octo/hello", answer, NOW)


@pytest.mark.parametrize("status", [200, 201, 204, 302, 304])
def test_success_is_no_failure(status):
    """Work that GitHub did would be done again."""
    assert failure(status) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RefusedError),
        (403, RefusedError),
        (404, NotFoundError),
        (409, RefusedError),
        (410, GoneError),
        (422, RefusedError),
        (451, RefusedError),
    ],
)
def test_refusals_are_told_apart(status, kind):
    """A deleted comment, an expired artifact and a missing permission need different ends."""
    error = failure(status, "Resource not accessible by integration")
    assert type(error) is kind
    assert "Resource not accessible by integration" in str(error)
    assert "GET /repos/octo/hello" in str(error)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_outages_only_delay(status):
    """A fault of GitHub's would fail somebody's check."""
    error = failure(status)
    assert isinstance(error, PostponedError)
    assert error.seconds >= 1
    assert not error.gate


@pytest.mark.parametrize("status", [403, 429, 503])
def test_retry_after_holds_the_whole_installation(status):
    """Requests inside a Retry-After window get the App banned."""
    error = failure(status, retry_after="17")
    assert isinstance(error, PostponedError)
    assert (error.seconds, error.gate) == (17, True)


def test_retry_after_may_be_a_date():
    """A proxy in front of GitHub Enterprise Server writes it so."""
    error = failure(429, retry_after="Tue, 01 Jan 2030 12:00:42 GMT")
    assert isinstance(error, PostponedError)
    assert error.seconds == 42


@pytest.mark.parametrize("status", [403, 429])
def test_primary_limit_waits_for_its_reset(status):
    """The hour's budget is used up: every earlier request is refused as well."""
    reset = str(int(NOW.timestamp()) + 900)
    error = failure(status, x_ratelimit_remaining="0", x_ratelimit_reset=reset)
    assert isinstance(error, PostponedError)
    assert (error.seconds, error.gate) == (900, True)


def test_reset_in_the_past_waits_a_second():
    """A clock that runs ahead would make the worker hammer GitHub without a pause."""
    error = failure(403, x_ratelimit_remaining="0", x_ratelimit_reset="1")
    assert isinstance(error, PostponedError)
    assert error.seconds == 1


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (403, "You have exceeded a secondary rate limit. Please wait a few minutes."),
        (403, "You have triggered an abuse detection mechanism."),
        (429, "Too many"),
    ],
)
def test_secondary_limit_without_header_waits_a_minute(status, message):
    """GitHub asks for at least one minute and does not always say so in a header."""
    error = failure(status, message)
    assert isinstance(error, PostponedError)
    assert (error.seconds, error.gate) == (60, True)


def test_401_tells_the_operator_where_to_look():
    """A wrong key would look like GitHub being down."""
    error = failure(401, "A JSON web token could not be decoded")
    assert isinstance(error, PostponedError)
    assert "COVGATE_PRIVATE_KEY" in str(error)
    assert not error.gate


def test_validation_errors_are_spelled_out():
    """Nobody could mend what is called "Validation Failed" and nothing more."""
    text = '{"message": "Validation Failed", "errors": [{"field": "title", "code": "too_long"}]}'
    error = failure_of_answer("POST /x", Answer(422, {}, text), NOW)
    assert "title too_long" in str(error)


@given(
    status=st.integers(400, 599),
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset"]),
        st.text(max_size=12) | st.integers().map(str) | st.sampled_from(["nan", "inf", "-1", "0"]),
    ),
    text=st.text(max_size=30) | st.sampled_from(["{}", "[]", '{"errors": "x"}', "<html>"]),
)
def test_any_answer_has_one_bounded_meaning(status, headers, text):
    """An odd header or body from a proxy would kill the job instead of delaying it."""
    error = failure_of_answer("GET /x", Answer(status, headers, text), NOW)
    assert isinstance(error, GitHubError | PostponedError)
    if isinstance(error, PostponedError):
        assert 1 <= error.seconds <= 3_600


def test_network_failures_name_no_address():
    """The text of a network error may hold a signed address, which is a key."""
    error = failure_of_network("GET /x", requests.ConnectionError("https://blob/?sig=secret"))
    assert isinstance(error, PostponedError)
    assert "sig" not in str(error)


def test_foreign_redirect_names_the_setting():
    """A wrong COVGATE_GITHUB_URL would be tried forever."""
    error = failure_of_network("GET /x", RuntimeError("redirected"))
    assert isinstance(error, GitHubError)
    assert "COVGATE_GITHUB_URL" in str(error)
