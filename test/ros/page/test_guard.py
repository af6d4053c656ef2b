"""Who gets in, who may operate, and that an operator who has gone lets go."""

from __future__ import annotations

import http.client
import math
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("viser", reason="viser is not installed, the extra 'page'")

import msgspec
import viser
import websockets
import websockets.asyncio.server
from viser import GuiButtonHandle, GuiEvent, ViserServer, _messages
from viser.infra import _infra
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from osil.errors import ConfigError
from osil.ros.page.guard import LARGEST_MESSAGE, LARGEST_UPLOAD, Guard, GuardError, Role

HOST = "127.0.0.1"

PROTOCOL = f"viser-v{viser.__version__}"

CAMERA = {
    "type": "ViewerCameraMessage",
    "wxyz": [1.0, 0.0, 0.0, 0.0],
    "position": [1.0, 1.0, 1.0],
    "fov": 1.0,
    "near": 0.1,
    "far": 10.0,
    "image_height": 100,
    "image_width": 100,
    "look_at": [0.0, 0.0, 0.0],
    "up_direction": [0.0, 0.0, 1.0],
}


class Guarded:
    """A page behind its guard, and how often it made the operator let go."""

    def __init__(self) -> None:
        self.let_go = 0
        self.guard = Guard(self._let_go)
        self.server = self.guard.open(HOST, 0)
        self.port = self.server.get_port()

    def _let_go(self) -> None:
        self.let_go += 1

    def get(self, path: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(HOST, self.port)
        connection.request("GET", path)
        return connection.getresponse()

    def open(self, role: Role = Role.OPERATOR, **options: Any) -> ClientConnection:
        return self.open_with(self.guard.tokens[role], **options)

    def open_with(self, token: str, origin: str | None = "") -> ClientConnection:
        """A page's connection; ``origin``: left out, that of the page itself."""
        own = f"http://{HOST}:{self.port}" if origin == "" else origin
        address = f"ws://{HOST}:{self.port}/{token}"
        return connect(address, origin=own, subprotocols=[PROTOCOL], compression=None, proxy=None)


@pytest.fixture
def page() -> Iterator[Guarded]:
    guarded = Guarded()
    yield guarded
    guarded.server.stop()


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:  # once more would be a second deed
        time.sleep(0.01)
    return met


def send(connection: ClientConnection, message: dict[str, Any]) -> None:
    connection.send(msgspec.msgpack.encode(message))


def closed(connection: ClientConnection) -> int | None:
    """The code with which the server closes the connection."""
    with suppress(ConnectionClosed):
        while True:
            connection.recv(timeout=20.0)
    return connection.close_code


@pytest.mark.parametrize("path", ["/", "/index.html", "/wrong/", "/wrong/index.html", "//", "/?token=x", "/%00/"])
def test_without_the_token_nothing_is_served(page: Guarded, path: str) -> None:
    answer = page.get(path)
    assert answer.status == 401
    assert b"<" not in answer.read()


@pytest.mark.parametrize("token", ["", "wrong", "wrong/index.html"])
def test_without_the_token_nobody_connects(page: Guarded, token: str) -> None:
    with pytest.raises(InvalidStatus) as error:
        page.open_with(token)
    assert error.value.response.status_code == 401


def test_tokens_are_not_those_of_another_time(page: Guarded) -> None:
    assert not set(page.guard.tokens.values()) & set(Guard(print).tokens.values())
    assert min(len(token) for token in page.guard.tokens.values()) >= 20


@pytest.mark.parametrize("role", Role)
def test_with_a_token_the_page_is_served_and_asks_nobody_else(page: Guarded, role: Role) -> None:
    answer = page.get(f"/{page.guard.tokens[role]}/")
    assert answer.status == 200
    assert b"<html" in answer.read()
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_no_file_beside_the_page_is_served(page: Guarded) -> None:
    for path in ("../../__init__.py", "%2e%2e/%2e%2e/__init__.py", "/etc/passwd"):
        assert page.get(f"/{page.guard.tokens[Role.OPERATOR]}/{path}").status == 404


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", f"http://{HOST}:1", f"https://{HOST}"])
@pytest.mark.parametrize("role", Role)
def test_pages_of_other_sites_are_refused_even_with_a_token(page: Guarded, role: Role, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as error:
        page.open(role, origin=origin)
    assert error.value.response.status_code == 403


def test_one_operates_and_others_look_on(page: Guarded) -> None:
    with page.open(), page.open(Role.ONLOOKER), page.open(Role.ONLOOKER):
        with pytest.raises(InvalidStatus) as error:
            page.open()
        assert error.value.response.status_code == 409
        answer = page.get(f"/{page.guard.tokens[Role.OPERATOR]}/")
        assert (answer.status, answer.headers["Refresh"]) == (409, "2"), "the browser asks again by itself"
        assert b"somebody operates already" in answer.read()
    assert page.let_go <= 1

    def again() -> bool:
        with suppress(InvalidStatus):
            page.open().close()
            return True
        return False

    assert eventually(again), "the place is free once the operator has gone"


def test_of_many_who_come_at_once_one_operates(page: Guarded) -> None:
    def come(number: int) -> ClientConnection | None:
        with suppress(InvalidStatus):
            return page.open()
        return None

    def stays(connection: ClientConnection) -> bool:
        with suppress(ConnectionClosed):
            while True:
                try:
                    connection.recv(timeout=0.5)
                except TimeoutError:
                    return True
        return False

    with ThreadPoolExecutor(8) as pool:
        come_in = [connection for connection in pool.map(come, range(8)) if connection is not None]
        assert sum(pool.map(stays, come_in)) == 1
    for connection in come_in:
        connection.close()


def button(page: Guarded) -> tuple[dict[str, Any], list[bool]]:
    """The message with which a page presses a button, and what is pressed."""
    pressed: list[bool] = []
    handle = page.server.gui.add_button("press")

    async def press(event: object) -> None:
        pressed.append(True)

    handle.on_click(press)
    return {"type": "GuiUpdateMessage", "uuid": handle._impl.uuid, "updates": {"value": True}}, pressed


def test_who_looks_on_presses_no_button(page: Guarded) -> None:
    message, pressed = button(page)
    with page.open(Role.ONLOOKER) as onlooker, page.open() as operator:
        for connection in (onlooker, operator):
            send(connection, CAMERA)
        assert eventually(lambda: len(page.server.get_clients()) == 2), "both have been seen"
        for _ in range(3):
            send(onlooker, message)
        send(onlooker, {**CAMERA, "fov": 0.5})  # after which all before it has been looked at
        assert eventually(lambda: any(client.camera.fov == 0.5 for client in page.server.get_clients().values()))
        assert not pressed
        send(operator, message)
        assert eventually(lambda: bool(pressed))


def test_the_operator_cannot_have_the_page_shown_through_a_public_host(page: Guarded) -> None:
    asked: list[object] = []
    page.server._websock_server.register_handler(
        _messages.ShareUrlRequest, lambda client, message: asked.append(message)
    )
    message, pressed = button(page)
    with page.open() as operator:
        send(operator, CAMERA)
        send(operator, {"type": "ShareUrlRequest"})
        assert eventually(lambda: bool(page.server.get_clients()))
        send(operator, message)
        assert eventually(lambda: bool(pressed))
        assert not asked


@pytest.mark.parametrize("message", [b"", b"\xff", b"\x00", b"\x80", msgspec.msgpack.encode({"type": {}}), "text"])
@pytest.mark.parametrize("role", Role)
def test_what_is_no_message_ends_the_connection_alone(page: Guarded, role: Role, message: bytes | str) -> None:
    with page.open(role) as connection:
        connection.send(message)
        assert closed(connection) == 1007
    page.open(role if role is Role.ONLOOKER else Role.ONLOOKER).close()


UPLOAD = {
    "type": "FileTransferStartUpload",
    "source_component_uuid": "any",
    "transfer_uuid": "any",
    "filename": "any.mcap",
    "mime_type": "",
}


@pytest.mark.parametrize("size", [{"size_bytes": LARGEST_UPLOAD + 1}, {"size_bytes": -1}, {"part_count": 10**9}, {}])
def test_a_file_that_cannot_be_ends_the_connection_before_it_comes(page: Guarded, size: dict[str, int]) -> None:
    with page.open() as connection:
        send(connection, {**UPLOAD, "size_bytes": 5, "part_count": 1, **size} if size else UPLOAD)
        assert closed(connection) == 1007
    assert eventually(lambda: page.let_go == 1)


def test_who_looks_on_uploads_nothing_and_presses_no_key(page: Guarded) -> None:
    done: list[str] = []

    async def uploaded(event: object) -> None:
        done.append("upload")

    async def pressed(event: object) -> None:
        done.append("key")

    upload = page.server.gui.add_upload_button("upload")
    upload.on_upload(uploaded)
    key = page.server.gui.add_command("press", hotkey="K")
    key.on_trigger(pressed)
    start = {**UPLOAD, "source_component_uuid": upload._impl.uuid, "size_bytes": 0, "part_count": 0}
    trigger = {"type": "CommandTriggerMessage", "uuid": key._impl.uuid}
    with page.open(Role.ONLOOKER) as onlooker, page.open() as operator:
        for connection in (onlooker, operator):
            send(connection, CAMERA)
        assert eventually(lambda: len(page.server.get_clients()) == 2), "both have been seen"
        for message in (start, trigger, {**CAMERA, "fov": 0.5}):
            send(onlooker, message)
        assert eventually(lambda: any(client.camera.fov == 0.5 for client in page.server.get_clients().values()))
        assert not done
        for message in (start, trigger):
            send(operator, message)
        assert eventually(lambda: sorted(done) == ["key", "upload"])


def test_a_button_for_all_is_pressed_by_who_looks_on_and_given_no_other_value(page: Guarded) -> None:
    given: list[object] = []
    stop = page.server.gui.add_button("stop")

    async def press(event: GuiEvent[GuiButtonHandle]) -> None:
        given.append(event.target.value)

    stop.on_click(press)
    page.guard.let_all_press(stop)
    message = {"type": "GuiUpdateMessage", "uuid": stop._impl.uuid}
    with page.open(Role.ONLOOKER) as onlooker:
        send(onlooker, CAMERA)
        assert eventually(lambda: bool(page.server.get_clients()))
        for updates in ({"value": "broken"}, {"value": False}):
            send(onlooker, {**message, "updates": updates})
        send(onlooker, {**message, "updates": {"value": True}})
        assert eventually(lambda: given == [True])


@pytest.mark.parametrize(
    "updates",
    [
        {"update_cb": []},
        {"value": True, "disabled": False},
        {"value": []},
        {"value": math.nan},
        {"value": -math.inf},
        {"value": 1e300},
        {},
        None,
    ],
)
def test_of_a_control_nothing_is_changed_but_its_value(page: Guarded, updates: object) -> None:
    message, _ = button(page)
    with page.open() as operator:
        send(operator, {**message, "updates": updates})
        assert closed(operator) == 1007


def test_a_message_that_is_too_large_ends_the_connection(page: Guarded) -> None:
    with page.open() as connection:
        connection.send(b"\x00" * (LARGEST_MESSAGE + 1))
        assert closed(connection) == 1009
    assert eventually(lambda: page.let_go == 1)


def test_an_operator_who_closes_the_page_lets_go(page: Guarded) -> None:
    page.open().close()
    assert eventually(lambda: page.let_go == 1)


def test_an_operator_who_vanishes_lets_go(page: Guarded) -> None:
    connection = page.open()
    connection.socket.shutdown(socket.SHUT_RDWR)
    assert eventually(lambda: page.let_go == 1)


def test_an_operator_who_is_frozen_lets_go_within_two_seconds_of_a_steady_clock(page: Guarded) -> None:
    """A socket that takes what is sent and answers nothing, as that of a browser on a machine that sleeps."""
    with socket.create_connection((HOST, page.port)) as frozen:
        frozen.sendall(
            f"GET /{page.guard.tokens[Role.OPERATOR]} HTTP/1.1\r\nHost: {HOST}:{page.port}\r\n"
            f"Origin: http://{HOST}:{page.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n".encode()
        )
        assert b" 101 " in frozen.recv(4096)
        began = time.monotonic()
        assert eventually(lambda: page.let_go > 0)
        assert time.monotonic() - began < 2.0


def test_an_operator_who_answers_is_not_made_to_let_go(page: Guarded) -> None:
    with page.open():
        time.sleep(1.5)
        assert page.let_go == 0


def test_a_port_that_is_taken_is_named_and_no_other_is_opened(page: Guarded) -> None:
    with pytest.raises(ConfigError, match=rf"cannot listen on {HOST}, port {page.port}: .*choose another port"):
        Guard(print).open(HOST, page.port)


def test_a_viser_that_makes_its_server_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    serve = websockets.asyncio.server.serve
    elsewhere = SimpleNamespace(
        asyncio=SimpleNamespace(server=SimpleNamespace(serve=serve)),
        datastructures=websockets.datastructures,
        exceptions=websockets.exceptions,
    )
    monkeypatch.setattr(_infra, "websockets", elsewhere)
    opened: list[ViserServer] = []
    stop = ViserServer.stop
    monkeypatch.setattr(ViserServer, "stop", lambda self: (opened.append(self), stop(self)))
    with pytest.raises(GuardError, match="would be open to everybody"):
        Guard(print).open(HOST, 0)
    (server,) = opened
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, server.get_port()))
    assert websockets.asyncio.server.serve is serve
