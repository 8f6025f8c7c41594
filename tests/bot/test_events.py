"""GitHub's payloads as notices: which deliveries make work, and for what."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bot.events
from bot.events import EVENTS, PayloadError, read_delivery
from tests.bot.parts import DATA

ROOT = Path(__file__).parents[2]
SHA = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c"
REPOSITORY = {"id": 34, "full_name": "octo/hello"}
INSTALLATION = {"id": 12}


def hear(event, **payload):
    """Return what a delivery comes to; its installation and repository are given."""
    whole = {"installation": INSTALLATION, "repository": REPOSITORY} | payload
    return read_delivery(event, json.dumps(whole).encode())


def keys(heard):
    """Return the keys of what has to be looked at."""
    return [notice.subject.key for notice in heard.notices]


def pull(number, base=34):
    """Return a pull request as runs and checks list it."""
    return {"number": number, "base": {"repo": {"id": base}}}


def run(event="pull_request", pulls=()):
    """Return a workflow run."""
    return {"event": event, "head_sha": SHA, "pull_requests": list(pulls)}


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_is_whole(name):
    """Somebody adds an event and forgets what its users read, or what proves that it works."""
    assert (Path(bot.events.__file__).parent / f"{name}.py").is_file()
    assert EVENTS[name].name == name
    actions = {
        json.loads(path.read_bytes()).get("action", "") for path in (DATA / name).glob("*.json")
    }
    assert actions, f"tests/data/webhooks/{name} holds no payload"
    rows = (ROOT / "docs" / "events.md").read_text(encoding="utf-8").splitlines()
    row = next(row for row in rows if row.startswith(f"| `{name}` |"))
    documented = re.findall(r"`(\w+)`", row.split("|")[2])
    assert documented == [action for action in sorted(EVENTS[name].actions) if action]


def test_every_file_is_registered():
    """An event that somebody wrote would be ignored for ever."""
    files = {path.stem for path in Path(bot.events.__file__).parent.glob("*.py")}
    assert files - {"__init__", "event"} == set(EVENTS)


@pytest.mark.parametrize("action", EVENTS["pull_request"].actions)
def test_a_pull_request_is_looked_at_when_it_changes(action):
    """A pull request would keep a stale verdict, or none."""
    heard = hear("pull_request", action=action, pull_request={"number": 7}, changes={"base": {}})
    assert keys(heard) == ["12:34:pull:7"]
    assert heard.notices[0].event == f"pull_request.{action}"
    assert heard.notices[0].repository == "octo/hello"


@pytest.mark.parametrize("changes", [None, {}, {"title": {"from": "Old"}}])
def test_a_new_title_is_no_work(changes):
    """Every mended typo would cost a round of requests."""
    heard = hear("pull_request", action="edited", pull_request={"number": 7}, changes=changes)
    assert (keys(heard), heard.status) == ([], "ignored")


@pytest.mark.parametrize("action", ["requested", "in_progress", "completed"])
def test_a_run_is_for_its_pull_requests(action):
    """The reports that CI uploads would never be read."""
    heard = hear("workflow_run", action=action, workflow_run=run(pulls=[pull(9), pull(7)]))
    assert keys(heard) == ["12:34:pull:7", "12:34:pull:9"]


@pytest.mark.parametrize("pulls", [[], [pull(5, base=99)]])
def test_a_fork_s_run_is_for_its_commit(pulls):
    """Pull requests from forks would wait for ever, or another repository's be judged."""
    heard = hear("workflow_run", action="completed", workflow_run=run(pulls=pulls))
    assert keys(heard) == [f"12:34:commit:{SHA}"]


def test_a_run_without_a_list_is_for_its_commit():
    """GitHub writes null where it has nothing to list."""
    nothing = {"event": "pull_request", "head_sha": SHA, "pull_requests": None}
    assert keys(hear("workflow_run", action="completed", workflow_run=nothing)) == [
        f"12:34:commit:{SHA}"
    ]


def test_a_push_run_is_for_its_commit_too():
    """There would be no baselines."""
    heard = hear("workflow_run", action="completed", workflow_run=run("push"))
    assert keys(heard) == [f"12:34:commit:{SHA}"]
    heard = hear("workflow_run", action="completed", workflow_run=run("push", [pull(7)]))
    assert keys(heard) == [f"12:34:commit:{SHA}", "12:34:pull:7"]


def test_only_our_own_check_is_run_again():
    """Every re-run of another App's check would make us work."""
    check = {"name": "covgate", "head_sha": SHA, "pull_requests": [pull(7)]}
    for action in ("rerequested", "requested_action"):
        assert keys(hear("check_run", action=action, check_run=check)) == ["12:34:pull:7"]
    assert not keys(hear("check_run", action="created", check_run=check))
    assert not keys(hear("check_run", action="rerequested", check_run=check | {"name": "lint"}))
    forked = check | {"pull_requests": []}
    assert keys(hear("check_run", action="rerequested", check_run=forked)) == [
        f"12:34:commit:{SHA}"
    ]


def test_a_suite_is_run_again():
    """GitHub's "Re-run all checks" would leave ours as it was."""
    suite = {"head_sha": SHA, "pull_requests": [pull(7)]}
    assert keys(hear("check_suite", action="rerequested", check_suite=suite)) == ["12:34:pull:7"]
    assert not keys(hear("check_suite", action="completed", check_suite=suite))


def test_a_push_is_for_its_new_tip():
    """A baseline would be found late; a deleted branch or a tag would be looked for in vain."""
    tip = {"ref": "refs/heads/main", "after": SHA, "deleted": False}
    assert keys(hear("push", **tip)) == [f"12:34:commit:{SHA}"]
    assert not keys(hear("push", **tip | {"after": "0" * 40, "deleted": True}))
    assert not keys(hear("push", **tip | {"ref": "refs/tags/v1"}))


def test_a_push_to_another_branch_than_the_default_one_waits_for_its_runs():
    """Every push to every branch would cost requests, though hardly one becomes a baseline."""
    repository = REPOSITORY | {"default_branch": "main"}
    tip = {"after": SHA, "deleted": False, "repository": repository}
    assert keys(hear("push", ref="refs/heads/main", **tip)) == [f"12:34:commit:{SHA}"]
    assert not keys(hear("push", ref="refs/heads/topic", **tip))


@pytest.mark.parametrize("action", ["requested", "in_progress"])
def test_a_run_that_begins_is_told_to_its_pull_requests_alone(action):
    """Each run of a branch or a fork would be asked for three times instead of once."""
    heard = hear("workflow_run", action=action, workflow_run=run("push", [pull(7)]))
    assert keys(heard) == ["12:34:pull:7"]
    assert heard.notices[0].facts == {"head": SHA}
    assert not keys(hear("workflow_run", action=action, workflow_run=run("push")))


def test_a_push_to_a_pull_request_tells_what_it_pushed_over():
    """The new head's check could not be opened before GitHub was asked for everything."""
    told = {"number": 7, "head": {"sha": SHA}, "merge_commit_sha": None}
    heard = hear("pull_request", action="synchronize", pull_request=told, before="b" * 40)
    assert heard.notices[0].facts == {"head": SHA, "before": "b" * 40}
    told["merge_commit_sha"] = "c" * 40
    heard = hear("pull_request", action="opened", pull_request=told)
    assert heard.notices[0].facts == {"head": SHA, "merge": "c" * 40}


def test_what_the_app_may_no_longer_see_is_forgotten():
    """What was stored of a repository would stay after its owner took it away."""
    assert keys(hear("installation", action="deleted", repository=None)) == [
        "12:0:installation:deleted"
    ]
    removed = [{"id": 5, "full_name": "octo/a"}, {"id": 6, "full_name": "octo/b"}]
    heard = hear("installation_repositories", action="removed", repositories_removed=removed)
    assert keys(heard) == ["12:5:installation:removed", "12:6:installation:removed"]
    assert [notice.repository for notice in heard.notices] == ["octo/a", "octo/b"]
    assert keys(hear("repository", action="deleted")) == ["12:34:installation:removed"]


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ("installation", "suspend"),
        ("installation", "created"),
        ("installation_repositories", "added"),
        ("repository", "renamed"),
        ("repository", "transferred"),
    ],
)
def test_what_comes_back_is_not_forgotten(event, action):
    """A renamed repository or a suspended App would lose its history."""
    assert not hear(event, action=action).notices


def test_nothing_is_queued_without_an_installation():
    """Workers would fail on work that they have no token for."""
    heard = hear("push", ref="refs/heads/main", after=SHA, installation=None)
    assert (keys(heard), heard.status) == ([], "ignored")
    assert "installation" in heard.detail


def test_every_payload_of_github_is_read():
    """A field that GitHub may leave out would make deliveries fail."""
    paths = sorted(DATA.glob("*/*.json"))
    assert len(paths) > 100
    heard = {path: read_delivery(path.parent.name, path.read_bytes()) for path in paths}
    working = {path.parent.name for path, one in heard.items() if one.notices}
    assert working >= {"pull_request", "push", "check_suite", "installation"}


@settings(max_examples=40)
@given(
    st.sampled_from(sorted(EVENTS)),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["action", "installation", "repository", "id", "full_name", "number", "base"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
)
def test_any_json_is_read_or_refused(event, value):
    """A payload nobody thought of would end in a traceback and a 500."""
    try:
        heard = read_delivery(event, json.dumps(value).encode())
    except PayloadError:
        return
    assert isinstance(value, dict)
    for notice in heard.notices:
        assert type(notice.subject).parse(notice.subject.key) == notice.subject


@given(st.sampled_from(sorted(EVENTS)), st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(event, body):
    """The same, for what is no JSON at all."""
    with pytest.raises(PayloadError):
        read_delivery(event, b"\x00" + body)


def comment(
    body="/covgate help", *, kind="User", state="open", pull_request=True, action="created"
):
    """Return what a delivery about a comment comes to."""
    issue = {"number": 7, "state": state} | ({"pull_request": {"url": "x"}} if pull_request else {})
    return hear(
        "issue_comment",
        action=action,
        issue=issue,
        comment={"id": 99, "body": body, "user": {"login": "alice", "type": kind}},
    )


def test_a_comment_that_may_be_a_command_is_looked_at_once():
    """A command would go unheard, or have its effect again with every repeated delivery."""
    heard = comment("Thanks!\n  /Coverage override it is a hotfix")
    assert keys(heard) == ["12:34:pull:7"]
    assert heard.notices[0].once
    assert heard.notices[0].facts == {"comment": "99"}


@pytest.mark.parametrize(
    "heard",
    [
        comment("nice work"),
        comment("see docs/covgate help"),
        comment(kind="Bot"),
        comment(state="closed"),
        comment(pull_request=False),
        comment(action="edited"),
        comment(action="deleted"),
        comment(None),
    ],
    ids=["talk", "path", "bot", "closed", "issue", "edited", "deleted", "empty"],
)
def test_every_other_comment_is_no_work(heard):
    """Every conversation would cost requests, and an edited comment could smuggle one in."""
    assert keys(heard) == []


def test_a_merge_queues_commit_is_looked_at_with_its_base():
    """The queue would wait for the required check of a commit that nobody judges."""
    group = {"head_sha": SHA, "base_sha": "b" * 40, "base_ref": "refs/heads/main", "head_ref": "r"}
    heard = hear("merge_group", action="checks_requested", merge_group=group)
    assert keys(heard) == [f"12:34:group:{SHA}"]
    assert heard.notices[0].facts == {"base_ref": "main", "base_sha": "b" * 40}


def test_a_button_is_passed_on():
    """A press on the check's button would be taken for GitHub's own re-run."""
    check = {"name": "covgate", "head_sha": SHA, "pull_requests": [pull(7)]}
    heard = hear(
        "check_run",
        action="requested_action",
        check_run=check,
        requested_action={"identifier": "recheck"},
    )
    assert heard.notices[0].facts == {"action": "recheck"}


@pytest.mark.parametrize("path", sorted(DATA.glob("*/*.json")), ids=lambda path: path.stem)
def test_w17_no_address_in_a_payload_is_ever_used(path):
    """A forged payload could send the worker, with its token, to a stranger's server."""
    evil = "http://169.254.169.254/latest/meta-data"

    def forged(value):
        if isinstance(value, dict):
            return {key: evil if key.endswith("url") else forged(one) for key, one in value.items()}
        return [forged(one) for one in value] if isinstance(value, list) else value

    true = json.loads(path.read_bytes())
    event = path.parent.name
    heard = read_delivery(event, json.dumps(forged(true)).encode())
    assert heard == read_delivery(event, json.dumps(true).encode())
    assert "169.254" not in repr(heard)
