"""Keys, and a storage server that does what it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

if TYPE_CHECKING:
    from email.message import Message
    from ssl import SSLContext

from tests.support.adapter import Adapter, Ground


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """Run a stand-in of GitHub."""
    with Ground().running() as ground:
        yield ground


@pytest.fixture
def adapter(ground: Ground) -> Iterator[Adapter]:
    """Return the real adapter on the stand-in."""
    with ground.adapter() as adapter:
        yield adapter


def _pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ).decode()


@pytest.fixture(scope="session")
def private_key() -> RSAPrivateKey:
    return generate_private_key(65_537, 2_048)


@pytest.fixture(scope="session")
def private_key_text(private_key: RSAPrivateKey) -> str:
    return _pem(private_key)


@pytest.fixture(scope="session")
def other_key_text() -> str:
    return _pem(generate_private_key(65_537, 2_048))


Reply = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Storage:
    """Where archives lie: answers each path with what `replies` holds for it."""

    server: ThreadingHTTPServer
    scheme: str = "http"
    replies: dict[str, Reply] = field(default_factory=dict)
    seen: list[tuple[str, Message]] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.server.server_port

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def put(self, path: str, body: bytes = b"", status: int = 200, **headers: str) -> None:
        """Answer a path with a body of a declared length."""

        def reply(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(body)

        self.replies[path] = reply


@pytest.fixture
def make_storage() -> Iterator[Callable[..., Storage]]:
    """Return a maker of storage servers; with an SSL context they speak https."""
    running: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def make(context: SSLContext | None = None) -> Storage:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                storage.seen.append((self.path, self.headers))
                storage.replies[self.path.partition("?")[0]](self)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.do_GET()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        storage = Storage(server, "http" if context is None else "https")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        running.append((server, thread))
        return storage

    yield make
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def storage(make_storage: Callable[..., Storage]) -> Storage:
    """Run a storage server on plain http."""
    return make_storage()
