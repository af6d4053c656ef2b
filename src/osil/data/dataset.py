"""Trajectories for training by the hundred thousand: HDF5 files that are compact, and read as little as is asked for.

A data set is a folder: ``TASK/NUMBER.h5``, a few hundred trajectories of one task in each file. More files make it
larger. A file appears whole or not at all, so an interrupted collection goes on with the files that are missing, and
many machines can write into one folder.

In a file lie the steps of all its trajectories in a row, one array for each quantity, and ``ends``, the step after the
last of each trajectory. Arrays hold whole numbers with the attributes ``units`` and ``scale_factor`` (a convention that
netCDF tools know). Poses are not stored relative to the gripper, as they are seen, but in the frame in which the
gripper began: there blocks that lie still do not change, which takes a third of the room.

(A demonstration by a person is kept in a file of its own, which ROS tools can read: ``osil.demonstrations.storage``.)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from osil.arrays import Arrays
from osil.core import CONTROL_PERIOD, Action, FloatArray, Observation
from osil.data.kinematic_episodes import LabelledEpisodes
from osil.demonstrations.gripper_motion import gripper_path
from osil.errors import DemonstrationError
from osil.files import check_ordinary
from osil.geometry import rotate_z, wrap_cube_yaw
from osil.tasks.block_stacking import StackingTask

FORMAT, SCHEMA_VERSION = "osil.trajectories", 1

CHUNK = 1024
"""Steps that are compressed together, the least that is read."""


@dataclass(frozen=True)
class Column:
    """How one quantity is stored.

    Attributes:
        dtype: whole numbers of this type ...
        scale: ... times this; a block further away than 1.6 m is put there.
        units: of the product.
    """

    dtype: str
    scale: float
    units: str


COLUMNS = {
    "gripper_position": Column("int32", 1e-6, "m"),
    "gripper_yaw": Column("int32", 1e-6, "rad"),
    "block_positions": Column("int16", 5e-5, "m"),
    "block_yaws": Column("int16", 1e-4, "rad"),
    "gripper_opening": Column("int16", 1e-5, "m"),
    "displacement": Column("int16", 1e-5, "m"),
    "yaw_step": Column("int16", 1e-4, "rad"),
    "close_gripper": Column("int8", 1, "1"),
    "source": Column("int8", 1, "1"),
    "target": Column("int8", 1, "1"),
}


@dataclass(frozen=True, eq=False)
class Trajectory(Arrays):
    """One labelled trajectory.

    Attributes:
        observations: leading ``[T]``.
        labels: the expert's action at each of them, leading ``[T]``; not what was done where noise was added.
        source, target: ``[T]`` blocks of the present stage, -1 once all stages are done.
    """

    observations: Observation
    labels: Action
    source: np.ndarray
    target: np.ndarray

    def __len__(self) -> int:
        return len(self.source)


def write(path: Path, task: StackingTask, trajectories: Sequence[Trajectory], made: Mapping[str, str | int]) -> None:
    """Write a file of trajectories of one task.

    Args:
        path: where; an existing file is replaced.
        task: what all of them show.
        trajectories: at least one.
        made: how they were made (seed, world, noise ...), for whoever reads the file.

    Raises:
        DemonstrationError: the file cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    columns = [_encoded(one) for one in trajectories]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with h5py.File(partial, "w", libver="v110") as file:
                file.attrs.update(
                    format=FORMAT, schema_version=SCHEMA_VERSION, task=str(task), control_period=CONTROL_PERIOD, **made
                )
                file["ends"] = np.cumsum([len(one) for one in trajectories])
                for name, column in COLUMNS.items():
                    values = np.concatenate([one[name] for one in columns])
                    chunks = (min(CHUNK, len(values)), *values.shape[1:])
                    stored = file.create_dataset(name, data=values, chunks=chunks, compression="gzip", shuffle=True)
                    stored.attrs.update(units=column.units, scale_factor=column.scale)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise DemonstrationError(f"cannot write {path}: {error}; free the disk or choose another folder") from error


def _encoded(trajectory: Trajectory) -> dict[str, np.ndarray]:
    """The columns of one trajectory, rounded to whole numbers."""
    seen, labels = trajectory.observations.map(lambda array: array.astype(float)), trajectory.labels
    # Blocks are stored relative to this path. Where it is not quite the gripper's, they only compress less well.
    path = gripper_path(seen)
    position, yaw = _stored("gripper_position", path.position), _stored("gripper_yaw", path.yaw)
    values = {
        "gripper_position": position,
        "gripper_yaw": yaw,
        "block_positions": rotate_z(seen.block_positions, yaw[:, None]) + position[:, None],
        "block_yaws": wrap_cube_yaw(seen.block_yaws + yaw[:, None]),
        "gripper_opening": seen.gripper_opening,
        "displacement": labels.displacement,
        "yaw_step": labels.yaw_step,
        "close_gripper": labels.close_gripper,
        "source": trajectory.source,
        "target": trajectory.target,
    }
    return {name: _rounded(name, array) for name, array in values.items()}


def _rounded(name: str, values: np.ndarray) -> np.ndarray:
    column = COLUMNS[name]
    limits = np.iinfo(column.dtype)
    whole: np.ndarray = np.clip(np.rint(values / column.scale), limits.min, limits.max).astype(column.dtype)
    return whole


def _stored(name: str, values: FloatArray) -> FloatArray:
    """The values as they will be read."""
    return _decoded(name, _rounded(name, values))


def _decoded(name: str, whole: np.ndarray) -> FloatArray:
    values: FloatArray = whole * np.float64(COLUMNS[name].scale)
    return values


def _trajectory(whole: Mapping[str, np.ndarray]) -> Trajectory:
    """A trajectory of the columns of a file."""
    real = {name: _decoded(name, values) for name, values in whole.items()}
    yaw = real["gripper_yaw"][:, None]
    relative = rotate_z(real["block_positions"] - real["gripper_position"][:, None], -yaw)
    return Trajectory(
        Observation(
            relative.astype(np.float32),
            real["gripper_opening"].astype(np.float32),
            wrap_cube_yaw(real["block_yaws"] - yaw).astype(np.float32),
        ),
        Action(real["displacement"], whole["close_gripper"].astype(np.bool_), real["yaw_step"]),
        whole["source"].astype(np.int64),
        whole["target"].astype(np.int64),
    )


class TrajectoryFile:
    """One file, of which only the parts that are asked for are read.

    Attributes:
        path: where it lies.
        task: what its trajectories show.
        made: how they were made: world, teacher, noise, seed ...

    Raises:
        DemonstrationError: no such file, held by another process, damaged, of another format or of an unknown version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        check_ordinary(path, DemonstrationError)
        try:
            with h5py.File(path, "r") as file:
                attributes = dict(file.attrs)
                version = attributes.pop("format", None), attributes.pop("schema_version", None)
                if version != (FORMAT, SCHEMA_VERSION):
                    raise DemonstrationError(
                        f"{path}: expected {FORMAT}, schema version {SCHEMA_VERSION}, got {version[0]}, {version[1]}; "
                        "collect it again or use the osil version that wrote it"
                    )
                self._ends: np.ndarray = file["ends"][:]
                self.task = StackingTask.parse(attributes.pop("task"))
                del attributes["control_period"]
                self.made = {
                    name: value if isinstance(value, str) else value.item() for name, value in attributes.items()
                }
                if self._ends.dtype.kind not in "iu" or (np.diff(self._ends, prepend=0) <= 0).any():
                    raise ValueError("its ends do not ascend")
                if any(len(file[name]) != self._ends[-1] for name in COLUMNS):
                    raise ValueError("its columns do not end where its last trajectory does")
        except DemonstrationError:
            raise
        except Exception as error:  # what is not as ``write`` leaves it fails in a way of its own
            raise _unreadable(path, error) from error

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, number: int) -> Trajectory:
        """Trajectory ``number`` of the file. Raises DemonstrationError if it cannot be read."""
        steps = slice(self._ends[number - 1] if number else 0, self._ends[number])
        try:
            with h5py.File(self.path, "r") as file:
                return _trajectory({name: file[name][steps] for name in COLUMNS})
        except Exception as error:  # what is not as ``write`` leaves it fails in a way of its own
            raise _unreadable(self.path, error) from error


def _unreadable(path: Path, error: Exception) -> DemonstrationError:
    if isinstance(error, BlockingIOError) or "already open for write" in str(error):
        return DemonstrationError(
            f"{path} is held open for writing by another process; try again once that has closed it, or, if it was "
            f"killed, after: h5clear --status {path}"
        )
    if isinstance(error, OSError) and error.errno:  # from the system; h5py gives none where the contents are wrong
        return DemonstrationError(f"cannot read {path}: {os.strerror(error.errno)}; see that it is a file to be read")
    reason = str(error).partition("\n")[0]
    return DemonstrationError(f"{path} is not a whole file of trajectories ({reason}); remove it and collect it again")


class Dataset:
    """All the trajectories in a folder. Nothing but an index stays in memory.

    Attributes:
        counts: trajectories of each task.

    Raises:
        DemonstrationError: there are none, or a file is damaged.
    """

    def __init__(self, folder: str | Path) -> None:
        self._files: dict[StackingTask, list[TrajectoryFile]] = {}
        for path in sorted(Path(folder).glob("*/*.h5")):
            file = TrajectoryFile(path)
            self._files.setdefault(file.task, []).append(file)
        if not self._files:
            raise DemonstrationError(
                f"{folder}: expected files TASK/NUMBER.h5 of trajectories; osil collect makes them"
            )
        self.counts = {task: sum(map(len, files)) for task, files in self._files.items()}

    def __len__(self) -> int:
        return sum(self.counts.values())

    def trajectory(self, task: StackingTask, number: int) -> Trajectory:
        """Trajectory ``number`` of a task.

        Raises:
            DemonstrationError: there is none.
        """
        left = number
        for file in self._files.get(task, []):
            if 0 <= left < len(file):
                return file[left]
            left -= len(file)
        raise DemonstrationError(f"trajectory {number} of {task}: there are {self.counts.get(task, 0)}; collect more")

    def draw(self, tasks: Sequence[StackingTask], rng: np.random.Generator) -> LabelledEpisodes:
        """A random trajectory of each task, as ``osil.data.kinematic_episodes.collect`` would make it.

        Args:
            tasks: N tasks of the same number of blocks.
            rng: source of randomness.

        Raises:
            DemonstrationError: there is no trajectory of one of the tasks.
        """
        numbers = [int(rng.integers(max(1, self.counts.get(task, 0)))) for task in tasks]
        return as_episodes([self.trajectory(task, number) for task, number in zip(tasks, numbers, strict=True)])


def as_episodes(trajectories: Sequence[Trajectory]) -> LabelledEpisodes:
    """N trajectories of as many blocks side by side; the shorter ones repeat their last step."""
    lengths = np.array([len(one) for one in trajectories])
    steps = [np.minimum(np.arange(lengths.max()), length - 1) for length in lengths]

    def joined(array: Callable[[Trajectory], np.ndarray]) -> np.ndarray:
        """``[T, N, ...]``."""
        return np.stack([array(one)[index] for one, index in zip(trajectories, steps, strict=True)], axis=1)

    return LabelledEpisodes(
        Observation(
            joined(lambda one: one.observations.block_positions),
            joined(lambda one: one.observations.gripper_opening),
            joined(lambda one: one.observations.block_yaws),
        ),
        Action(
            joined(lambda one: one.labels.displacement),
            joined(lambda one: one.labels.close_gripper),
            joined(lambda one: one.labels.yaw_step),
        ),
        joined(lambda one: one.source),
        joined(lambda one: one.target),
        lengths,
        np.ones(len(lengths), dtype=np.bool_),
    )
