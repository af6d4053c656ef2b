"""Demonstration files: one MCAP file each, readable by Foxglove, ``ros2 bag info`` and any MCAP library.

A file holds one ``osil_interfaces/msg/DemonstrationStep`` a control step on the topic ``/demonstration`` (CDR encoding,
``ros2`` profile) and one metadata record named ``osil``. Nothing in it says which task was shown.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Any

import numpy as np
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from mcap_ros2.writer import Writer
from numpy.typing import NDArray

from osil.core import CONTROL_PERIOD, NANOSECONDS, Action, Demonstration, Observation
from osil.demonstrations.latency import latency_shown
from osil.demonstrations.schema import MESSAGE_DEFINITION, MESSAGE_TYPE
from osil.errors import DemonstrationError
from osil.tasks.block_stacking import layout_below

TOPIC = "/demonstration"
FRAME = "gripper"
METADATA = "osil"
SCHEMA_VERSION = 1


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

    def description(self) -> str:
        """Lines of text for a person, the final layout read off the last observation."""
        names = self.block_names
        layout = layout_below(self.demonstration.observations.block_positions[-1])
        stacked = [f"{names[block]} on {names[below]}" for block, below in enumerate(layout) if below >= 0]
        return "\n".join(
            [
                f"name      {self.name}",
                f"recorded  {self.created:%Y-%m-%d %H:%M:%S %Z}",
                f"length    {len(self.demonstration)} steps, {self.duration:.1f} s",
                f"latency   {latency_shown(self.demonstration)} steps from an action to its motion",
                f"blocks    {', '.join(names)}",
                f"at last   {', '.join(stacked) or 'nothing is stacked'}",
            ]
        )


def save(
    demonstration: Demonstration[Observation, Action],
    path: str | Path,
    name: str,
    block_names: Sequence[str],
    stamps: NDArray[np.int64] | None = None,
) -> None:
    """Write a demonstration. The file appears whole or not at all.

    Args:
        demonstration: a trajectory of T steps in one scene of B blocks.
        path: where; an existing file is replaced.
        name: what to call it.
        block_names: B names, in the order of the block index.
        stamps: ``[T]`` nanoseconds of the recording clock, one a step; left out: one control period apart, from now.

    Raises:
        DemonstrationError: names or stamps do not fit the trajectory, or the file cannot be written.
    """
    path, created = Path(path), datetime.now(timezone.utc)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    if stamps is None:
        start = int(created.timestamp() * NANOSECONDS)
        stamps = start + np.arange(len(demonstration), dtype=np.int64) * int(CONTROL_PERIOD * NANOSECONDS)
    if len(block_names) != demonstration.observations.num_blocks or len(stamps) != len(demonstration):
        raise DemonstrationError(
            f"{name}: expected {demonstration.observations.num_blocks} block names and {len(demonstration)} stamps, "
            f"got {len(block_names)} and {len(stamps)}"
        )
    metadata = {
        "schema_version": str(SCHEMA_VERSION),
        "name": name,
        "created": created.isoformat(),
        "control_period": repr(CONTROL_PERIOD),
        "block_names": json.dumps(list(block_names)),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                _write(file, demonstration, stamps, metadata)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise DemonstrationError(
            f"cannot write {path}: {error.strerror}; nothing was kept, free the disk or choose another folder"
        ) from error


def _write(
    file: IO[bytes],
    demonstration: Demonstration[Observation, Action],
    stamps: NDArray[np.int64],
    metadata: dict[str, str],
) -> None:
    writer = Writer(file)
    writer.add_metadata(METADATA, metadata)
    schema = writer.register_msgdef(MESSAGE_TYPE, MESSAGE_DEFINITION)
    for index, stamp in enumerate(int(stamp) for stamp in stamps):
        observation, action = demonstration.observations[index], demonstration.actions[index]
        sec, nanosec = divmod(stamp, NANOSECONDS)
        message = {
            "header": {"stamp": {"sec": sec, "nanosec": nanosec}, "frame_id": FRAME},
            "block_positions": [_xyz(position) for position in observation.block_positions],
            "block_yaws": observation.block_yaws.tolist(),
            "gripper_opening": float(observation.gripper_opening),
            "displacement": _xyz(action.displacement),
            "yaw_step": float(action.yaw_step),
            "close_gripper": bool(action.close_gripper),
        }
        writer.write_message(TOPIC, schema, message, log_time=stamp, sequence=index)
    writer.finish()  # type: ignore[no-untyped-call]


def load(path: str | Path) -> StoredDemonstration:
    """Read a demonstration file.

    Raises:
        DemonstrationError: no such file, truncated or damaged, not a demonstration, or of an unknown schema version.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            metadata, messages = _read(file)
    except OSError as error:
        raise DemonstrationError(f"cannot read {path}: {error.strerror}") from error
    except Exception as error:  # damaged bytes make the decoders fail in many ways; all mean the same to the caller
        raise DemonstrationError(
            f"{path} is not a whole demonstration file ({str(error) or type(error).__name__}); record it again"
        ) from error
    if metadata.get("schema_version") != str(SCHEMA_VERSION):
        raise DemonstrationError(
            f"{path}: expected schema version {SCHEMA_VERSION} in the metadata record {METADATA!r}, "
            f"got {metadata.get('schema_version')}; record it again or use the osil version that wrote it"
        )
    try:
        return _parse(metadata, messages)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DemonstrationError(f"{path}: {error}; record it again") from error


def _read(file: IO[bytes]) -> tuple[dict[str, str], list[Any]]:
    """The ``osil`` metadata (empty if there is none) and the decoded steps in the order in which they were written."""
    reader = make_reader(file, validate_crcs=True, decoder_factories=[DecoderFactory()])
    summary = reader.get_summary()
    if summary is None or summary.statistics is None:
        raise ValueError("no summary at the end")
    metadata = next((record.metadata for record in reader.iter_metadata() if record.name == METADATA), {})
    decoded = [(item[2].sequence, item[3]) for item in reader.iter_decoded_messages(topics=[TOPIC])]
    if len(decoded) != summary.statistics.message_count:
        raise ValueError(f"{len(decoded)} of {summary.statistics.message_count} messages are steps")
    return metadata, [message for _, message in sorted(decoded, key=lambda item: item[0])]


def _parse(metadata: dict[str, str], messages: list[Any]) -> StoredDemonstration:
    if any(message.header.frame_id != FRAME for message in messages):
        raise DemonstrationError(f"expected every step in frame {FRAME!r}")
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
    stamps = [message.header.stamp.sec * NANOSECONDS + message.header.stamp.nanosec for message in messages]
    return StoredDemonstration(
        demonstration=Demonstration(observations, actions),
        name=metadata["name"],
        block_names=tuple(json.loads(metadata["block_names"])),
        stamps=np.array(stamps, dtype=np.int64),
        created=datetime.fromisoformat(metadata["created"]),
        control_period=float(metadata["control_period"]),
    )


def _xyz(vector: NDArray[Any]) -> dict[str, float]:
    return dict(zip("xyz", vector.tolist(), strict=True))
