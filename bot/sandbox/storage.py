"""The storage that downloads are redirected to: another origin, with signed addresses.

Like the real one it refuses every Authorization header: a client that sends its token
along with the redirect gives it away.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import re
import tarfile
from typing import TYPE_CHECKING

from starlette.requests import Request

from bot.sandbox import wire
from bot.sandbox.objects import Executable, Submodule, Symlink
from bot.sandbox.records import RequestRecord

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from bot.sandbox.repository import Repo
    from bot.sandbox.world import World

__all__ = ["StorageApp", "sign"]

ROUTES = {
    "/artifact/{artifact_id}": re.compile(r"/artifact/(\d+)"),
    "/tarball/{repository_id}/{sha}": re.compile(r"/tarball/(\d+)/([0-9a-f]{40})"),
}


def sign(world: World, path: str, seconds: int) -> dict[str, str]:
    """Return the query that opens a path of the storage for so many seconds."""
    expires = str(int(world.clock().timestamp()) + seconds)
    return {"se": expires, "sig": _signature(world, path, expires)}


def _signature(world: World, path: str, expires: str) -> str:
    key = f"storage:{world.webhook_secret}".encode()
    return hmac.new(key, f"{path}\n{expires}".encode(), hashlib.sha256).hexdigest()


class _DeniedError(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status


class StorageApp:
    """An ASGI application: `GET /artifact/{id}` and `GET /tarball/{repository}/{sha}`."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise ValueError(f"no {scope['type']} here")
        request = Request(scope, receive)
        world = self.world
        path = request.url.path
        template = next((t for t, p in ROUTES.items() if p.fullmatch(path)), "")
        fault = world.faults.take(request.method, template)
        await wire.wait_before(fault)
        with world.lock:
            status, body, media = self._answer(request, template)
            if fault is not None and fault.status is not None:
                status, body = fault.status, (fault.body or "").encode()
            elif fault is not None and fault.body is not None:
                body, media = fault.body.encode(), "text/html"
            world.record(
                RequestRecord(request.method, template, path, status, world.clock(), storage=True)
            )
        await wire.send_answer(send, status, {"content-type": media}, body, fault)

    def _answer(self, request: Request, template: str) -> tuple[int, bytes, str]:
        try:
            self._check(request)
            if template == "/artifact/{artifact_id}":
                return 200, self._artifact(int(request.url.path.split("/")[2])), "application/zip"
            return 200, self._tarball(request.url.path), "application/x-gzip"
        except _DeniedError as error:
            text = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{error}</Code></Error>'
            return error.status, text.encode(), "application/xml"

    def _check(self, request: Request) -> None:
        world = self.world
        if "authorization" in request.headers:
            world.complain(f"sent an Authorization header to the storage: {request.url.path}")
            raise _DeniedError(400, "InvalidAuthenticationInfo")
        query = request.query_params
        expires = query.get("se", "")
        wanted = _signature(world, request.url.path, expires)
        if not hmac.compare_digest(wanted.encode(), query.get("sig", "").encode()):
            raise _DeniedError(403, "AuthenticationFailed")
        if not expires.isdigit() or int(expires) < world.clock().timestamp():
            raise _DeniedError(403, "AuthenticationFailed")

    def _tarball(self, path: str) -> bytes:
        match = ROUTES["/tarball/{repository_id}/{sha}"].fullmatch(path)
        repo = self.world.repositories.get(int(match[1])) if match else None
        if match is None or repo is None:
            raise _DeniedError(404, "ResourceNotFound")
        return _pack(repo, match[2])

    def _artifact(self, number: int) -> bytes:
        for repo in self.world.repositories.values():
            for run in repo.runs.values():
                for item in run.artifacts:
                    if item.id == number:
                        return item.archive
        raise _DeniedError(404, "BlobNotFound")


def _pack(repo: Repo, sha: str) -> bytes:
    """Return a commit's files as GitHub packs them: below "owner-name-abc1234/"."""
    commit = repo.objects.commits[sha]
    top = f"{repo.owner.login}-{repo.name}-{sha[:7]}"
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz", pax_headers={"comment": sha}) as archive:
        for path in sorted(commit.files):
            data = commit.files[path]
            info = tarfile.TarInfo(f"{top}/{path}")
            info.mtime = int(commit.date.timestamp())
            info.mode = 0o755 if isinstance(data, Executable) else 0o644
            if isinstance(data, Submodule):
                info.type = tarfile.DIRTYPE
                archive.addfile(info)
            elif isinstance(data, Symlink):
                info.type = tarfile.SYMTYPE
                info.linkname = data.decode()
                archive.addfile(info)
            else:
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return target.getvalue()
