"""Who may look at the page, who may operate the robot on it, and that an operator who has gone lets go of the arm.

viser lets the pages of all sites in, has no passwords, and takes another port when its own is taken. The guard stands
before it on the one port: it opens that port itself, and wraps what viser does with each connection. For this it needs
to know how viser makes its server, which is why constraints.txt pins viser.
"""

from __future__ import annotations

import asyncio
import hmac
import io
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable
from contextlib import redirect_stdout, suppress
from dataclasses import replace
from enum import Enum
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
import websockets.asyncio.server
from viser import GuiButtonHandle, GuiMarkdownHandle, ViserServer
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from osil.demonstrations.library import LARGEST_SENT
from osil.errors import ConfigError, OsilError
from osil.ros.page.onlooking import for_onlookers

Handler = Callable[[ServerConnection], Awaitable[None]]
Serve = Callable[[ServerConnection, Request], Response | None]

PING_PERIOD, PATIENCE = 0.25, 0.7
"""Seconds between an answer of a page and the next question, and for which the answer may take while the arm is held. A
browser that is frozen, or a machine that sleeps, closes no connection: it only stops to answer."""

GONE = 10.0
"""Seconds without an answer after which a page is disconnected, so that somebody else may operate."""

BUSY, AGAIN = "somebody operates already", 2
"""What a second operator reads, and seconds after which the browser asks again."""

LARGEST_MESSAGE = 1 << 20
"""Bytes. What a page sends is far smaller, but for files, which come in parts of half as much."""

LARGEST_NUMBER = 1e9
"""Of what a control may have; NaN is none."""

LARGEST_UPLOAD = 2 * LARGEST_SENT
"""Bytes of a file that may come at all, in which case the recorder says that it is too large."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
"""Of every answer: the address has the token, and nothing is fetched from elsewhere."""


class Role(Enum):
    """What a page may do: the messages that are taken from it."""

    OPERATOR = frozenset(
        {
            "ViewerCameraMessage",
            "GuiUpdateMessage",
            "CommandTriggerMessage",
            "FileTransferStartUpload",
            "FileTransferPart",
            "TransformControlsDragStartMessage",
            "TransformControlsUpdateMessage",
            "TransformControlsDragEndMessage",
        }
    )
    ONLOOKER = frozenset({"ViewerCameraMessage"})


class GuardError(OsilError):
    """The page would be open to everybody."""


class _Pose(msgspec.Struct):
    """Where something was dragged to."""

    position: tuple[float, float, float]
    wxyz: tuple[float, float, float, float]


class _Upload(msgspec.Struct):
    """How much a file has that is about to come."""

    size_bytes: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_UPLOAD)]
    part_count: Annotated[int, msgspec.Meta(ge=0, le=2 * LARGEST_UPLOAD // LARGEST_MESSAGE)]


class _Value(msgspec.Struct, forbid_unknown_fields=True):
    """What a control has now."""

    value: bool | Annotated[float, msgspec.Meta(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)] | str


class _Update(msgspec.Struct):
    """Of a control. The server would set whatever it is told, such as who is called."""

    updates: _Value


FORMS: dict[str, type] = {
    "TransformControlsUpdateMessage": _Pose,
    "FileTransferStartUpload": _Upload,
    "GuiUpdateMessage": _Update,
}
"""Of messages whose fields the server keeps without a look at them."""


class _Connection(ServerConnection):
    """A connection from which only the messages of its role come through, and to which goes what its role sees."""

    role: Role
    guard: Guard

    async def recv(self, decode: bool | None = None) -> Any:
        while True:
            message = await super().recv(decode)
            try:
                content = msgspec.msgpack.decode(message)
                taken = content["type"] in self.role.value or _presses(content) in self.guard.for_all
                if content["type"] in FORMS:
                    msgspec.convert(content, FORMS[content["type"]])
            except (KeyError, TypeError, msgspec.MsgspecError):
                await self.close(1007, "this is no message of the page")
                continue  # to be told that the connection is closed
            if taken:
                return message

    async def send(self, message: Any, text: bool | None = None) -> None:
        if self.role is Role.ONLOOKER:
            message = for_onlookers(message, self.guard.for_all, self.guard.for_onlookers)
        await super().send(message, text)


def _presses(content: dict[str, Any]) -> str | None:
    """The button that a message presses, as viser names it; None: it does something else."""
    return content["uuid"] if content["type"] == "GuiUpdateMessage" and content["updates"] == {"value": True} else None


class Guard:
    """Opens one viser server, and watches over it.

    Attributes:
        tokens: of each role, new for each guard.
        for_all: buttons that onlookers may press as well, by the names (uuid) that messages call them.
        for_onlookers: what is shown to them alone, in the same way.
    """

    def __init__(self, let_go: Callable[[], object]) -> None:
        """``let_go``: called in the server's thread when the operator's page has gone or does not answer."""
        self.tokens = {role: secrets.token_urlsafe(18) for role in Role}
        self.for_all: set[str] = set()
        self.for_onlookers: set[str] = set()
        self._let_go = let_go
        self._operator: _Connection | None = None
        self._onlookers = 0
        self._stands = False

    def open(self, host: str, port: int) -> ViserServer:
        """The server, to which only pages with a token and from here are let through.

        Args:
            host: address on which it listens.
            port: 0: any that is free.

        Raises:
            ConfigError: nobody can listen there.
            GuardError: viser makes its server in another way than the guard knows.
        """
        try:
            listening = socket.create_server((host, port))
        except OSError as error:
            raise ConfigError(
                f"the page cannot listen on {host}, port {port}: {error.strerror}; end what listens there, or choose "
                "another port (-p listen_port:=8081)"
            ) from error
        module = websockets.asyncio.server
        serve = module.serve

        def guarded(handler: Handler, *address: object, process_request: Serve, **options: Any) -> Any:
            self._stands = True
            own = {
                "sock": listening,
                "process_request": lambda connection, request: self._admit(connection, request, process_request),
                "create_connection": _Connection,
                "max_size": LARGEST_MESSAGE,
                "ping_interval": None,  # the guard asks by itself
                "logger": _quiet(),
            }
            return serve(lambda connection: self._attend(connection, handler), **{**options, **own})

        setattr(module, "serve", guarded)  # noqa: B010
        try:
            with redirect_stdout(io.StringIO()):  # it would print an address without the token
                server = ViserServer(host, listening.getsockname()[1], verbose=False)
        finally:
            setattr(module, "serve", serve)  # noqa: B010
        if not self._stands:
            server.stop()
            listening.close()
            raise GuardError(
                "this version of viser makes its web server in another way than the guard of the page knows, so that "
                "the page would be open to everybody; install the version in constraints.txt"
            )
        return server

    def let_all_press(self, button: GuiButtonHandle) -> None:
        """Let onlookers press it as well."""
        self.for_all.add(button._impl.uuid)

    def show_onlookers(self, text: GuiMarkdownHandle) -> None:
        """Show them what is hidden from the operator."""
        self.for_onlookers.add(text._impl.uuid)

    @property
    def pages(self) -> tuple[bool, int]:
        """Whether somebody operates, and how many look on."""
        return self._operator is not None, self._onlookers

    def _role(self, token: str) -> Role | None:
        for role, right in self.tokens.items():
            if hmac.compare_digest(token.encode(), right.encode()):
                return role
        return None

    def _admit(self, connection: ServerConnection, request: Request, serve: Serve) -> Response | None:
        """The answer to a request; None: it becomes a connection."""
        response = self._answer(connection, request, serve)
        if response is not None:
            response.headers.update(HEADERS)
        return response

    def _answer(self, connection: ServerConnection, request: Request, serve: Serve) -> Response | None:
        token, _, rest = request.path.removeprefix("/").partition("/")
        role = self._role(token)
        if role is None:
            return connection.respond(HTTPStatus.UNAUTHORIZED, "open the address that the page node has printed\n")
        taken = role is Role.OPERATOR and self._operator is not None
        if "Upgrade" not in request.headers:
            if taken and not rest:  # also whoever loads the page anew, until the former one has gone
                busy = connection.respond(HTTPStatus.CONFLICT, f"{BUSY}; this page asks again every {AGAIN} seconds\n")
                busy.headers["Refresh"] = str(AGAIN)
                return busy
            return serve(connection, replace(request, path=f"/{rest}"))
        if request.headers.get("Origin") != f"http://{request.headers.get('Host')}":
            return connection.respond(HTTPStatus.FORBIDDEN, "no other site may use this page\n")
        if taken:
            return connection.respond(HTTPStatus.CONFLICT, f"{BUSY}\n")
        assert isinstance(connection, _Connection)
        connection.role, connection.guard = role, self
        return None

    async def _attend(self, connection: ServerConnection, handler: Handler) -> None:
        assert isinstance(connection, _Connection)
        if connection.role is Role.OPERATOR:
            if self._operator is not None:  # of two that were admitted at once the second
                await connection.close(1008, BUSY)
                return
            self._operator = connection
        self._onlookers += connection.role is Role.ONLOOKER
        watch = asyncio.create_task(self._watch(connection))
        try:
            await handler(connection)
        finally:
            watch.cancel()
            self._onlookers -= connection.role is Role.ONLOOKER
            if connection is self._operator:
                self._operator = None
                self._let_go()

    async def _watch(self, connection: _Connection) -> None:
        """Ask the page whether it is still there, again and again."""
        while True:
            asked = asyncio.create_task(_round_trip(connection))
            answered, _ = await asyncio.wait({asked}, timeout=PATIENCE)
            if not answered:
                if connection is self._operator:
                    self._let_go()
                answered, _ = await asyncio.wait({asked}, timeout=GONE - PATIENCE)
            if not answered:
                connection.transport.abort()
                return
            await asyncio.sleep(PING_PERIOD)


async def _round_trip(connection: ServerConnection) -> None:
    """A question and its answer, or the end of the connection."""
    with suppress(ConnectionClosed):
        await (await connection.ping())


def _quiet() -> logging.Logger:
    """Refused handshakes are nothing to tell on a terminal; each has its answer."""
    logger = logging.getLogger(f"{__name__}.connections")
    logger.setLevel(logging.CRITICAL)
    return logger
