"""A page without a browser: what it shows as far as the controls go, and what an operator does with them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

import msgspec
import numpy as np
import viser
import zstandard
from websockets.sync.client import connect

PART = 512 * 1024
"""Bytes of a part of a file, as browsers send them."""


class PageClient:
    """One connection to the page node.

    Attributes:
        connection: may be ended in any way.
        files: that were sent to be kept, by name.
        received: bytes since it was loaded first.
    """

    def __init__(self, address: str) -> None:
        """``address``: as the node prints it."""
        self._address = address
        self.files: dict[str, bytes] = {}
        self.received = 0
        self.load()

    def load(self) -> None:
        """Connect, again if it was before. Raises websockets' InvalidStatus if the page is refused."""
        address = self._address
        host, _, _ = address.removeprefix("http://").partition("/")
        self._parts: dict[str, dict[str, Any]] = {}
        self._commands: dict[str, str] = {}
        self._coming: dict[str, str] = {}
        self._nodes: set[str] = set()
        self._target: np.ndarray | None = None
        self.connection = connect(
            address.replace("http://", "ws://").rstrip("/"),
            origin=f"http://{host}",
            subprotocols=[f"viser-v{viser.__version__}"],
            compression=None,
            max_queue=None,  # as a browser, it takes all that comes: a client that does not answers no ping either
            max_size=None,
            proxy=None,
        )
        self.look(100, 100, np.zeros(3))

    def look(self, width: int, height: int, target: np.ndarray) -> None:
        """Tell that a screen of so many pixels shows what is around ``target`` (``[3]`` metres, base frame)."""
        self._send(
            "ViewerCameraMessage",
            wxyz=[1.0, 0.0, 0.0, 0.0],
            position=[1.0, 1.0, 1.0],
            fov=1.0,
            near=0.1,
            far=10.0,
            image_height=height,
            image_width=width,
            look_at=target.tolist(),
            up_direction=[0.0, 0.0, 1.0],
        )

    @property
    def told_to_look(self) -> np.ndarray | None:
        """At what (``[3]`` metres, base frame) it shall look since it has come; None: nothing was told."""
        self._look()
        return self._target

    def shows(self, text: str) -> bool:
        """Whether this can be read on the page now."""
        self._look()
        texts = [part.get("_markdown", part.get("content", "")).replace("\\", "") for part in self._visible()]
        return any(text in one for one in texts)

    @property
    def said(self) -> list[str]:
        """All that can be read on the page."""
        self._look()
        return [part["_markdown"] for part in self._visible() if part.get("_markdown")]

    @property
    def htmls(self) -> list[str]:
        """All HTML that is shown."""
        self._look()
        return [part["content"] for part in self._visible() if "content" in part]

    def scene_has(self, name: str) -> bool:
        """Whether something of this name is in the scene."""
        self._look()
        return name in self._nodes

    @property
    def plots(self) -> list[list[np.ndarray]]:
        """The columns of numbers of each plot, in order."""
        self._look()
        return [part["data"] for part in self._visible() if "series" in part]

    def press(self, label: str) -> bool:
        """Press the button with this label; False: there is none now."""
        return self.enter(label, True)

    def enter(self, label: str, value: object) -> bool:
        """Give a control with this label a value; False: there is none now."""
        uuid = self._control(label)
        if uuid:
            self._send("GuiUpdateMessage", uuid=uuid, updates={"value": value})
        return bool(uuid)

    def key(self, command: str) -> None:
        """Press the key that does this."""
        self._look()
        self._send("CommandTriggerMessage", uuid=self._commands[command])

    def upload(self, label: str, name: str, data: bytes, claimed: int | None = None) -> None:
        """Upload a file; ``claimed``: the size that is told, if it is another one."""
        about = {"source_component_uuid": self._control(label), "transfer_uuid": uuid4().hex}
        parts = [data[begin : begin + PART] for begin in range(0, len(data), PART)]
        size = len(data) if claimed is None else claimed
        start = {"filename": name, "mime_type": "", "part_count": len(parts), "size_bytes": size}
        self._send("FileTransferStartUpload", **about, **start)
        for index, part in enumerate(parts):
            self._send("FileTransferPart", **about, part_index=index, content=part)

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

    def _control(self, label: str) -> str:
        """By which messages name the control with this label; empty: there is none now."""
        self._look()
        found = (uuid for uuid, part in self._parts.items() if part.get("label") == label and part["visible"])
        return next((uuid for uuid in found if not self._parts[uuid].get("disabled")), "")

    def _send(self, kind: str, **fields: Any) -> None:
        self.connection.send(msgspec.msgpack.encode({"type": kind, **fields}))

    def _visible(self) -> list[dict[str, Any]]:
        return [part for part in self._parts.values() if part["visible"]]

    def _look(self) -> None:
        with suppress(TimeoutError):
            while True:
                self._read(self.connection.recv(timeout=0.0))

    def _read(self, packet: bytes) -> None:
        self.received += len(packet)
        size = int.from_bytes(packet[8:16], "little")
        content = msgspec.msgpack.decode(zstandard.decompress(packet[16 : 16 + size]))
        arrays = _split(packet[16 + size + -(16 + size) % 8 :], content["binaryBufferLengths"])
        for message in _with_arrays(content["messages"], arrays):
            if message["type"] == "RemoveSceneNodeMessage":
                self._nodes -= {node for node in self._nodes if f"{node}/".startswith(f"{message['name']}/")}
            elif "name" in message and "props" in message:
                self._nodes.add(message["name"])
            elif message["type"].startswith("Gui") and "props" in message:
                self._parts[message["uuid"]] = dict(message["props"])
            elif message["type"] == "GuiUpdateMessage":
                self._parts[message["uuid"]] |= message["updates"]
            elif message["type"] == "GuiRemoveMessage":
                del self._parts[message["uuid"]]
            elif message["type"] == "SetCameraLookAtMessage" and not message["initial"]:
                self._target = np.array(message["look_at"])
            elif message["type"] == "RegisterCommandMessage":
                self._commands[message["props"]["label"]] = message["uuid"]
            elif message["type"] == "FileTransferStartDownload":
                self._coming[message["transfer_uuid"]] = message["filename"]
                self.files[message["filename"]] = b""
            elif message["type"] == "FileTransferPart":
                self.files[self._coming[message["transfer_uuid"]]] += message["content"]


def _split(data: bytes, lengths: Sequence[int]) -> list[bytes]:
    """Arrays of so many bytes, each aligned to eight."""
    arrays, begin = [], 0
    for length in lengths:
        arrays.append(data[begin : begin + length])
        begin += length + -length % 8
    return arrays


def _with_arrays(value: Any, arrays: Sequence[bytes]) -> Any:
    """The same with arrays where they are referred to."""
    if isinstance(value, list):
        return [_with_arrays(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if "__binary_index" in value:
        return np.frombuffer(arrays[value["__binary_index"]], value["dtype"])
    return {key: _with_arrays(item, arrays) for key, item in value.items()}
