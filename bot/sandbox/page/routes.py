"""The pages' HTTP side: what is asked for, and what may be done."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.sandbox.diffs import diff_trees
from bot.sandbox.page.frame import HEADERS, Frame
from bot.sandbox.page.play import PLAYS, Play
from bot.sandbox.page.sources import view_changes, view_source
from bot.sandbox.page.views import PullView, view_cards, view_pull

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from bot.sandbox.deliveries import Courier
    from bot.sandbox.objects import Commit
    from bot.sandbox.pulls import Pull
    from bot.sandbox.repository import Repo
    from bot.sandbox.samples import Sample
    from bot.sandbox.world import World

__all__ = ["page_routes"]

_STATIC = Path(__file__).parent.parent / "static"
_MOST_BYTES = 1_000_000
"""Of a form; GitHub's comments end at 65,536 characters."""


def page_routes(world: World, samples: Mapping[str, Sample], courier: Courier) -> list[BaseRoute]:
    """Return the sandbox's pages, to be mounted anywhere.

    For the links in comments to lead here, `world.web_url` has to be the mount's address.
    """
    pages = _Pages(world, samples, courier)
    pull = "/{owner}/{repo}/pull/{number:int}"
    views: dict[str, Callable[[Request], Response]] = {
        "/": pages.index,
        "/{owner}/{repo}": pages.repository,
        pull: pages.conversation,
        f"{pull}/checks": pages.checks,
        f"{pull}/files": pages.files,
        "/{owner}/{repo}/blob/{ref}/{path:path}": pages.source,
        "/{owner}/{repo}/commit/{ref}": pages.commit,
        "/{owner}/{repo}/runs/{id:int}": pages.check_run,
        "/{owner}/{repo}/actions/runs/{id:int}": pages.run,
        "/{owner}/{repo}/actions/artifacts/{id:int}": pages.artifact,
    }
    return [
        Mount("/static", StaticFiles(directory=_STATIC)),
        *(Route(path, pages.answering(view)) for path, view in views.items()),
        Route("/{owner}/{repo}/{play}", pages.play, methods=["POST"]),
    ]


class _MissingError(Exception):
    """There is no such page."""


class _Pages:
    """Every page and every button of one world."""

    def __init__(self, world: World, samples: Mapping[str, Sample], courier: Courier) -> None:
        self._world = world
        self._samples = samples
        self._courier = courier
        self._frame = Frame()

    def answering(self, view: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """Return an endpoint that answers 404 with a page."""

        def endpoint(request: Request) -> Response:
            try:
                return view(request)
            except _MissingError:
                text = "There is no such page here."
                return self._frame.refuse(request, HTTPStatus.NOT_FOUND, text)

        return endpoint

    def index(self, request: Request) -> Response:
        with self._world.lock:
            cards = view_cards(self._world, self._samples)
        pending = any(line.check.pending for card in cards for line in card.pulls)
        return self._frame.page(request, "index.html", {"cards": cards, "pending": pending})

    def repository(self, request: Request) -> Response:
        self._repo(request)
        return _redirect(request, "")

    def conversation(self, request: Request) -> Response:
        view = self._view(request)
        data = {"pull": view, "tab": "conversation", "pending": view.pending}
        return self._frame.page(request, "conversation.html", data)

    def checks(self, request: Request) -> Response:
        view = self._view(request)
        data = {"pull": view, "tab": "checks", "pending": view.pending}
        return self._frame.page(request, "checks.html", data)

    def files(self, request: Request) -> Response:
        with self._world.lock:
            pull, view = self._pull(request), self._view(request)
            commits = pull.repo.objects.commits
            old, new = commits[pull.merge_base].files, commits[pull.head_sha].files
        data = {"pull": view, "tab": "files", "repo": view.repo, "sha": view.head_sha}
        files = view_changes(diff_trees(old, new))
        return self._frame.page(request, "files.html", {**data, "files": files})

    def commit(self, request: Request) -> Response:
        with self._world.lock:
            repo, commit = self._commit(request)
            parent = commit.parents[0] if commit.parents else ""
            old = repo.objects.commits[parent].files if parent else {}
        files = view_changes(diff_trees(old, commit.files))
        data = {"repo": repo.full_name, "sha": commit.sha, "commit": commit, "parent": parent}
        return self._frame.page(request, "commit.html", {**data, "files": files})

    def source(self, request: Request) -> Response:
        path = request.path_params["path"]
        with self._world.lock:
            repo, commit = self._commit(request)
        content = commit.files.get(path)
        if content is None:
            raise _MissingError
        data = {"repo": repo.full_name, "sha": commit.sha, "path": path, "size": len(content)}
        return self._frame.page(request, "source.html", {**data, "lines": view_source(content)})

    def check_run(self, request: Request) -> Response:
        """Lead from a check run's own address to the page that shows it."""
        with self._world.lock:
            repo = self._repo(request)
            check = repo.checks.get(request.path_params["id"])
            return _to_pull(request, repo, check.head_sha if check else "", "/checks")

    def run(self, request: Request) -> Response:
        """Lead from a run's own address to the page that shows it."""
        with self._world.lock:
            repo, number = self._repo(request), request.path_params["id"]
            run = repo.runs.get(number)
            return _to_pull(request, repo, run.head_sha if run else "", f"/checks#run-{number}")

    def artifact(self, request: Request) -> Response:
        number = request.path_params["id"]
        with self._world.lock:
            runs = self._repo(request).runs.values()
            found = next((a for run in runs for a in run.artifacts if a.id == number), None)
        if found is None:
            raise _MissingError
        name = f'attachment; filename="artifact-{number}.zip"'
        headers = HEADERS | {"content-disposition": name}
        return Response(found.archive, media_type="application/zip", headers=headers)

    async def play(self, request: Request) -> Response:
        """Do what a button says; lead back to the page that it is on."""
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                return self._frame.refuse(request, status, "That is too long.")
        pairs = parse_qs(body.decode(errors="replace"))
        form = {key: values[-1] for key, values in pairs.items()}
        if not self._frame.is_own(request, form):
            text = "This form is not, or no longer, the sandbox's own. Reload its page, try again."
            return self._frame.refuse(request, HTTPStatus.FORBIDDEN, text)
        view = self.answering(lambda request: self._play(request, form))
        return await run_in_threadpool(view, request)

    def _play(self, request: Request, form: Mapping[str, str]) -> Response:
        act = PLAYS.get(request.path_params["play"])
        if act is None:
            raise _MissingError
        with self._world.lock:
            repo = self._repo(request)
            try:
                target = act(Play(repo, self._sample_of(repo), form))
            except (LookupError, ValueError):
                text = "That can't be done, or no longer. Reload the page to see how things are."
                return self._frame.refuse(request, HTTPStatus.CONFLICT, text)
        return _redirect(request, target)

    def _view(self, request: Request) -> PullView:
        with self._world.lock:
            pull = self._pull(request)
            return view_pull(pull, self._courier, self._sample_of(pull.repo))

    def _repo(self, request: Request) -> Repo:
        params = request.path_params
        try:
            return self._world.repository(f"{params['owner']}/{params['repo']}")
        except KeyError:
            raise _MissingError from None

    def _pull(self, request: Request) -> Pull:
        pull = self._repo(request).pulls.get(request.path_params["number"])
        if pull is None:
            raise _MissingError
        return pull

    def _commit(self, request: Request) -> tuple[Repo, Commit]:
        repo = self._repo(request)
        commit = repo.resolve(request.path_params["ref"])
        if commit is None:
            raise _MissingError
        return repo, commit

    def _sample_of(self, repo: Repo) -> Sample | None:
        return next((s for s in self._samples.values() if s.repo is repo), None)


def _redirect(request: Request, target: str) -> Response:
    """Lead to a page below the root, by GET."""
    return RedirectResponse(f"{request.scope['root_path']}/{target}", HTTPStatus.SEE_OTHER)


def _to_pull(request: Request, repo: Repo, sha: str, rest: str) -> Response:
    for pull in repo.pulls.values():
        if sha in {commit.sha for commit in pull.commits()}:
            return _redirect(request, f"{repo.full_name}/pull/{pull.number}{rest}")
    raise _MissingError
