"""`/api/v1`: what the pages show, as JSON. It only reads."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, FastAPI, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from bot.dashboard.frame import HEADERS, answer
from bot.dashboard.gate import MissingError, Parts, find_repository, full_sha
from bot.dashboard.models import (
    FilesAnswer,
    InsightsAnswer,
    LinesAnswer,
    OverridesAnswer,
    PullAnswer,
    PullsAnswer,
    QueueAnswer,
    Refusal,
    RepositoriesAnswer,
    RepositoryAnswer,
    TrendAnswer,
)
from bot.dashboard.reading import Branch, find_file, list_repositories, read_branch, read_pull
from bot.dashboard.writing import (
    write_files,
    write_insights,
    write_lines,
    write_listed,
    write_override,
    write_pull,
    write_pull_line,
    write_queue,
    write_repository,
    write_trend,
)
from worker.core.errors import CovgateError, PostponedError
from worker.core.refs import Repository

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["make_api"]

_HOME = "/repositories/{owner}/{repo}"
_PORTION = 100
_MOST_PULLS = 100
_MOST_OVERRIDES = 100
_AGAIN = 30
_HEADERS = {**HEADERS, "content-security-policy": "default-src 'none'; frame-ancestors 'none'"}
_ABSENT = "there is no such thing here, or you may not see it"
_RESPONSES: dict[int | str, dict[str, Any]] = {
    404: {"model": Refusal, "description": "Not there, or not for you: nobody is told which."},
    503: {"model": Refusal, "description": "The database or Redis is away; see Retry-After."},
}
router = APIRouter(responses=_RESPONSES)


def make_api(parts: Parts) -> FastAPI:
    """Return the application that answers below /api/v1."""
    api = FastAPI(
        title="Covgate",
        version="1",
        summary="What Covgate found, read-only.",
        # The pages that FastAPI makes of its routes load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        exception_handlers={
            MissingError: _missing,
            CovgateError: _away,
            HTTPException: _refuse,
        },
    )
    api.state.parts = parts
    api.include_router(router)
    return api


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def _asked(request: Request, owner: str, repo: str) -> Repository:
    """Return the repository that an address names, if they may read it."""
    return find_repository(_parts(request), request, owner, repo)


Asked = Annotated[Repository, Depends(_asked)]
BranchName = Annotated[
    str, Query(alias="branch", max_length=255, description="The default branch, if empty.")
]


def _asked_branch(request: Request, repository: Asked, name: BranchName = "") -> Branch:
    branch = name or repository.default_branch
    return read_branch(_parts(request).open_history(), repository, branch, around=False)


AskedBranch = Annotated[Branch, Depends(_asked_branch)]


@router.get("/repositories", response_model=RepositoriesAnswer)
def list_all(request: Request, after: str = "") -> Response:
    """List the repositories that may be read, by name."""
    parts = _parts(request)
    history = parts.open_history()
    private = parts.viewer.private_ids(request)
    found = history.list_repositories(after=after, most=_PORTION, private=private)
    following = found[-1].full_name if len(found) == _PORTION else None
    listed = [write_listed(one) for one in list_repositories(history, found)]
    return _answer(request, RepositoriesAnswer(repositories=listed, next=following))


@router.get("/queue", response_model=QueueAnswer)
async def queue(request: Request) -> Response:
    """Tell what is awaited, overdue and failing; for operators alone."""
    parts = _parts(request)
    if not await run_in_threadpool(parts.viewer.is_operator, request):
        raise MissingError
    return _answer(request, write_queue(await parts.read_queue()))


@router.get(_HOME, response_model=RepositoryAnswer)
def repository(request: Request, branch: AskedBranch) -> Response:
    """Tell how a repository stands."""
    return _answer(request, write_repository(branch))


@router.get(f"{_HOME}/trend", response_model=TrendAnswer)
def trend(request: Request, branch: AskedBranch) -> Response:
    """Return the coverage of the newest commits."""
    return _answer(request, write_trend(branch))


@router.get(f"{_HOME}/insights", response_model=InsightsAnswer)
def insights(request: Request, branch: AskedBranch) -> Response:
    """Return what the analyses of the tests found, at most 200 rows a table."""
    return _answer(request, write_insights(branch))


@router.get(f"{_HOME}/files", response_model=FilesAnswer)
def files(request: Request, branch: AskedBranch) -> Response:
    """Return all files with their lines."""
    return _answer(request, write_files(branch))


@router.get(f"{_HOME}/lines/{{commit}}/{{path:path}}", response_model=LinesAnswer)
def lines(request: Request, repository: Asked, commit: str, path: str) -> Response:
    """Return the lines of a file at a commit that is a baseline, or was judged."""
    history = _parts(request).open_history()
    found = find_file(history, repository, full_sha(commit), path)
    if found is None or found.coverage is None:
        raise MissingError
    return _answer(request, write_lines(commit, found.commit, found.coverage))


@router.get(f"{_HOME}/pulls", response_model=PullsAnswer)
def pulls(request: Request, repository: Asked) -> Response:
    """List the open pull requests, newest first."""
    found = _parts(request).open_history().open_pulls(repository.id, most=_MOST_PULLS)
    return _answer(request, PullsAnswer(pulls=[write_pull_line(*one) for one in found]))


@router.get(f"{_HOME}/pulls/{{number}}", response_model=PullAnswer)
def pull(request: Request, repository: Asked, number: int) -> Response:
    """Return a pull request with the verdict on its head, and those on the heads before."""
    known = 0 < number < 2**62
    found = read_pull(_parts(request).open_history(), repository, number) if known else None
    if found is None:
        raise MissingError
    return _answer(request, write_pull(found))


@router.get(f"{_HOME}/overrides", response_model=OverridesAnswer)
def overrides(request: Request, repository: Asked) -> Response:
    """Return the ledger of overrides, the newest first."""
    found = _parts(request).open_history().latest_overrides(repository.id, most=_MOST_OVERRIDES)
    return _answer(request, OverridesAnswer(overrides=list(map(write_override, found))))


def _answer(request: Request, model: BaseModel) -> Response:
    # Not `model_dump_json`: half a character, as a path may hold, is no JSON for it.
    body = msgspec.json.encode(_clean(model.model_dump(mode="python")))
    return answer(request, body, "application/json", _HEADERS)


def _clean(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a value whose texts are Unicode."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_clean(key): _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    return value


async def _missing(_request: Request, _error: Exception) -> JSONResponse:
    return _refusal(HTTPStatus.NOT_FOUND, _ABSENT)


async def _refuse(_request: Request, error: Exception) -> JSONResponse:
    """Answer what no route answers: 404 as everywhere, 405."""
    assert isinstance(error, HTTPException)  # noqa: S101 -- by its registration
    if error.status_code == HTTPStatus.NOT_FOUND:
        return _refusal(HTTPStatus.NOT_FOUND, _ABSENT)
    return _refusal(HTTPStatus(error.status_code), str(error.detail))


async def _away(_request: Request, error: Exception) -> JSONResponse:
    seconds = error.seconds if isinstance(error, PostponedError) else _AGAIN
    answer = _refusal(HTTPStatus.SERVICE_UNAVAILABLE, "it can't be had now; try again later")
    answer.headers["retry-after"] = str(max(1, int(seconds)))
    return answer


def _refusal(status: HTTPStatus, detail: str) -> JSONResponse:
    return JSONResponse({"status": "refused", "detail": detail}, status, _HEADERS)
