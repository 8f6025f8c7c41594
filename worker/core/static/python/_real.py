"""Which real components a Python test touches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.core.static.python._tree import is_sqlite

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable

    from worker.core.static.facts import Mock
    from worker.core.static.python._tree import Body, Names

__all__ = ["ALONE", "real_of", "real_of_fixture", "real_of_marker", "without_mocked"]

ALONE = frozenset({"database", "queue", "network"})
"""What a test that touches it is real by, whatever else it mocks."""

_VERBS = "get|post|put|patch|delete|head|options|request"
_NAMES = {
    "database": (
        r"testcontainers\.(?:community\.)?(?:postgres|mysql|mssql|mongodb|oracle|redis|clickhouse"
        r"|cassandra|neo4j|arangodb|opensearch|elasticsearch|db2|core)\..+"
        r"|(?:psycopg2?|pymysql|MySQLdb|oracledb|cx_Oracle|pyodbc|duckdb|aiomysql)\.connect"
        r"|psycopg\.(?:Async)?Connection\.connect|mysql\.connector\.connect"
        r"|asyncpg\.(?:connect|create_pool)|psycopg_pool\.\w+"
        r"|(?:pymongo|motor\.motor_asyncio)\.\w*Client|(?:Async)?Elasticsearch|elasticsearch\.\w+"
        r"|redis(?:\.asyncio)?\.(?:Redis|StrictRedis|from_url|Redis\.from_url|RedisCluster)"
        r"|valkey(?:\.asyncio)?\.(?:Valkey|from_url|Valkey\.from_url)"
    ),
    "queue": (
        r"testcontainers\.(?:community\.)?(?:kafka|rabbitmq|nats|localstack|google)\..+"
        r"|kafka\.\w*(?:Producer|Consumer|Client)|confluent_kafka(?:\.\w+)*\.\w*(?:Producer|Consumer"
        r"|Client)|aiokafka\.AIOKafka\w+|pika\.\w*Connection|aio_pika\.connect\w*|nats\.connect"
        r"|google\.cloud\.pubsub(?:_v1)?\.\w+Client|stomp\.Connection\w*"
    ),
    "network": (
        rf"(?:requests|httpx)\.(?:{_VERBS}|stream)|urllib\.request\.(?:urlopen|urlretrieve)"
        r"|aiohttp\.(?:ClientSession|request)|urllib3\.(?:PoolManager|request)"
        r"|http\.client\.HTTPS?Connection|smtplib\.SMTP(?:_SSL)?|ftplib\.FTP\w*|paramiko\.SSHClient"
        r"|socket\.(?:socket|create_connection|create_server|socketpair)|websockets\.connect"
        r"|(?:.+\.)?(?:Mock|Fake|Stub|Test)\w*Server"
        r"|asyncio\.(?:open_connection|start_server)|boto3\.(?:client|resource|Session)"
        r"|aiobotocore\.session\.get_session|grpc(?:\.aio)?\.(?:insecure|secure)_channel"
    ),
    "http": (
        r"(?:fastapi|starlette|falcon|litestar|sanic|aiohttp)(?:\.\w+)*\.TestClient|TestClient"
        r"|django\.test\.(?:Async)?(?:Client|RequestFactory)|rest_framework\.test\.API\w+"
        r"|(?:httpx\.)?(?:ASGI|WSGI)Transport|webtest\.TestApp|werkzeug\.test\.Client"
        r"|.+\.test_client|.+\.aiohttp_client|aiohttp_client|aiohttp\.test_utils\.\w+"
    ),
    "process": (
        r"subprocess\.\w+|os\.(?:system|popen|fork|spawn\w+|exec\w+)"
        r"|asyncio\.create_subprocess_\w+|multiprocessing\.(?:Process|Pool|get_context)"
        r"|concurrent\.futures\.ProcessPoolExecutor|pexpect\.spawn|(?:pytester|testdir)\.run\w*"
    ),
    "files": (
        r"open|io\.open|tempfile\.\w+|shutil\.\w+|os\.(?:mkdir|makedirs|remove|unlink|rename)"
        r"|.+\.(?:write_text|write_bytes|read_text|read_bytes)|.+\.isolated_filesystem"
    ),
}
_KINDS = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _NAMES.items()))
_ENGINE = re.compile(r"(?:sqlalchemy|sqlmodel)(?:\.\w+)*\.create_(?:async_)?engine")
_FIXTURES = {
    **dict.fromkeys(("tmp_path", "tmpdir", "tmp_path_factory", "tmpdir_factory"), "files"),
    **dict.fromkeys(("pytester", "testdir"), "files"),
    **dict.fromkeys(("httpbin", "httpbin_secure", "httpbin_both", "httpserver"), "network"),
    **dict.fromkeys(("live_server", "httpbin_ca_bundle"), "network"),
    **dict.fromkeys(("db", "transactional_db", "django_db_setup", "postgresql"), "database"),
    **dict.fromkeys(("redisdb", "mongodb"), "database"),
    **dict.fromkeys(("aiohttp_client", "admin_client", "async_client"), "http"),
}
_NETWORK_MOCKS = frozenset(
    {"responses", "respx", "requests_mock", "httpretty", "aioresponses", "vcr", "moto", "pook"}
    | {"httpx_mock", "respx_mock", "mocked_responses", "vcr_cassette", "MockTransport"}
)


def real_of(body: Body, names: Names) -> set[str]:
    """Return the kinds of real components that some statements touch."""
    found = set()
    for call in body.calls:
        name = names.of(call.func)
        match = _KINDS.fullmatch(name)
        if match:
            found.add(str(match.lastgroup))
        elif _ENGINE.fullmatch(name) and not _is_lite(call):
            found.add("database")
    return found


def _is_lite(call: ast.Call) -> bool:
    """Return whether an engine's URL is written out and SQLite's."""
    return bool(call.args) and is_sqlite(call.args[0])


def real_of_fixture(name: str) -> str | None:
    """Return the kind of component that a fixture of a well-known plugin gives."""
    return _FIXTURES.get(name)


def real_of_marker(name: str) -> str | None:
    """Return the kind of component that a marker lets a test touch."""
    return "database" if name == "django_db" else None


def without_mocked(real: Iterable[str], mocks: Iterable[Mock]) -> tuple[str, ...]:
    """Return the kinds, sorted, without the network where a library stands in for it."""
    mocked = any(mock.how in _NETWORK_MOCKS for mock in mocks)
    return tuple(sorted(kind for kind in set(real) if kind != "network" or not mocked))
