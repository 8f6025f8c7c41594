"""One suite for `worker.ports.GitHub`: the fake and the real adapter see the same repository.

The real one talks over HTTP to the stand-in of GitHub, which checks every request against
GitHub's own description of its API.
"""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.github import FakeGitHub, fake_sha
from worker.core.errors import GoneError, NotFoundError, RefusedError, ReportError
from worker.core.refs import Role
from worker.core.render import Annotation
from worker.core.tarball import read_tarball
from worker.ports import CheckAction, CheckOutput, CheckState, CommitStatus

FILES = {"README.md": b"hello\n", "src/a.py": b"one\ntwo\nthree\n", "src/b.py": b"b\n"}
RUNNING = CheckState("in_progress", None, CheckOutput("Waiting", "for CI"))
PASSED = CheckState(
    "completed", "success", CheckOutput("Fine", "*all* of it", "details"), "https://covgate.test/1"
)
MISSING = fake_sha("a commit that nobody made")


class FakeScene:
    """Fills the fake."""

    def __init__(self) -> None:
        self.github = FakeGitHub()
        self.base = self.github.put_commit(FILES)

    def commit(self, files, *parents):
        return self.github.put_commit(files, parents)

    def open_pull(self, head, *, branch="topic", fork=None):
        number = len(self.github.pulls) + 1
        repository = f"{fork}/hello" if fork else self.github.place.full_name
        self.github.put_pull(
            number, head, self.base, head_ref=branch, head_repository=repository, title="Change"
        )
        return number

    def close_pull(self, number):
        pull = self.github.pulls[number]
        self.github.pulls[number] = replace(pull, state="closed")

    def delete_fork(self, number):
        pull = self.github.pulls[number]
        self.github.pulls[number] = replace(pull, head_repository=None)

    def run(self, head, *, workflow="CI", event="pull_request", conclusion="success"):
        run_id = 100 + len(self.github.calls)
        while run_id in self.github._runs:
            run_id += 1
        self.github.put_run(run_id, head, name=workflow, event=event, conclusion=conclusion)
        return run_id

    def rerun(self, run_id):
        run = self.github._runs[run_id]
        self.github.put_run(
            run_id, run.head_sha, attempt=run.attempt + 1, status="in_progress", conclusion=None
        )

    def upload(self, run_id, name, archive):
        self.github.put_artifact(run_id, name, archive)

    def expire(self, run_id):
        for artifact in list(self.github._artifacts.values()):
            if artifact.run_id == run_id:
                self.github.expire(artifact)

    def foreign_comment(self, number, body):
        return self.github.put_comment(number, body).id

    def foreign_check(self, head, name):
        self.github.put_check(head, name)

    def allow_statuses(self, *, allowed):
        self.github.may_set_statuses = allowed

    def statuses(self, head):
        return {
            context: status.state
            for (sha, context), status in self.github.statuses.items()
            if sha == head
        }

    def remove_comment(self, comment_id):
        del self.github._comments[comment_id]

    def reactions(self, comment_id):
        return self.github.reactions[comment_id]

    def give_role(self, login, name):
        level = {"maintain": "write", "triage": "read"}.get(name, name)
        self.github.roles[login] = Role(level, name)

    def put_team(self, team, *logins):
        self.github.teams = {**(self.github.teams or {}), team: logins}

    def allow_members(self):
        self.github.teams = self.github.teams or {}

    def actions(self, check_id):
        return [one.identifier for one in self.github.check_states[check_id].actions]

    def conversation(self, number):
        return [comment.body for on, comment in self.github._comments.values() if on == number]

    def shown(self, check_id):
        output = self.github.check_states[check_id].output
        return output.title, output.summary, output.text


class StandInScene:
    """Fills the stand-in."""

    def __init__(self, adapter) -> None:
        self.world = adapter.world
        self.repo = adapter.repo
        self.github = adapter.github
        self.base = self.repo.commit("main", files=FILES)

    def commit(self, files, *parents):
        return self.repo.store(files, parents, "Change", "alice").sha

    def open_pull(self, head, *, branch="topic", fork=None):
        source = self.repo.fork(fork) if fork else self.repo
        source.push(branch, head)
        return self.repo.open_pull(f"{fork}:{branch}" if fork else branch).number

    def close_pull(self, number):
        self.repo.pulls[number].close()

    def delete_fork(self, number):
        self.repo.pulls[number].head_repo.delete()

    def run(self, head, *, workflow="CI", event="pull_request", conclusion="success"):
        return self.repo.run_ci(head, workflow=workflow, event=event, conclusion=conclusion).id

    def rerun(self, run_id):
        self.repo.rerun(self.repo.runs[run_id])

    def upload(self, run_id, name, archive):
        self.repo.upload(self.repo.runs[run_id], name, archive)

    def expire(self, run_id):
        for artifact in self.repo.runs[run_id].artifacts:
            artifact.expires_at = self.world.clock() - timedelta(days=1)

    def foreign_comment(self, number, body):
        return self.repo.comment(number, "mallory", body).id

    def foreign_check(self, head, name):
        self.repo.run_ci(head)
        job = next(c for c in self.repo.checks.values() if c.app is self.world.actions_app)
        job.name = name

    def allow_statuses(self, *, allowed):
        permissions = self.world.installation_of(self.repo).permissions
        permissions["statuses"] = "write" if allowed else "none"

    def statuses(self, head):
        return {one.context: one.state for one in self.repo.statuses if one.sha == head}

    def remove_comment(self, comment_id):
        self.repo.delete_comment(self.repo.comments[comment_id])

    def reactions(self, comment_id):
        return [given.content for given in self.repo.comments[comment_id].reactions]

    def give_role(self, login, name):
        self.world.user(login)
        self.repo.roles[login] = name

    def put_team(self, team, *logins):
        self.world.teams[team] = {self.world.user(login).login for login in logins}

    def allow_members(self):
        self.world.installation_of(self.repo).permissions["members"] = "read"

    def actions(self, check_id):
        return [one["identifier"] for one in self.repo.checks[check_id].actions]

    def conversation(self, number):
        return [comment.body for comment in self.repo.comments_on(number)]

    def shown(self, check_id):
        check = self.repo.checks[check_id]
        return check.title, check.summary, check.text or ""


@pytest.fixture(params=["fake", "real"])
def scene(request):
    if request.param == "fake":
        return FakeScene()
    return StandInScene(request.getfixturevalue("github_adapter"))


@pytest.fixture
def github(scene):
    return scene.github


def test_repository_is_described(github):
    """Configuration would be looked for on the wrong branch."""
    repository = github.repository()
    assert (repository.full_name, repository.default_branch) == ("octo/hello", "main")
    assert not repository.private
    assert repository.url.endswith("/octo/hello")


def test_pull_request_is_described(scene, github):
    """The verdict would be about another commit than the one people look at."""
    head = scene.commit({**FILES, "new.py": b"1\n"}, scene.base)
    pull = github.pull(scene.open_pull(head))
    assert (pull.number, pull.title, pull.state, pull.draft) == (1, "Change", "open", False)
    assert (pull.head_sha, pull.head_ref, pull.head_repository) == (head, "topic", "octo/hello")
    assert (pull.base_sha, pull.base_ref) == (scene.base, "main")


def test_deleted_fork_leaves_no_head_repository(scene, github):
    """A pull request whose fork was deleted would break every job that looks at it."""
    head = scene.commit({**FILES, "new.py": b"1\n"}, scene.base)
    number = scene.open_pull(head, fork="alice")
    assert github.pull(number).head_repository == "alice/hello"
    scene.delete_fork(number)
    assert github.pull(number).head_repository is None


def test_missing_things_are_not_found(scene, github):
    """A deleted thing would be retried until the deadline."""
    for look in (
        lambda: github.pull(99),
        lambda: github.artifacts(99),
        lambda: github.compare(scene.base, MISSING),
        lambda: github.ancestors(MISSING, limit=5),
        lambda: github.paths(MISSING),
        lambda: github.comments(99),
        lambda: github.create_comment(99, "hello"),
        lambda: github.update_check(99, PASSED),
    ):
        with pytest.raises(NotFoundError):
            look()


def test_pull_requests_are_found_by_their_branch(scene, github):
    """A fork's run would lead to no pull request, or to somebody else's."""
    head = scene.commit({**FILES, "new.py": b"1\n"}, scene.base)
    forked = scene.open_pull(head, fork="alice")
    own = scene.open_pull(head)
    closed = scene.open_pull(head, branch="old", fork="alice")
    scene.close_pull(closed)
    assert [pull.number for pull in github.pulls_from("alice/hello", "topic")] == [forked]
    assert [pull.number for pull in github.pulls_from("octo/hello", "topic")] == [own]
    assert github.pulls_from("alice/hello", "old") == ()
    assert github.pulls_from("alice/other", "topic") == ()


def test_runs_of_a_commit(scene, github):
    """The verdict would come before CI has ended, or wait for a run of another commit."""
    head = scene.commit({**FILES, "new.py": b"1\n"}, scene.base)
    scene.open_pull(head)
    first = scene.run(head)
    second = scene.run(head, workflow="Lint", conclusion="failure")
    scene.run(scene.base, event="push")
    scene.rerun(first)
    one, other = github.runs(head)
    assert (one.id, one.attempt, one.status, one.conclusion) == (first, 2, "in_progress", None)
    assert (other.id, other.attempt, other.name) == (second, 1, "Lint")
    assert (other.status, other.conclusion, other.event) == ("completed", "failure", "pull_request")
    assert other.head_repository == "octo/hello"
    assert github.runs(MISSING) == ()


def test_artifacts_come_down_whole(scene, github):
    """No coverage would be read."""
    run = scene.run(scene.base, event="push")
    scene.upload(run, "coverage", b"PK-one")
    scene.upload(run, "logs", b"PK-two")
    one, two = github.artifacts(run)
    assert [one.name, two.name] == ["coverage", "logs"]
    assert one.id < two.id
    assert (one.size, one.run_id, one.expired) == (6, run, False)
    target = io.BytesIO()
    assert github.download(one, target, limit=100) == 6
    assert target.getvalue() == b"PK-one"


def test_artifacts_that_can_not_be_had(scene, github):
    """A too long, swapped or expired archive would be retried, or believed."""
    run = scene.run(scene.base, event="push")
    scene.upload(run, "coverage", b"PK-one")
    (artifact,) = github.artifacts(run)
    with pytest.raises(ReportError, match="5 bytes"):
        github.download(artifact, io.BytesIO(), limit=5)
    swapped = replace(artifact, digest="sha256:" + "0" * 64)
    with pytest.raises(ReportError, match="digest"):
        github.download(swapped, io.BytesIO(), limit=100)
    scene.expire(run)
    assert [one.expired for one in github.artifacts(run)] == [True]
    with pytest.raises(GoneError):
        github.download(artifact, io.BytesIO(), limit=100)


def test_comparison_starts_at_the_merge_base(scene, github):
    """The base branch's own changes would be charged to the pull request."""
    moved_on = scene.commit({**FILES, "other.py": b"x\n"}, scene.base)
    files = {**FILES, "src/a.py": b"one\n2\nthree\n", "new.py": b"1\n2\n"}
    del files["src/b.py"]
    head = scene.commit(files, scene.base)
    comparison = github.compare(moved_on, head)
    assert comparison.merge_base == scene.base
    assert (comparison.ahead_by, comparison.behind_by, comparison.complete) == (1, 1, True)
    shown = {file.path: file for file in comparison.files}
    assert sorted(shown) == ["new.py", "src/a.py", "src/b.py"]
    changed = shown["src/a.py"]
    assert (changed.status, changed.additions, changed.deletions) == ("modified", 1, 1)
    assert changed.patch == "@@ -1,3 +1,3 @@\n one\n-2\n+2\n three".replace("-2", "-two")
    assert (shown["new.py"].status, shown["src/b.py"].status) == ("added", "removed")


def test_comparison_tells_the_messages_that_are_asked_for(scene, github):
    """Whether a push was a fix could not be told."""
    tip = scene.base
    for number in range(3):
        tip = scene.commit({**FILES, f"{number}.py": b"x\n"}, tip)
    asked = github.compare(scene.base, tip, commits=100)
    assert (asked.ahead_by, len(asked.messages), len(asked.files)) == (3, 3, 1)
    assert len(github.compare(scene.base, tip).messages) == 1
    assert github.compare(tip, scene.base, commits=100).messages == ()


def test_comparison_of_more_than_300_files_says_so(scene, github):
    """A cut list of files would be taken for the whole change."""
    head = scene.commit({**FILES, **{f"f{n:03}": b"x\n" for n in range(301)}}, scene.base)
    comparison = github.compare(scene.base, head)
    assert len(comparison.files) == 300
    assert not comparison.complete


def test_pull_request_files_beyond_one_page(scene, github):
    """The files of the second page would count as unchanged."""
    head = scene.commit({**FILES, **{f"f{n:03}": b"x\n" for n in range(130)}}, scene.base)
    files = github.pull_files(scene.open_pull(head))
    assert [file.path for file in files] == [f"f{n:03}" for n in range(130)]
    assert {file.patch for file in files} == {"@@ -0,0 +1 @@\n+x"}


def test_files_at_a_commit(scene, github):
    """The configuration would be read wrongly, or from another commit."""
    head = scene.commit({**FILES, "src/a.py": b"\xff\x00\r\nx", "empty": b""}, scene.base)
    assert github.file("src/a.py", head, limit=100) == b"\xff\x00\r\nx"
    assert github.file("src/a.py", scene.base, limit=100) == FILES["src/a.py"]
    assert github.file("empty", head, limit=0) == b""


@pytest.mark.parametrize(
    "path", ["missing", "", "../hello", "src/../README.md", "./README.md", "/README.md"]
)
def test_what_is_not_there_is_none(scene, github, path):
    """A path out of a report would reach another repository, or stop the job."""
    assert github.file(path, scene.base, limit=100) is None


def test_a_folder_is_refused(scene, github):
    """A folder where the configuration should be would mean the defaults, without a word."""
    with pytest.raises(RefusedError, match="is a folder, not a file"):
        github.file("src", scene.base, limit=100)


def test_long_files_are_refused(scene, github):
    """A configuration of a gigabyte would fill the worker's memory."""
    with pytest.raises(RefusedError):
        github.file("README.md", scene.base, limit=5)
    assert github.file("README.md", scene.base, limit=6) == b"hello\n"


def test_files_with_odd_names(scene, github):
    """Spaces, percent signs and letters beyond ASCII are ordinary in repositories."""
    names = ["a b.py", "50%.py", "ä/ö?.py", "x#y;z&.py", "plus+.py"]
    head = scene.commit({name: name.encode() for name in names}, scene.base)
    assert github.paths(head) == frozenset(names)
    assert [github.file(name, head, limit=99) for name in names] == [n.encode() for n in names]


def test_paths_of_a_commit(scene, github):
    """A report's paths could not be matched with the repository's."""
    assert github.paths(scene.base) == frozenset(FILES)


def test_a_tree_names_the_blob_of_each_file(scene, github):
    """A file that was only moved would be read as new code."""
    head = scene.commit({**FILES, "copy.md": b"hello\n"}, scene.base)
    tree = github.tree(head)
    assert tree.keys() == {*FILES, "copy.md"}
    assert tree["README.md"] == tree["copy.md"] == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_a_commit_tells_its_parents(scene, github):
    """It could not be told what a merge commit is a merge of."""
    one = scene.commit({**FILES, "1": b""}, scene.base)
    two = scene.commit({**FILES, "2": b""}, scene.base)
    merge = scene.commit({**FILES, "1": b"", "2": b""}, one, two)
    found = github.commit(merge)
    assert (found.sha, found.parents) == (merge, (one, two))
    with pytest.raises(NotFoundError):
        github.commit(MISSING)


def test_an_archive_holds_the_files_of_a_commit(scene, github):
    """A change of thousands of files could not be compared."""
    files = {**FILES, "src/odd name ä.py": b"\xff\0\r\nx", "x" * 120 + ".py": b"long\n"}
    head = scene.commit(files, scene.base)
    target = io.BytesIO()
    size = github.archive(head, target, limit=10_000)
    assert size == len(target.getvalue())
    target.seek(0)
    wanted = files.keys() - {"README.md"}
    assert dict(read_tarball(target, wanted, longest=99)) == {p: files[p] for p in wanted}
    with pytest.raises(RefusedError):
        github.archive(head, io.BytesIO(), limit=10)
    with pytest.raises(NotFoundError):
        github.archive(MISSING, io.BytesIO(), limit=10_000)


def test_ancestors_come_newest_first(scene, github):
    """The nearest baseline would not be found."""
    one = scene.commit({**FILES, "1": b""}, scene.base)
    two = scene.commit({**FILES, "2": b""}, one)
    merge = scene.commit({**FILES, "3": b""}, scene.base, two)
    commits = github.ancestors(merge, limit=3)
    assert [commit.sha for commit in commits] == [merge, two, one]
    assert commits[0].parents == (scene.base, two)
    assert github.ancestors(merge, limit=1) == commits[:1]


def test_check_is_made_and_changed(scene, github):
    """The required check would never conclude."""
    made = github.create_check(scene.base, "covgate", RUNNING, external_id="pull:1")
    assert (made.name, made.head_sha, made.status) == ("covgate", scene.base, "in_progress")
    assert (made.conclusion, made.external_id) == (None, "pull:1")
    done = github.update_check(made.id, PASSED)
    assert (done.id, done.status, done.conclusion) == (made.id, "completed", "success")
    assert scene.shown(made.id) == ("Fine", "*all* of it", "details")
    assert github.checks(scene.base, "covgate") == (done,)


def test_an_emptied_text_does_not_stay(scene, github):
    """A check that passes now would still show the old list of uncovered lines."""
    made = github.create_check(scene.base, "covgate", PASSED, external_id="")
    short = replace(PASSED, output=CheckOutput("Fine", "now"))
    github.update_check(made.id, short)
    assert scene.shown(made.id) == ("Fine", "now", "")


def test_annotations_are_added_to_those_that_are_there(scene, github):
    """Remarks would stand twice beside a line, or nobody could tell which ones are there."""
    one = Annotation("a.py", 3, 5, "warning", "Not covered", "These 3 new lines are not run.")
    two = replace(one, first=9, last=9)
    made = github.create_check(scene.base, "covgate", RUNNING, external_id="")
    assert github.annotations(made.id) == ()
    github.update_check(made.id, noting(PASSED, one))
    github.update_check(made.id, noting(PASSED, two))
    github.update_check(made.id, PASSED)
    assert github.annotations(made.id) == (one, two)
    with pytest.raises(RefusedError):
        github.update_check(made.id, noting(PASSED, *[one] * 51))


def noting(state, *annotations):
    """Return a check's state with remarks."""
    return replace(state, output=replace(state.output, annotations=annotations))


def test_only_own_checks_of_the_name_count_oldest_first(scene, github):
    """Another App's check would be taken for ours, or a double overlooked."""
    scene.foreign_check(scene.base, "covgate")
    other = scene.commit(FILES, scene.base)
    one = github.create_check(scene.base, "covgate", RUNNING, external_id="")
    two = github.create_check(scene.base, "covgate", RUNNING, external_id="")
    github.create_check(scene.base, "else", RUNNING, external_id="")
    github.create_check(other, "covgate", RUNNING, external_id="")
    assert [check.id for check in github.checks(scene.base, "covgate")] == [one.id, two.id]


def test_too_long_checks_are_refused(scene, github):
    """GitHub takes 65,535 bytes; a longer text would be postponed for ever."""
    long = CheckState("in_progress", None, CheckOutput("t", "ä" * 32_768))
    with pytest.raises(RefusedError):
        github.create_check(scene.base, "covgate", long, external_id="")


def test_comment_is_written_changed_and_deleted(scene, github):
    """The one comment would be doubled, or stay wrong."""
    number = scene.open_pull(scene.commit({**FILES, "n": b""}, scene.base))
    made = github.create_comment(number, "first\r\n<!-- é -->")
    assert made.own
    assert github.update_comment(made.id, "second").body == "second"
    (found,) = github.comments(number)
    assert (found.id, found.body, found.own, found.number) == (made.id, "second", True, number)
    github.delete_comment(made.id)
    github.delete_comment(made.id)
    assert scene.conversation(number) == []
    with pytest.raises(NotFoundError):
        github.update_comment(made.id, "third")


def test_only_the_apps_comments_are_its_own(scene, github):
    """A stranger who copies the marker would have his comment overwritten."""
    number = scene.open_pull(scene.commit({**FILES, "n": b""}, scene.base))
    foreign = scene.foreign_comment(number, "<!-- covgate --> hello")
    own = github.create_comment(number, "<!-- covgate --> verdict")
    assert [(one.id, one.own) for one in github.comments(number)] == [
        (foreign, False),
        (own.id, True),
    ]
    assert github.comments(number)[0].author == "mallory"


def test_a_comment_is_read_as_it_is_now(scene, github):
    """A command would be obeyed after its author took it back."""
    number = scene.open_pull(scene.commit({**FILES, "n": b""}, scene.base))
    comment = github.comment(scene.foreign_comment(number, "/covgate help"))
    assert (comment.author, comment.body, comment.number) == ("mallory", "/covgate help", number)
    assert not comment.own
    assert not comment.bot
    assert not comment.edited
    scene.remove_comment(comment.id)
    with pytest.raises(NotFoundError):
        github.comment(comment.id)


def test_a_reaction_is_there_once_and_never_an_error(scene, github):
    """A command's answer would fail with the comment that somebody deleted meanwhile."""
    number = scene.open_pull(scene.commit({**FILES, "n": b""}, scene.base))
    comment_id = scene.foreign_comment(number, "/covgate help")
    github.react(comment_id, "eyes")
    github.react(comment_id, "eyes")
    github.react(comment_id, "rocket")
    assert scene.reactions(comment_id) == ["eyes", "rocket"]
    scene.remove_comment(comment_id)
    github.react(comment_id, "confused")


def test_a_persons_role_is_asked_for(scene, github):
    """Anybody could override the gate, or nobody."""
    scene.give_role("bob", "maintain")
    assert github.role("bob") == Role("write", "maintain")
    scene.give_role("carol", "read")
    assert github.role("carol").level == "read"


def test_who_is_in_a_team_is_asked_for(scene, github):
    """A team's word would not count, or a stranger's would."""
    scene.allow_members()
    scene.put_team("octo/release", "bob")
    assert github.is_in_team("octo/release", "bob")
    assert not github.is_in_team("octo/release", "carol")
    assert not github.is_in_team("octo/none", "bob")


def test_teams_are_refused_until_they_are_granted(scene, github):
    """Without the permission nobody would be told why the team's word does not count."""
    with pytest.raises(RefusedError):
        github.is_in_team("octo/release", "bob")


def test_a_check_has_its_buttons(scene, github):
    """A person without a keyboard at hand could not ask for the check again."""
    again = CheckAction("Check again", "Judge anew from fresh facts", "recheck")
    state = replace(PASSED, actions=(again,))
    made = github.create_check(scene.base, "covgate", state, external_id="")
    assert scene.actions(made.id) == ["recheck"]
    with pytest.raises(RefusedError):
        github.update_check(made.id, replace(PASSED, actions=(again,) * 4))


def test_comments_beyond_one_page(scene, github):
    """In a long conversation a second comment would be written on every push."""
    number = scene.open_pull(scene.commit({**FILES, "n": b""}, scene.base))
    for n in range(101):
        scene.foreign_comment(number, f"comment {n}")
    github.create_comment(number, "ours")
    bodies = [comment.body for comment in github.comments(number)]
    assert bodies == [f"comment {n}" for n in range(101)] + ["ours"]


def test_a_comment_deleted_meanwhile_is_gone(scene, github):
    """A person who deletes the comment would stop all later ones."""
    number = scene.open_pull(scene.commit({**FILES, "n": b""}, scene.base))
    made = github.create_comment(number, "ours")
    scene.remove_comment(made.id)
    with pytest.raises(NotFoundError):
        github.update_comment(made.id, "again")


def test_too_long_comments_are_refused(scene, github):
    """GitHub takes 65,536 characters."""
    number = scene.open_pull(scene.commit({**FILES, "n": b""}, scene.base))
    with pytest.raises(RefusedError):
        github.create_comment(number, "x" * 65_537)


def test_the_latest_status_of_a_context_counts(scene, github):
    """A team that requires one gate's status would look at an old one."""
    scene.allow_statuses(allowed=True)
    failed = CommitStatus("covgate/new-code", "failure", "cover 2 more lines", "https://a.test/1")
    github.set_status(scene.base, failed)
    github.set_status(scene.base, CommitStatus("covgate/package/core", "success", ""))
    github.set_status(scene.base, replace(failed, state="success"))
    assert scene.statuses(scene.base) == {
        "covgate/new-code": "success",
        "covgate/package/core": "success",
    }
    with pytest.raises(RefusedError):
        github.set_status(scene.base, replace(failed, description="x" * 141))


def test_statuses_are_refused_until_they_are_granted(scene, github):
    """Without the permission, all the rest would fail, or go on failing once it is granted."""
    scene.allow_statuses(allowed=False)
    status = CommitStatus("covgate/new-code", "success", "")
    with pytest.raises(RefusedError):
        github.set_status(scene.base, status)
    github.create_check(scene.base, "covgate", RUNNING, external_id="")
    scene.allow_statuses(allowed=True)
    github.set_status(scene.base, status)
    assert scene.statuses(scene.base) == {"covgate/new-code": "success"}
