"""Data sets: what was collected is what is read, however much of it, and damage is named."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import h5py
import numpy as np
import pytest

from osil.cli import main
from osil.data.dataset import Dataset, Trajectory, TrajectoryFile, as_episodes, write
from osil.data.kinematic_episodes import collect
from osil.data.labelled_trajectories import FILE_SIZE, CollectionConfig, collect_dataset, collect_file
from osil.data.pair_pool import SamplingConfig
from osil.data.pair_source import PairSource
from osil.demonstrations.conditioning import Conditioning
from osil.errors import DemonstrationError
from osil.experts.noise import NoiseConfig
from osil.geometry import wrap_cube_yaw
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask, layout_below
from osil.tasks.blocks import NOMINAL

FETCH = load_robot("fetch")

TASKS = [StackingTask.parse("ab +c"), StackingTask.parse("bac")]
COUNT = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    assert sum(count for count, new in collect_dataset(CollectionConfig(), TASKS, COUNT, folder, 1) if new) == 2 * COUNT
    return folder


def noisy_trajectories(task: StackingTask) -> list[Trajectory]:
    made = collect([task] * 4, np.random.default_rng(0), FETCH, noise=NoiseConfig())
    return [
        Trajectory(made.observations[:n, i], made.labels[:n, i], made.source[:n, i], made.target[:n, i])
        for i, n in enumerate(made.lengths)
    ]


def test_what_is_written_is_read_to_a_twentieth_of_a_millimetre(tmp_path: Path) -> None:
    task = StackingTask.parse("abcd ef +g")
    trajectories = noisy_trajectories(task)
    write(tmp_path / "file.h5", task, trajectories, {"seed": 3})
    file = TrajectoryFile(tmp_path / "file.h5")
    assert (len(file), file.task, file.made) == (4, task, {"seed": 3})
    for number, one in enumerate(trajectories):
        read = file[number]
        seen, was = read.observations, one.observations
        assert np.abs(seen.block_positions - was.block_positions).max() < 5e-5
        assert np.abs(wrap_cube_yaw(seen.block_yaws - was.block_yaws)).max() < 1e-4
        assert np.abs(seen.gripper_opening - was.gripper_opening).max() < 1e-5
        assert np.abs(read.labels.displacement - one.labels.displacement).max() < 1e-5
        assert np.abs(read.labels.yaw_step - one.labels.yaw_step).max() < 1e-4
        for name in ("source", "target"):
            np.testing.assert_array_equal(getattr(read, name), getattr(one, name))
        np.testing.assert_array_equal(read.labels.close_gripper, one.labels.close_gripper)


def test_every_trajectory_ends_with_its_layout(folder: Path) -> None:
    dataset = Dataset(folder)
    assert dataset.counts == dict.fromkeys(TASKS, COUNT)
    assert len(dataset) == 2 * COUNT
    for task in TASKS:
        for number in range(COUNT):
            shown = dataset.trajectory(task, number)
            np.testing.assert_array_equal(layout_below(shown.observations.block_positions[-1], NOMINAL), task.below)
            assert (shown.source[0], shown.target[0]) == task.stages[0]
            assert -1 in shown.source[-5:], "the expert has found it done"


def test_the_labels_are_the_experts_whatever_was_done(folder: Path) -> None:
    """With noise the gripper does not go where the label says."""
    dataset = Dataset(folder)
    differences = []
    for number in range(COUNT):
        shown = dataset.trajectory(TASKS[0], number)
        seen, labels = shown.observations.block_positions, shown.labels
        moved = -np.median(np.diff(seen, axis=0), axis=1)[:, 2]
        differences.append(np.abs(moved - labels.displacement[:-1, 2]).mean())
    assert max(differences) > 2e-3
    assert np.abs(labels.displacement).max() <= 0.0251, "no more than the expert's greatest step"


def test_draw_gives_what_training_takes(folder: Path) -> None:
    tasks = [TASKS[1], TASKS[0], TASKS[1]]
    drawn = Dataset(folder).draw(tasks, np.random.default_rng(0))
    assert drawn.observations.leading_shape == (drawn.lengths.max(), 3) == drawn.source.shape
    assert drawn.success.all()
    for index, task in enumerate(tasks):
        end = drawn.demonstration(index).observations[-1]
        np.testing.assert_array_equal(layout_below(end.block_positions, NOMINAL), task.below)
        assert drawn.source[drawn.lengths[index] - 1 :, index].max() == -1, "the last step is repeated"


def test_a_little_is_read_of_a_large_file(tmp_path: Path) -> None:
    """A few steps of a file that is cut off elsewhere can be read, so the rest of it was not."""
    task = StackingTask.parse("ab")
    one = noisy_trajectories(task)[0]
    write(tmp_path / "file.h5", task, [one] * 400, {})
    with h5py.File(tmp_path / "file.h5", "r+") as file:
        stored = file["gripper_opening"]
        assert stored.id.get_num_chunks() > 10
        spoiled = stored.id.get_chunk_info(stored.id.get_num_chunks() - 1)
    with (tmp_path / "file.h5").open("r+b") as raw:
        raw.seek(spoiled.byte_offset)
        raw.write(b"\xff" * spoiled.size)
    file = TrajectoryFile(tmp_path / "file.h5")
    np.testing.assert_array_equal(file[3].source, one.source)
    with pytest.raises(DemonstrationError, match="not a whole file"):
        file[399]


def test_more_trajectories_are_appended_and_the_others_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FILE_SIZE, "kinematic", 4)
    list(collect_dataset(CollectionConfig(), TASKS[:1], 6, tmp_path, 1))
    files = sorted(tmp_path.glob("*/*.h5"))
    assert [len(TrajectoryFile(path)) for path in files] == [4, 2]
    before = files[0].read_bytes()
    assert list(collect_dataset(CollectionConfig(), TASKS[:1], 10, tmp_path, 1)) == [(4, False), (4, True), (2, True)]
    assert Dataset(tmp_path).counts == {TASKS[0]: 10}
    assert files[0].read_bytes() == before


def test_a_collection_that_is_killed_goes_on(tmp_path: Path) -> None:
    (tmp_path / "tasks.txt").write_text("ab\nba\nab +c\nba +c\nabc\n")
    words = f"collect {tmp_path}/data --format hdf5 --world kinematic --episodes 60 --jobs 1".split()
    words += ["--tasks", f"{tmp_path}/tasks.txt"]
    child = subprocess.Popen([sys.executable, "-m", "osil.cli", *words], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60.0
    while not (there := list((tmp_path / "data").glob("*/*.h5"))) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert there
    kept = there[0].read_bytes()
    assert main(words) == 0
    assert len(Dataset(tmp_path / "data")) == 300
    assert there[0].read_bytes() == kept


def test_the_same_recipe_gives_the_same_trajectories(tmp_path: Path, folder: Path) -> None:
    collect_file(CollectionConfig(), TASKS[0], 0, COUNT, tmp_path)
    again, first = Dataset(tmp_path), Dataset(folder)
    np.testing.assert_array_equal(again.trajectory(TASKS[0], 5).source, first.trajectory(TASKS[0], 5).source)
    other = tmp_path / "other"
    collect_file(CollectionConfig(seed=1), TASKS[0], 0, COUNT, other)
    start = [data.trajectory(TASKS[0], 0).observations.block_positions[0] for data in (first, Dataset(other))]
    assert not np.array_equal(*start)


def test_people_and_contact_physics_fill_data_sets_too(tmp_path: Path) -> None:
    recipe = CollectionConfig(world="pybullet", teacher="human", noise="none")
    collect_file(recipe, StackingTask.parse("ab"), 0, 1, tmp_path)
    (file,) = tmp_path.glob("*/*.h5")
    assert TrajectoryFile(file).made == asdict(recipe)
    assert len(TrajectoryFile(file)[0]) > 100, "people take their time"


def test_another_recipe_in_the_same_folder_is_refused(folder: Path) -> None:
    """For a task that is there already, and for another one."""
    for task in (TASKS[0], StackingTask.parse("cab")):
        with pytest.raises(DemonstrationError, match=r"noise: mixed, now paper; choose another folder"):
            collect_file(CollectionConfig(noise="paper"), task, 0, COUNT, folder)


def test_a_file_of_another_recipe_that_was_put_there_is_refused(folder: Path, tmp_path: Path) -> None:
    collect_file(CollectionConfig(seed=1), TASKS[0], 0, COUNT, tmp_path)
    shutil.copy(folder / "ab_+c" / "00000.h5", tmp_path / "ab_+c" / "00000.h5")
    with pytest.raises(DemonstrationError, match=r"00000.h5: .* seed: 0, now 1"):
        collect_file(CollectionConfig(seed=1), TASKS[0], 0, COUNT, tmp_path)


def test_damage_is_named(tmp_path: Path) -> None:
    task = StackingTask.parse("ab")
    path = tmp_path / "ab" / "00000.h5"
    with pytest.raises(DemonstrationError, match="expected files TASK/NUMBER.h5"):
        Dataset(tmp_path)
    write(path, task, noisy_trajectories(task), {})
    with pytest.raises(DemonstrationError, match="trajectory 4 of ab: there are 4"):
        Dataset(tmp_path).trajectory(task, 4)
    with pytest.raises(DemonstrationError, match="trajectory 0 of ba: there are 0"):
        Dataset(tmp_path).draw([StackingTask.parse("ba")], np.random.default_rng(0))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DemonstrationError, match="not a whole file of trajectories"):
        Dataset(tmp_path)
    path.write_bytes(whole)
    with h5py.File(path, "r+") as file:
        file.attrs["schema_version"] = 2
    with pytest.raises(DemonstrationError, match=r"schema version 1, got osil.trajectories, 2"):
        Dataset(tmp_path)
    with h5py.File(path, "w") as file:
        file["anything"] = [1]
    with pytest.raises(DemonstrationError, match="got None, None"):
        Dataset(tmp_path)


HOLDER = """
import sys, h5py
with h5py.File(sys.argv[1], "r+", libver="v110"):
    print("open", flush=True)
    sys.stdin.read()
"""


def test_a_file_that_another_process_writes_to_is_not_called_damaged(folder: Path, tmp_path: Path) -> None:
    """It is a good file, and is read once that has ended."""
    path = tmp_path / "ab" / "00000.h5"
    path.parent.mkdir()
    shutil.copy(folder / "ab_+c" / "00000.h5", path)
    command = [sys.executable, "-c", HOLDER, str(path)]
    whole = TrajectoryFile(path)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdin
        holder.stdout.readline()
        for read in (lambda: Dataset(tmp_path), lambda: TrajectoryFile(path), lambda: whole[0]):
            with pytest.raises(DemonstrationError, match="held open for writing by another process") as refusal:
                read()
            assert "collect it again" not in str(refusal.value)
        holder.stdin.close()
    assert len(Dataset(tmp_path)) == COUNT


def test_a_file_whose_writer_was_killed_is_not_called_damaged_either(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "00000.h5"
    shutil.copy(folder / "ab_+c" / "00000.h5", path)
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdin=-1, stdout=-1) as holder:
        holder.stdout.readline()
        holder.kill()
    with pytest.raises(DemonstrationError, match=f"h5clear --status {path}"):
        TrajectoryFile(path)


def test_what_the_system_refuses_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "ab" / "00000.h5").mkdir(parents=True)
    with pytest.raises(DemonstrationError, match=r"cannot read .*00000.h5: Is a directory"):
        Dataset(tmp_path)
    with pytest.raises(DemonstrationError, match=r"cannot read .*nowhere.h5: No such file"):
        TrajectoryFile(tmp_path / "nowhere.h5")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    task = StackingTask.parse("ab")
    (tmp_path / "ab").write_bytes(b"")
    with pytest.raises(DemonstrationError, match="cannot write"):
        write(tmp_path / "ab" / "00000.h5", task, noisy_trajectories(task), {})


def test_side_by_side_the_shorter_ones_wait(folder: Path) -> None:
    dataset = Dataset(folder)
    one, other = dataset.trajectory(TASKS[0], 0), dataset.trajectory(TASKS[1], 0)
    both = as_episodes([one, other])
    np.testing.assert_array_equal(both.lengths, [len(one), len(other)])
    shown = both.demonstration(0).observations
    np.testing.assert_array_equal(shown.block_positions, one.observations.block_positions)


def test_training_draws_from_a_data_set(folder: Path) -> None:
    """A batch holds what the files hold, and no other fingers' widths."""
    sampling = SamplingConfig(
        4, 8, 4, 1, 1, first_batches=0, position_noise=(0.0,), dataset=str(folder), stored_share=1.0
    )
    batch = PairSource(TASKS, Conditioning(), np.random.default_rng(0), FETCH, sampling).batch()
    data = Dataset(folder)
    stored = [data.trajectory(task, n).observations.gripper_opening for task in TASKS for n in range(COUNT)]
    assert np.isin(batch.observations.gripper_opening, np.concatenate(stored)).all()


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("control_period", None),
        ("task", 3),
        ("task", "no task"),
        ("seed", [1, 2]),
        ("ends", 5.0),
        ("ends", [9, 3]),
        ("ends", [10**9]),
        ("gripper_yaw", [b"x"]),
        ("block_positions", [1.0, 2.0]),
    ],
)
def test_contents_of_another_shape_are_named(folder: Path, tmp_path: Path, what: str, value: object) -> None:
    path = shutil.copytree(folder, tmp_path / "data") / "ab_+c" / "00000.h5"
    with h5py.File(path, "r+") as file:
        if what in file:
            del file[what]
            file[what] = value
        elif value is None:
            del file.attrs[what]
        else:
            file.attrs[what] = value
    with pytest.raises(DemonstrationError, match="00000.h5"):
        read_all(tmp_path / "data")


def test_a_flipped_bit_is_named_or_makes_no_difference_to_the_reader(folder: Path, tmp_path: Path) -> None:
    path = shutil.copytree(folder, tmp_path / "data") / "ab_+c" / "00000.h5"
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for byte, bit in zip(rng.integers(len(whole), size=60), rng.integers(8, size=60), strict=True):
        flipped = bytearray(whole)
        flipped[byte] ^= 1 << bit
        path.write_bytes(flipped)
        with suppress(DemonstrationError):
            read_all(tmp_path / "data")


def read_all(folder: Path) -> None:
    data = Dataset(folder)
    for task, count in data.counts.items():
        for number in range(count):
            data.trajectory(task, number)
