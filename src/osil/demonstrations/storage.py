"""Demonstration files: one MCAP file each, readable by Foxglove, ``ros2 bag info`` and any MCAP library.

A file holds one ``osil_interfaces/msg/DemonstrationStep`` a control step on the topic ``/demonstration`` (CDR encoding,
``ros2`` profile) and one metadata record named ``osil``. One that was recorded also holds what RViz and Foxglove show:
``/joint_states`` and ``/tf`` with each step, ``/tf_static`` and ``/robot_description`` before the first. Messages and
metadata are covered by checksums. Nothing in it says which task was shown.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osil.core import CONTROL_PERIOD, NANOSECONDS, Action, Demonstration, Observation
from osil.demonstrations.latency import latency_shown
from osil.demonstrations.names import to_path, to_text
from osil.demonstrations.replay import Replay, ReplayMessages
from osil.demonstrations.steps_file import (
    METADATA,
    Contents,
    StepWriter,
    checked_metadata,
    contents_of,
    read_contents,
)
from osil.errors import DemonstrationError
from osil.files import whole_file
from osil.robots.frames import GRIPPER_FRAME
from osil.tasks.block_size import likely_blocks
from osil.tasks.block_stacking import layout_below

SCHEMA_VERSION = 2
"""Files of version 1 had no checksum of their metadata."""


@dataclass(frozen=True, eq=False)
class StoredDemonstration:
    """A demonstration and what its file says about it.

    Attributes:
        demonstration: the trajectory of T steps.
        name: what the teacher called it.
        block_names: one name a block, in the order of the block index.
        stamps: ``[T]`` when each observation was made, nanoseconds of the recording clock.
        created: when the file was written.
        control_period: seconds between two steps, nominal.
    """

    demonstration: Demonstration[Observation, Action]
    name: str
    block_names: tuple[str, ...]
    stamps: NDArray[np.int64]
    created: datetime
    control_period: float

    @property
    def duration(self) -> float:
        """Seconds from the first step to the last."""
        return float(self.stamps[-1] - self.stamps[0]) / NANOSECONDS

    @property
    def layout(self) -> str:
        """Which block stands on which at the end, in words, read off the last observation."""
        names, seen = self.block_names, self.demonstration.observations
        below = layout_below(seen.block_positions[-1], likely_blocks(seen))
        return ", ".join(f"{names[top]} on {names[k]}" for top, k in enumerate(below) if k >= 0) or "nothing is stacked"

    def description(self) -> str:
        """Lines of text for a person."""
        return "\n".join(
            [
                f"name      {self.name}",
                f"recorded  {self.created:%Y-%m-%d %H:%M:%S %Z}",
                f"length    {len(self.demonstration)} steps, {self.duration:.1f} s",
                f"latency   {latency_shown(self.demonstration)} steps from an action to its motion",
                f"blocks    {', '.join(self.block_names)}",
                f"at last   {self.layout}",
            ]
        )

    def check_blocks(self, seen: Sequence[str]) -> None:
        """Raise DemonstrationError unless the blocks that are ``seen`` in a scene, by name, are those shown."""
        names = self.block_names
        if sorted(names) != sorted(seen):
            raise DemonstrationError(
                f"demonstration {self.name!r} is about {len(names)} blocks ({' '.join(names)}), but {len(seen)} are "
                f"seen ({' '.join(seen)}); set up the blocks that it shows"
            )


def save(
    demonstration: Demonstration[Observation, Action],
    path: str | Path,
    name: str,
    block_names: Sequence[str],
    stamps: NDArray[np.int64] | None = None,
    replay: Replay | None = None,
) -> None:
    """Write a demonstration. The file appears whole or not at all.

    Args:
        demonstration: a trajectory of T steps in one scene of B blocks.
        path: where; an existing file is replaced.
        name: what to call it.
        block_names: B names, in the order of the block index.
        stamps: ``[T]`` nanoseconds of the recording clock, one a step; left out: one control period apart, from now.
        replay: the same demonstration to look at; left out: the file has none.

    Raises:
        DemonstrationError: names or stamps do not fit the trajectory, or the file cannot be written.
    """
    path = to_path(path)
    metadata = describe(name, block_names)
    if stamps is None:
        start = int(datetime.now(timezone.utc).timestamp() * NANOSECONDS)
        stamps = start + np.arange(len(demonstration), dtype=np.int64) * int(CONTROL_PERIOD * NANOSECONDS)
    if len(set(block_names)) != demonstration.observations.num_blocks or len(stamps) != len(demonstration):
        raise DemonstrationError(
            f"{name}: expected {demonstration.observations.num_blocks} block names, all different, and "
            f"{len(demonstration)} stamps, got {len(set(block_names))} and {len(stamps)}"
        )
    if np.min(stamps) < 0 or np.max(stamps) >= 2**31 * NANOSECONDS:
        raise DemonstrationError(f"{name}: expected stamps of 0 to 2^31 s, got {np.min(stamps)} to {np.max(stamps)} ns")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            writer = StepWriter(file)
            writer.describe(metadata, ReplayMessages(replay.description, block_names) if replay else None)
            for index, stamp in enumerate(int(stamp) for stamp in stamps):
                seen = replay.steps[index] if replay else None
                writer.append(demonstration.observations[index], demonstration.actions[index], stamp, seen)
            writer.finish()
    except OSError as error:
        raise DemonstrationError(
            f"cannot write {to_text(path)}: {error.strerror}; nothing was kept there, make its folder writable or free "
            "the disk"
        ) from error


def describe(name: str, block_names: Sequence[str]) -> dict[str, str]:
    """The metadata of a demonstration that is made now."""
    return {
        "schema_version": str(SCHEMA_VERSION),
        "name": name,
        "created": datetime.now(timezone.utc).isoformat(),
        "control_period": repr(CONTROL_PERIOD),
        "block_names": json.dumps(list(block_names)),
    }


def load(path: str | Path) -> StoredDemonstration:
    """Read a demonstration file.

    Raises:
        DemonstrationError: no such file, truncated or damaged, not a demonstration, or of an unknown schema version.
    """
    path = to_path(path)
    return _parse_whole(read_contents(path), path)


def loads(data: bytes, name: str) -> StoredDemonstration:
    """Read what is in a demonstration file, called ``name`` in errors.

    Raises:
        DemonstrationError: as ``load``.
    """
    return _parse_whole(contents_of(data), to_path(name))


def _parse_whole(contents: Contents, path: Path) -> StoredDemonstration:
    if contents.problem:
        rescue = f", or try: osil demonstration recover {to_text(path)}" if len(contents.steps) > 1 else ""
        raise DemonstrationError(
            f"{to_text(path)} is not a whole demonstration file ({contents.problem}); record it again{rescue}"
        )
    return parse(contents, path)


def parse(contents: Contents, path: Path) -> StoredDemonstration:
    """The demonstration in what was read of a file.

    Raises:
        DemonstrationError: of an unknown schema version, damaged, or not a demonstration.
    """
    version = contents.metadata.get("schema_version")
    if version != str(SCHEMA_VERSION):
        raise DemonstrationError(
            f"{to_text(path)}: expected schema version {SCHEMA_VERSION} in the metadata record {METADATA!r}, "
            f"got {version}; record it again or use the osil version that wrote it"
        )
    try:
        return _parse(checked_metadata(contents.metadata), contents.steps)
    except Exception as error:  # whatever is not as ``save`` writes it fails in a way of its own
        raise DemonstrationError(f"{to_text(path)}: {error}; record it again") from error


def _parse(metadata: dict[str, str], messages: list[Any]) -> StoredDemonstration:
    if any(message.header.frame_id != GRIPPER_FRAME for message in messages):
        raise DemonstrationError(f"expected every step in frame {GRIPPER_FRAME!r}")
    observations = Observation(
        np.array([[[p.x, p.y, p.z] for p in message.block_positions] for message in messages], dtype=np.float64),
        np.array([message.gripper_opening for message in messages], dtype=np.float64),
        np.array([message.block_yaws for message in messages], dtype=np.float64),
    )
    actions = Action(
        np.array([[m.displacement.x, m.displacement.y, m.displacement.z] for m in messages], dtype=np.float64),
        np.array([message.close_gripper for message in messages], dtype=np.bool_),
        np.array([message.yaw_step for message in messages], dtype=np.float64),
    )
    names = json.loads(metadata["block_names"])
    if len({str(name) for name in names}) != observations.num_blocks:
        raise DemonstrationError(f"expected different names of {observations.num_blocks} blocks, got {names}")
    stamps = [message.header.stamp.sec * NANOSECONDS + message.header.stamp.nanosec for message in messages]
    return StoredDemonstration(
        demonstration=Demonstration(observations, actions),
        name=metadata["name"],
        block_names=tuple(str(name) for name in names),
        stamps=np.array(stamps, dtype=np.int64),
        created=datetime.fromisoformat(metadata["created"]).astimezone(timezone.utc),
        control_period=float(metadata["control_period"]),
    )
