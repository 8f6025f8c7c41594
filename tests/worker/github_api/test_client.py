"""The adapter against a running stand-in of GitHub: tokens, faults, names, limits."""

from __future__ import annotations

import io
import json

import pytest

from bot.sandbox.objects import Submodule, Symlink
from bot.sandbox.server import key_pair
from tests.fakes.clock import FakeClock
from tests.fakes.github import REPOSITORY
from worker.core.errors import (
    GitHubError,
    GoneError,
    NotFoundError,
    PostponedError,
    RefusedError,
)
from worker.core.refs import Sha
from worker.github_api import AppKey, GitHubApp, MemoryTokenCache
from worker.github_api.auth import PERMISSIONS
from worker.ports import CheckOutput, CheckState

COMMENTS = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
CHECKS = "/repos/{owner}/{repo}/check-runs"
RUNNING = CheckState("in_progress", None, CheckOutput("Waiting", "for CI"))


@pytest.fixture
def github(adapter):
    return adapter.github


@pytest.fixture
def number(adapter):
    """Return the number of an open pull request."""
    adapter.repo.commit("topic", {"new.py": b"1\n"})
    return adapter.repo.open_pull("topic").number


def test_nothing_is_sent_before_it_is_needed(adapter):
    """A job that finds nothing to do would spend the installation's budget."""
    assert adapter.world.requests == []


def test_token_is_for_one_repository_and_five_permissions(adapter, github):
    """A leaked token would open every repository of the account."""
    adapter.world.add_repository("octo/secret", files={"x": b""}, private=True)
    github.repository()
    (token,) = adapter.world.tokens.values()
    assert token.repository_ids == {adapter.repo.id}
    assert token.permissions == dict(PERMISSIONS)
    assert set(PERMISSIONS) == {"actions", "checks", "contents", "metadata", "pull_requests"}


def test_token_of_one_repository_opens_no_other(adapter):
    """A mix-up of repositories would show private code to the wrong people."""
    secret = adapter.world.add_repository("octo/secret", files={"x": b""}, private=True)
    installation = adapter.world.installation_of(secret)
    with (
        adapter.app.repository(installation.id, adapter.repo.id, "octo/secret") as github,
        pytest.raises(NotFoundError),
    ):
        github.file("x", secret.tip(), limit=10)


def test_one_token_serves_many_calls_and_jobs(adapter, github, number):
    """Each call would cost two."""
    for _ in range(3):
        github.pull(number)
    with adapter.another() as other:
        other.pull(number)
    assert adapter.token_requests == 1


def test_token_is_replaced_before_it_ends(adapter, github, number):
    """A job would see its token end between reading and writing."""
    github.pull(number)
    adapter.clock.advance(49 * 60)
    github.pull(number)
    assert adapter.token_requests == 1
    adapter.clock.advance(2 * 60)
    github.pull(number)
    with adapter.another() as other:
        other.pull(number)
    assert adapter.token_requests == 2


def test_withdrawn_token_is_replaced_in_the_middle_of_a_job(adapter, github, number):
    """An owner who changes the installation would stop its jobs for an hour."""
    github.pull(number)
    adapter.world.tokens.clear()
    assert github.create_comment(number, "hello").own
    with adapter.another() as other:
        other.pull(number)
    assert adapter.token_requests == 2
    assert len(adapter.repo.comments_on(number)) == 1


def test_persistent_401_is_asked_twice_and_put_off(adapter, github, number):
    """A job would ask for tokens without end."""
    github.pull(number)
    adapter.world.faults.arm(f"POST {COMMENTS}", status=401, times=9)
    with pytest.raises(PostponedError):
        github.create_comment(number, "hello")
    assert adapter.world.count_requests("POST", COMMENTS) == 2
    assert adapter.token_requests == 2


def test_wrong_app_key_is_told_to_the_operator(adapter, other_key_text):
    """A worker with another App's key would look as if GitHub were down."""
    app = GitHubApp(
        AppKey(adapter.standin.app_id, other_key_text),
        base_url=adapter.standin.url,
        clock=adapter.clock,
        tokens=MemoryTokenCache(),
    )
    installation = adapter.world.installation_of(adapter.repo)
    with (
        app.repository(installation.id, adapter.repo.id, "octo/hello") as github,
        pytest.raises(PostponedError, match="COVGATE_PRIVATE_KEY"),
    ):
        github.repository()


def test_uninstalled_app_is_not_found(adapter):
    """Jobs of a former customer would be tried for ever."""
    installation = adapter.world.installation_of(adapter.repo)
    adapter.world.uninstall("octo")
    with (
        adapter.app.repository(installation.id, adapter.repo.id, "octo/hello") as github,
        pytest.raises(NotFoundError),
    ):
        github.repository()


def test_one_missing_permission_does_not_cost_the_others(adapter, github, number):
    """An installation that has not granted everything would get no check, and no word why."""
    installation = adapter.world.installation_of(adapter.repo)
    installation.permissions.pop("actions")
    assert github.pull(number).number == number
    with pytest.raises(RefusedError):
        github.runs(adapter.repo.tip())


def test_missing_permission_is_refused_with_githubs_words(adapter, number):
    """An owner who did not accept new permissions would see nothing at all."""
    installation = adapter.world.installation_of(adapter.repo)
    del installation.permissions["checks"]
    with (
        adapter.another() as github,
        pytest.raises(RefusedError, match="Resource not accessible"),
    ):
        github.create_check(adapter.repo.tip(), "covgate", RUNNING, external_id="")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("after", [False, True])
def test_writes_are_never_repeated_by_themselves(adapter, github, number, status, after):
    """GitHub may have carried out what it answers 502 to: there would be two comments."""
    adapter.world.faults.arm(f"POST {COMMENTS}", status=status, after=after)
    with pytest.raises(PostponedError):
        github.create_comment(number, "hello")
    adapter.world.faults.arm(f"POST {CHECKS}", status=status, after=after)
    with pytest.raises(PostponedError):
        github.create_check(adapter.repo.tip(), "covgate", RUNNING, external_id="")
    assert adapter.world.count_requests("POST", COMMENTS) == 1
    assert adapter.world.count_requests("POST", CHECKS) == 1
    assert len(adapter.repo.comments_on(number)) == int(after)


def test_retry_after_is_handed_up(adapter, github, number):
    """Others would go on inside the window that GitHub closed."""
    adapter.world.faults.arm(f"POST {COMMENTS}", status=403, retry_after=77)
    with pytest.raises(PostponedError) as caught:
        github.create_comment(number, "hello")
    assert (caught.value.seconds, caught.value.gate) == (77, True)


def test_used_up_budget_waits_for_the_hour_to_end(adapter, github, number):
    """Every request until the reset would be refused, and counted against the App."""
    github.pull(number)
    adapter.clock.advance(600)
    adapter.world.limits.hourly = adapter.world.limits.used[
        adapter.world.installation_of(adapter.repo).id
    ]
    with pytest.raises(PostponedError) as caught:
        github.pull(number)
    assert (caught.value.seconds, caught.value.gate) == (3_000, True)


@pytest.mark.parametrize("fault", [{"cut": 10}, {"body": "<html>Unicorn!</html>"}])
def test_half_answers_only_delay(adapter, github, number, fault):
    """A broken line would be read as "no files changed"."""
    adapter.world.faults.arm("GET /repos/{owner}/{repo}/pulls/{pull_number}/files", **fault)
    with pytest.raises(PostponedError):
        github.pull_files(number)
    assert [file.path for file in github.pull_files(number)] == ["new.py"]


def test_own_comment_without_the_apps_mark_is_known_by_its_bot(adapter, github, number):
    """On servers that leave the mark out there would be a new comment on every push."""
    world, repo = adapter.world, adapter.repo
    repo.add_comment(number, world.bot, "ours", None)
    repo.add_comment(number, world.user("dependabot[bot]", "Bot"), "theirs", None)
    assert [comment.own for comment in github.comments(number)] == [True, False]
    github.comments(number)
    assert world.count_requests("GET", "/app") == 1


def test_a_person_who_writes_through_the_app_is_a_person(adapter, github, number):
    """Somebody's comment would be overwritten because he signed in to the dashboard."""
    person = adapter.world.user("mallory")
    adapter.repo.add_comment(number, person, "<!-- covgate -->", adapter.world.app.id)
    assert [comment.own for comment in github.comments(number)] == [False]


def test_expired_artifact_is_not_even_asked_for(adapter, github, number):
    """An expired artifact would cost a request on every look."""
    run = adapter.repo.run_ci(adapter.repo.pulls[number].head_sha, artifacts={"coverage": b"PK"})
    (artifact,) = github.artifacts(run.id)
    adapter.clock.advance(91 * 24 * 3600)
    with pytest.raises(GoneError):
        github.download(artifact, io.BytesIO(), limit=10)
    (artifact,) = github.artifacts(run.id)
    asked = len(adapter.world.requests)
    with pytest.raises(GoneError):
        github.download(artifact, io.BytesIO(), limit=10)
    assert len(adapter.world.requests) == asked


@pytest.mark.parametrize("fault", [{"status": 403}, {"status": 500}, {"cut": 2}])
def test_a_failing_storage_only_delays(adapter, github, number, fault):
    """A good report would be called broken."""
    run = adapter.repo.run_ci(adapter.repo.pulls[number].head_sha, artifacts={"coverage": b"PKxx"})
    (artifact,) = github.artifacts(run.id)
    adapter.world.faults.arm("GET /artifact/{artifact_id}", **fault)
    with pytest.raises(PostponedError) as caught:
        github.download(artifact, io.BytesIO(), limit=10)
    assert "sig=" not in str(caught.value)
    assert github.download(artifact, io.BytesIO(), limit=10) == 4


def test_run_of_a_deleted_fork(adapter, github):
    """The run's repository is null then, and the job would die of it."""
    fork = adapter.repo.fork("alice")
    head = fork.commit("topic", {"new.py": b"1\n"})
    adapter.repo.open_pull("alice:topic")
    adapter.repo.run_ci(head)
    assert github.runs(head)[0].head_repository == "alice/hello"
    adapter.repo.runs[github.runs(head)[0].id].head_repository_id = None
    assert github.runs(head)[0].head_repository is None


def test_links_and_submodules_are_no_files(adapter, github):
    """A report's path would be matched with something that has no lines."""
    sha = adapter.repo.commit(
        "main",
        {
            "link": Symlink(b"nowhere"),
            "module": Submodule(b"1" * 40),
            "dir/link": Symlink(b"../README.md"),
        },
    )
    for path, kind in {"link": "symbolic link", "module": "submodule", "dir": "folder"}.items():
        with pytest.raises(RefusedError, match=f"{path} at .* is a {kind}"):
            github.file(path, sha, limit=100)
    assert github.paths(sha) == {"README.md"}


def test_a_truncated_tree_is_walked(adapter):
    """In a large repository most reports' paths would match nothing."""
    files = {f"{top}/{sub}/{n}.py": b"" for top in "abc" for sub in "xy" for n in range(4)}
    sha = adapter.repo.commit("main", files=files | {"top.py": b""})
    for entries in (11, 4):
        adapter.world.caps.tree_entries = entries
        adapter.cache.values.clear()
        with adapter.another() as github:
            assert github.paths(sha) == frozenset(files) | {"top.py"}
    adapter.world.caps.tree_entries = 3
    adapter.cache.values.clear()
    with adapter.another() as github, pytest.raises(GitHubError, match="more files"):
        github.paths(sha)


def test_a_commits_tree_is_asked_for_once(adapter, github):
    """One verdict looks at it several times, and a large one is many megabytes."""
    sha = adapter.repo.commit("main", files={"a.py": b"a\n"})
    assert github.paths(sha) == github.tree(sha).keys() == {"a.py"}
    assert adapter.world.count_requests("GET", "/repos/{owner}/{repo}/git/trees/{tree_sha}") == 1


def test_long_file_comes_from_its_blob(adapter, github):
    """The contents API leaves the text out above a megabyte: it would read as empty."""
    data = bytes(range(256)) * 8
    sha = adapter.repo.commit("main", {"long": data})
    adapter.world.caps.content_bytes = 100
    assert github.file("long", sha, limit=10_000) == data
    with pytest.raises(RefusedError, match="2048 bytes"):
        github.file("long", sha, limit=2_047)


def test_enterprise_address_is_respected(storage):
    """Nothing would work on GitHub Enterprise Server."""
    token = {"token": "ghs_x", "expires_at": "2030-01-01T13:00:00Z"}
    storage.put("/api/v3/app/installations/77/access_tokens", _json(token))
    storage.put("/api/v3/repos/octo/hello", _json(_repository("octo/hello")))
    with _client(storage, "octo/hello") as github:
        assert github.repository().full_name == "octo/hello"


def test_renamed_repository_is_read_under_its_new_name(storage):
    """A redirect drops the query: the file would come from another commit, silently."""
    token = {"token": "ghs_x", "expires_at": "2030-01-01T13:00:00Z"}
    storage.put("/api/v3/app/installations/77/access_tokens", _json(token))
    location = storage.url("/api/v3/repositories/4711")
    storage.put("/api/v3/repos/octo/old", status=301, Location=location)
    storage.put("/api/v3/repositories/4711", _json(_repository("octo/new")))
    content = {"type": "file", "sha": "s", "size": 2, "content": "aGk=", "encoding": "base64"}
    storage.put("/api/v3/repos/octo/new/contents/a.yml", _json(content))
    with _client(storage, "octo/old") as github:
        assert github.file("a.yml", "abc", limit=10) == b"hi"
    assert storage.seen[-1][0] == "/api/v3/repos/octo/new/contents/a.yml?ref=abc"


def test_another_repository_under_the_old_name_is_not_read(storage):
    """Whoever takes a freed name could feed us his reports."""
    token = {"token": "ghs_x", "expires_at": "2030-01-01T13:00:00Z"}
    storage.put("/api/v3/app/installations/77/access_tokens", _json(token))
    storage.put("/api/v3/repos/octo/hello", _json(_repository("octo/hello") | {"id": 666}))
    with _client(storage, "octo/hello") as github, pytest.raises(NotFoundError, match="666"):
        github.artifacts(1)


def test_a_pull_request_of_another_repository_is_not_taken_for_ours(storage):
    """Whoever takes a freed name could have his pull request judged in our place."""
    _serve_pull(
        storage, "/api/v3/repos/octo/hello/pulls/1", _repository("octo/hello") | {"id": 666}
    )
    with _client(storage, "octo/hello") as github, pytest.raises(NotFoundError, match="666"):
        github.pull(1)


def test_a_pull_request_tells_where_it_is_now(storage):
    """After a renaming every request would go to the old name."""
    location = storage.url("/api/v3/repositories/4711/pulls/1")
    storage.put("/api/v3/repos/octo/old/pulls/1", status=301, Location=location)
    _serve_pull(storage, "/api/v3/repositories/4711/pulls/1", _repository("octo/new"))
    storage.put("/api/v3/repos/octo/new/actions/runs", _json({"workflow_runs": []}))
    with _client(storage, "octo/old") as github:
        pull = github.pull(1)
        assert pull.repository is not None
        assert pull.repository.full_name == "octo/new"
        assert github.runs(Sha("a" * 40)) == ()
    assert not [path for path, _ in storage.seen if path == "/api/v3/repos/octo/new"]


def test_runs_under_an_old_name_are_asked_for_again(storage):
    """A redirect drops the query: the runs would be those of other commits."""
    token = {"token": "ghs_x", "expires_at": "2030-01-01T13:00:00Z"}
    storage.put("/api/v3/app/installations/77/access_tokens", _json(token))
    head = "a" * 40
    run = {
        "id": 5,
        "workflow_id": 1,
        "event": "pull_request",
        "head_sha": head,
        "html_url": "https://github.test/run",
        "repository": {"id": 4711, "full_name": "octo/new"},
    }
    storage.put("/api/v3/repos/octo/old/actions/runs", _json({"workflow_runs": []}))
    storage.put("/api/v3/repos/octo/old", _json(_repository("octo/new")))
    storage.put("/api/v3/repos/octo/new/actions/runs", _json({"workflow_runs": [run]}))
    with _client(storage, "octo/old") as github:
        assert [run.id for run in github.runs(Sha(head))] == [5]


def _client(storage, full_name):
    app = GitHubApp(
        AppKey(1, key_pair()[0]),
        base_url=storage.url("/api/v3/"),
        clock=FakeClock(),
        tokens=MemoryTokenCache(),
    )
    return app.repository(REPOSITORY.installation_id, REPOSITORY.id, full_name)


def _repository(full_name):
    return {
        "id": REPOSITORY.id,
        "full_name": full_name,
        "default_branch": "main",
        "private": False,
        "html_url": f"https://github.test/{full_name}",
    }


def _serve_pull(storage, path, repository):
    token = {"token": "ghs_x", "expires_at": "2030-01-01T13:00:00Z"}
    storage.put("/api/v3/app/installations/77/access_tokens", _json(token))
    end = {"ref": "main", "sha": "a" * 40, "repo": repository}
    pull = {"number": 1, "title": "t", "state": "open", "html_url": "u", "base": end, "head": end}
    storage.put(path, _json(pull))


def _json(value) -> bytes:
    return json.dumps(value).encode()
