"""The stand-in as running servers: API, storage and courier, each on its own thread."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Self

import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.sandbox.api import ApiApp
from bot.sandbox.deliveries import Courier
from bot.sandbox.storage import StorageApp
from bot.sandbox.web import WebApp
from bot.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from starlette.types import ASGIApp

__all__ = ["Server", "StandIn", "key_pair"]

HOST = "127.0.0.1"


@cache
def key_pair() -> tuple[str, str]:
    """Return an RSA key as PEM texts, private and public; the same within a process."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


class Server:
    """uvicorn on a thread, on a socket that is bound before it starts: no waiting for it."""

    def __init__(self, app: ASGIApp, *, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((HOST, port))
        self._socket.listen(128)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            http="h11",
            ws="none",
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), daemon=True
        )

    def start(self) -> None:
        """Serve."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Let the server end when it can."""
        self._server.should_exit = True

    def stop(self) -> None:
        """Stop, and close the socket."""
        self.ask_to_stop()
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()


def _now() -> datetime:
    return datetime.now(UTC)


class StandIn:
    """A running GitHub on two ports of this machine, as a context manager.

    `url` is what `COVGATE_GITHUB_URL` has to be; the pages that people use are at `site`,
    which links lead to once the world's `web_url` is set to it. `wrap` puts an ASGI middleware
    around the API (tests check every message against GitHub's description there).
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        port: int = 0,
        storage_port: int = 0,
        prefix: str = "",
        clock: Callable[[], datetime] = _now,
        wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    ) -> None:
        self.private_key_pem, public = key_pair()
        self._make_world = partial(
            World,
            webhook_secret="sandbox-secret",  # noqa: S106 - of a GitHub that is none
            public_key=public,
            private_key=self.private_key_pem,
            clock=clock,
        )
        self.world = world or self._make_world()
        self._api_app = ApiApp(self.world, prefix=prefix)
        self._storage_app = StorageApp(self.world)
        self._web_app = WebApp(self.world, wrap(self._api_app), self.deliver_to)
        self._api = Server(self._web_app, port=port)
        self._storage = Server(self._storage_app, port=storage_port)
        self.url = f"http://{HOST}:{self._api.port}{prefix}"
        self.site = f"http://{HOST}:{self._api.port}"
        self.storage_url = f"http://{HOST}:{self._storage.port}"
        self._settle(self.world)
        self.courier = Courier(self.world)

    def _settle(self, world: World) -> None:
        """Let the servers tell of this world."""
        world.api_url, world.storage_url = self.url, self.storage_url
        self.world = self._api_app.world = self._storage_app.world = world
        self._web_app.world = world

    def reset(self) -> World:
        """Begin a new, empty world behind the same addresses, with no receiver, and return it.

        Stopping a server takes a fifth of a second; a new world takes none.
        """
        self.courier.stop()
        self._settle(self._make_world())
        self.courier = Courier(self.world)
        self.courier.start()
        return self.world

    @property
    def app_id(self) -> int:
        """The App's id."""
        return self.world.app.id

    @property
    def webhook_secret(self) -> str:
        """The secret that deliveries are signed with."""
        return self.world.webhook_secret

    def deliver_to(self, url: str | None) -> None:
        """Send webhooks to this receiver from now on; None for nobody."""
        self.courier.deliver_to(url)

    def __enter__(self) -> Self:
        self._api.start()
        self._storage.start()
        self.courier.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.courier.stop()
        self._storage.ask_to_stop()
        self._api.stop()
        self._storage.stop()
