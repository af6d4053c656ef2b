"""The services of the recorder about demonstrations that are stored: listed, read, written, renamed, deleted."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rclpy.node import Node

from osil.core import NANOSECONDS
from osil.demonstrations import storage
from osil.demonstrations.library import Library
from osil.demonstrations.names import checked_name, to_text
from osil.errors import DemonstrationError
from osil.ros import convert
from osil_interfaces.srv import (
    DeleteDemonstration,
    ListDemonstrations,
    ReadDemonstration,
    RenameDemonstration,
    WriteDemonstration,
)

REMEMBERED = 10_000
"""Files of which is remembered what is told of them."""


@dataclass(frozen=True)
class _Facts:
    """What is told of a demonstration.

    Attributes:
        steps: their number.
        duration: seconds.
        blocks: their names, such as "abcd".
        created: nanoseconds of the machine's clock.
    """

    steps: int
    duration: float
    blocks: str
    created: int


def _told(path: Path) -> _Facts | str:
    try:
        status = path.stat()
    except OSError as error:
        return f"cannot read {to_text(path)}: {error.strerror}"
    return _read_facts(path, status.st_ino, status.st_ctime_ns, status.st_size)


@lru_cache(REMEMBERED)
def _read_facts(path: Path, inode: int, changed: int, size: int) -> _Facts | str:
    """Read a file, which takes 23 ms for 300 steps, once. ``changed``: when its bytes or permissions were."""
    try:
        stored = storage.load(path)
    except DemonstrationError as error:
        return str(error)
    created = round(stored.created.timestamp() * NANOSECONDS)
    return _Facts(len(stored.demonstration), stored.duration, "".join(stored.block_names), created)


class LibraryServices:
    """Offers what ``Library`` does. A name under which something is being recorded counts as taken."""

    def __init__(self, node: Node, library: Library, recorded: Callable[[], str]) -> None:
        """``recorded``: tells the name of the recording under way; empty: there is none."""
        self._library, self._recorded, self._logger = library, recorded, node.get_logger()
        self._look()  # now: while an operator drives the arm, commands would wait for it
        node.create_service(ListDemonstrations, "~/list", self._list)
        node.create_service(ReadDemonstration, "~/read", _answered(self._read))
        node.create_service(WriteDemonstration, "~/write", _answered(self._write))
        node.create_service(RenameDemonstration, "~/rename", _answered(self._rename))
        node.create_service(DeleteDemonstration, "~/delete", _answered(self._delete))

    def _list(
        self, request: ListDemonstrations.Request, response: ListDemonstrations.Response
    ) -> ListDemonstrations.Response:
        found = []
        for path, facts in self._look():
            if isinstance(facts, _Facts):
                found.append((path, facts))
            else:
                self._logger.warning(facts)
        for path, facts in sorted(found, key=lambda item: item[1].created):
            response.names.append(to_text(Path(path.stem)))
            response.paths.append(to_text(path))
            response.steps.append(facts.steps)
            response.durations.append(facts.duration)
            response.blocks.append(facts.blocks)
            response.created.append(convert.to_stamp(facts.created))
        return response

    def _look(self) -> list[tuple[Path, _Facts | str]]:
        """What is told of each file, or in words why nothing is."""
        return [(path, _told(path)) for path in self._library.files()]

    def _read(self, request: ReadDemonstration.Request, response: ReadDemonstration.Response) -> str:
        data = self._library.read(request.name)
        response.data = array("B", data)  # of which rclpy does not look at each byte
        return f"{request.name!r}, {len(data)} bytes"

    def _write(self, request: WriteDemonstration.Request, response: WriteDemonstration.Response) -> str:
        self._refuse_recorded(request.name)
        return f"stored in {to_text(self._library.add(request.name, request.data.tobytes()))}"

    def _rename(self, request: RenameDemonstration.Request, response: RenameDemonstration.Response) -> str:
        self._refuse_recorded(request.new_name)
        return f"{request.name!r} is now {to_text(self._library.rename(request.name, request.new_name))}"

    def _delete(self, request: DeleteDemonstration.Request, response: DeleteDemonstration.Response) -> str:
        self._library.delete(request.name)
        return f"{request.name!r} was deleted"

    def _refuse_recorded(self, name: str) -> None:
        if self._recorded() and checked_name(name) == self._recorded():
            raise DemonstrationError(f"{name!r} is being recorded just now; choose another name")


def _answered(serve: Callable[[Any, Any], str]) -> Callable[[Any, Any], Any]:
    """A callback whose answer is what ``serve`` says, or why it refuses."""

    def answer(request: Any, response: Any) -> Any:
        try:
            response.message = serve(request, response)
            response.success = True
        except DemonstrationError as error:
            response.message = str(error)
        return response

    return answer
