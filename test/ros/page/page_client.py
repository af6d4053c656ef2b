"""A page without a browser: what it shows as far as the controls go, and what an operator does with them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import numpy as np
import viser
import zstandard
from websockets.sync.client import connect


class PageClient:
    """One connection to the page node.

    Attributes:
        connection: may be ended in any way.
    """

    def __init__(self, address: str) -> None:
        """``address``: as the node prints it."""
        host, _, _ = address.removeprefix("http://").partition("/")
        self._parts: dict[str, dict[str, Any]] = {}
        self.connection = connect(
            address.replace("http://", "ws://").rstrip("/"),
            origin=f"http://{host}",
            subprotocols=[f"viser-v{viser.__version__}"],
            compression=None,
            max_queue=None,  # as a browser, it takes all that comes: a client that does not answers no ping either
            max_size=None,
            proxy=None,
        )
        self._send(
            "ViewerCameraMessage",
            wxyz=[1.0, 0.0, 0.0, 0.0],
            position=[1.0, 1.0, 1.0],
            fov=1.0,
            near=0.1,
            far=10.0,
            image_height=100,
            image_width=100,
            look_at=[0.0, 0.0, 0.0],
            up_direction=[0.0, 0.0, 1.0],
        )

    def shows(self, text: str) -> bool:
        """Whether this can be read on the page now."""
        self._look()
        return any(text in part["_markdown"].replace("\\", "") for part in self._visible() if "_markdown" in part)

    def press(self, label: str) -> bool:
        """Press the button with this label; False: there is none now."""
        self._look()
        for uuid, part in self._parts.items():
            if part.get("label") == label and part["visible"] and not part.get("disabled"):
                self._send("GuiUpdateMessage", uuid=uuid, updates={"value": True})
                return True
        return False

    def grasp(self) -> None:
        """Begin to drag the gripper."""
        self._send("TransformControlsDragStartMessage", name="/drag", owner="")

    def drag(self, place: np.ndarray, what: str = "/drag") -> None:
        """Drag it to ``place`` ``[3]``, metres, base frame."""
        self._send(
            "TransformControlsUpdateMessage", name=what, owner="", wxyz=[1.0, 0.0, 0.0, 0.0], position=place.tolist()
        )

    def drop(self) -> None:
        """End the drag."""
        self._send("TransformControlsDragEndMessage", name="/drag", owner="")

    def _send(self, kind: str, **fields: Any) -> None:
        self.connection.send(msgspec.msgpack.encode({"type": kind, **fields}))

    def _visible(self) -> list[dict[str, Any]]:
        return [part for part in self._parts.values() if part["visible"]]

    def _look(self) -> None:
        with suppress(TimeoutError):
            while True:
                self._read(self.connection.recv(timeout=0.0))

    def _read(self, packet: bytes) -> None:
        size = int.from_bytes(packet[8:16], "little")
        content = msgspec.msgpack.decode(zstandard.decompress(packet[16 : 16 + size]))
        for message in content["messages"]:
            if message["type"].startswith("Gui") and "props" in message:
                self._parts[message["uuid"]] = dict(message["props"])
            elif message["type"] == "GuiUpdateMessage":
                self._parts[message["uuid"]] |= message["updates"]
