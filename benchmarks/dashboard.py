"""What a page costs with 10 and with 10,000 commits stored. Run by hand.

    python -m benchmarks.dashboard [--rounds 15] [--files 2000]

Two SQLite databases hold the same repository, one with its last ten commits, one with all
ten thousand: points, baselines, verdicts of a pull request each. The pages are asked for in
turns, without a network between; medians of the CPU time, their ratio, and bytes are printed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from starlette.applications import Starlette

from bot.dashboard.access import BadgeTokens, PublicViewer
from bot.dashboard.gate import Parts
from bot.dashboard.routes import dashboard_routes
from worker.core.codec import encode_report
from worker.core.model import FileCoverage, Report
from worker.core.refs import Repository
from worker.inbox.waiting import Queue
from worker.store import open_store
from worker.store.engine import open_engine, writing
from worker.store.schema import baselines, points, pulls, snapshots, verdicts

FEW, MANY = 10, 10_000
REPOSITORY = Repository(1, 2, "acme/rockets", "main", url="https://github.com/acme/rockets")
START = datetime(2030, 1, 1, tzinfo=UTC)
ROUTES = {
    "list": "/",
    "repository": "/acme/rockets",
    "pull request": f"/acme/rockets/pull/{MANY}",
    "file": f"/acme/rockets/blob/{MANY:040x}/src/part_1/file_1.py",
    "badge": "/acme/rockets/badge.svg",
    "API: trend": "/api/v1/repositories/acme/rockets/trend",
    "API: pull request": f"/api/v1/repositories/acme/rockets/pulls/{MANY}",
}


def paths(files: int) -> list[str]:
    """Return the names of as many files."""
    return [f"src/part_{at % 20}/file_{at}.py" for at in range(files)]


def make_snapshot(files: int) -> bytes:
    """Return a snapshot with ten analyses of 200 rows."""
    names = paths(files)
    ratio = {"covered": 7, "total": 9, "percent": 77.77}
    rows = [[{"path": name, "lines": [[5, 9]]}, "high", ratio, 12] for name in names[:200]]
    table = {"title": "", "columns": ["file", "risk", "coverage", "lines"], "rows": rows}
    insights = [
        {"name": f"analysis_{at}", "title": f"Analysis {at}", "tables": [table | {"more_rows": 0}]}
        for at in range(10)
    ]
    sizes = [[name, at % 90, 10 + at % 90] for at, name in enumerate(names)]
    return zlib.compress(json.dumps({"insights": insights, "files": sizes}).encode())


def fill(url: str, commits: int, files: int) -> None:
    """Store the repository with its last so many commits."""
    open_store(url).remember_repository(REPOSITORY)
    report = encode_report(
        Report.of(FileCoverage(name, 2 * (2**200 - 1), 2**150 - 2) for name in paths(files))
    )
    numbers = range(MANY - commits + 1, MANY + 1)
    details = json.dumps({"gates": [], "title": "x" * 2_000})
    common = [
        {"repository_id": 2, "branch": "main", "commit": f"{at:040x}",
         "recorded_at": START + timedelta(hours=at), "covered": 70, "total": 90}
        for at in numbers
    ]  # fmt: skip
    judged = [
        {"repository_id": 2, "number": at, "head_sha": f"{at:040x}", "conclusion": "success",
         "title": "New code is 80 % covered", "details": details,
         "recorded_at": START + timedelta(hours=at)}
        for at in numbers
    ]  # fmt: skip
    opened = [
        {"repository_id": 2, "number": at, "title": "Aim higher", "author": "mira",
         "state": "open" if at > MANY - FEW else "closed", "draft": False, "base_ref": "main",
         "head_sha": f"{at:040x}", "url": "", "seen_at": START}
        for at in numbers
    ]  # fmt: skip
    last = common[-1]
    with writing(open_engine(url)) as connection:
        connection.execute(insert(points), [{**one, "data": "{}"} for one in common])
        connection.execute(
            insert(baselines),
            [
                {**one, "report": report if one is last else b"-", "run_id": 1, "attempt": 1}
                for one in common
            ],
        )
        connection.execute(insert(verdicts), judged)
        connection.execute(insert(pulls), opened)
        kept = {key: last[key] for key in ("repository_id", "branch", "commit", "recorded_at")}
        connection.execute(insert(snapshots), {**kept, "data": make_snapshot(files)})


def make_app(url: str) -> Starlette:
    """Return the dashboard over a database."""
    store = open_store(url)

    async def nothing() -> Queue:
        return Queue(0, ())

    parts = Parts(lambda: store, nothing, PublicViewer(), BadgeTokens(b"secret"))
    return Starlette(routes=dashboard_routes(parts))


async def ask(app: Starlette, path: str) -> tuple[float, int]:
    """Return the seconds of CPU and the bytes of one answer."""
    size = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI
        nonlocal size
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise RuntimeError(f"{path}: {message['status']}")
        size += len(message.get("body", b""))

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
        "query_string": b"", "root_path": "", "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "scheme": "http",
    }  # fmt: skip
    begun = time.process_time()
    await app(scope, receive, send)
    return time.process_time() - begun, size


async def measure(apps: list[Starlette], rounds: int) -> None:
    """Ask for all pages in turns, and print what they took."""
    print(f"| page | CPU ms, {FEW} commits | CPU ms, {MANY:,} commits | ratio | bytes |")
    print("| --- | --- | --- | --- | --- |")
    for name, path in ROUTES.items():
        times: list[list[float]] = [[] for _ in apps]
        size = 0
        for app in apps:
            await ask(app, path)
        for _ in range(rounds):
            for found, app in zip(times, apps, strict=True):
                seconds, size = await ask(app, path)
                found.append(seconds)
        few, many = (statistics.median(found) * 1_000 for found in times)
        print(f"| {name} | {few:.1f} | {many:.1f} | {many / few:.2f} | {size:,} |")


def main() -> None:
    """Measure, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--files", type=int, default=2_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        urls = [f"sqlite:///{Path(folder) / str(commits)}.db" for commits in (FEW, MANY)]
        for url, commits in zip(urls, (FEW, MANY), strict=True):
            fill(url, commits, arguments.files)
        asyncio.run(measure([make_app(url) for url in urls], arguments.rounds))


if __name__ == "__main__":
    main()
