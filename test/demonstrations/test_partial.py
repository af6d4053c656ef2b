"""Recordings that were left behind: how much of them is recovered, wherever they end."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from osil.cli import main
from osil.core import Action, Demonstration, Observation
from osil.demonstrations.partial import Partial, recover
from osil.demonstrations.replay import read_replay
from osil.demonstrations.steps_file import read_contents
from osil.demonstrations.storage import load, save
from osil.errors import DemonstrationError

from .made_up import assert_same, make_replay

STEPS = 6
NAMES = ("a", "b")
RNG = np.random.default_rng(0)
SEEN = Observation(RNG.normal(size=(STEPS, 2, 3)), RNG.uniform(size=STEPS), RNG.uniform(-1, 1, (STEPS, 2)))
SHOWN = make_replay(STEPS, len(NAMES))
DONE = Action(RNG.normal(size=(STEPS, 3)), RNG.uniform(size=STEPS) < 0.5, RNG.normal(size=STEPS))


def left_behind(folder: Path) -> tuple[Path, list[int]]:
    """An unfinished recording, and how many bytes it had after each step."""
    partial, sizes = Partial(folder / ".cut.partial"), []
    partial.describe("cut", NAMES, SHOWN.description)
    for index in range(STEPS):
        partial.append(SEEN[index], DONE[index], 10**9 + index, SHOWN.steps[index])
        sizes.append(partial.path.stat().st_size)
    partial.close()
    return partial.path, sizes


def is_beginning(path: Path, steps: int) -> bool:
    """Whether a file holds so many of the first steps."""
    stored = load(path)
    read, count = stored.demonstration, len(stored.demonstration)
    assert stored.block_names == NAMES
    np.testing.assert_array_equal(stored.stamps, 10**9 + np.arange(count))
    np.testing.assert_array_equal(read.observations.block_positions, SEEN.block_positions[:count])
    np.testing.assert_array_equal(read.actions.displacement, DONE.displacement[:count])
    np.testing.assert_array_equal(read.actions.close_gripper, DONE.close_gripper[:count])
    contents = read_contents(path)
    if contents.shown:  # a demonstration that nobody recorded has nothing to look at
        assert_same(read_replay(contents.shown, count, NAMES), SHOWN, count)
    return count == steps


def test_every_whole_step_is_recovered_wherever_the_file_ends(tmp_path: Path) -> None:
    path, sizes = left_behind(tmp_path)
    data = path.read_bytes()
    for length in [*range(0, len(data), 7), *(size + more for size in sizes for more in (-1, 0))]:
        path.write_bytes(data[:length])
        # A chunk is whole a little before what MCAP writes after it, so there may be one step more than sizes tell.
        whole = sum(size <= length for size in sizes)
        try:
            new = recover(path)
        except DemonstrationError:
            assert whole < 2
            path.unlink()
            continue
        if new is None:
            assert whole < 2
        else:
            assert is_beginning(new, whole) or is_beginning(new, whole + 1)
            new.unlink()
        assert not path.exists()
    assert list(tmp_path.iterdir()) == []


def test_no_damaged_bit_is_recovered_as_another_demonstration(tmp_path: Path) -> None:
    path, _ = left_behind(tmp_path)
    data, count = path.read_bytes(), 0
    for byte in range(0, len(data), 7):
        damaged = bytearray(data)
        damaged[byte] ^= 1 << byte % 8
        path.write_bytes(damaged)
        try:
            new = recover(path)
        except DemonstrationError:
            continue
        if new is not None:
            count += is_beginning(new, STEPS)
            new.unlink()
    assert count > 3


def test_a_recording_under_way_is_let_alone(tmp_path: Path) -> None:
    partial = Partial(tmp_path / ".now.partial")
    partial.describe("now", NAMES, SHOWN.description)
    for index in range(STEPS):
        partial.append(SEEN[index], DONE[index], index, SHOWN.steps[index])
    with pytest.raises(DemonstrationError, match="is being recorded just now"):
        recover(partial.path)
    with pytest.raises(DemonstrationError, match="is being recorded just now"):
        Partial(partial.path)
    partial.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("steps", [0, STEPS])
def test_what_cannot_be_removed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    path, sizes = left_behind(tmp_path)
    path.write_bytes(path.read_bytes()[: sizes[steps - 1] if steps else 0])

    def refuse(*args: object, **options: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    if steps:  # a file that is written anew removes its temporary one
        monkeypatch.setattr("osil.demonstrations.partial.storage.save", lambda *args: None)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(DemonstrationError, match=f"cannot remove {path}: Read-only file system; remove it"):
        recover(path)


@pytest.mark.parametrize("place", ["file/folder", "file", "loop", "/proc/nowhere"])
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(DemonstrationError, match="cannot write in"):
        Partial(tmp_path / place / ".one.partial")


def test_the_command_recovers_a_folder_and_a_damaged_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left_behind(tmp_path)
    assert main(["demonstration", "recover", str(tmp_path)]) == 0
    assert is_beginning(tmp_path / "cut-recovered.mcap", STEPS)
    assert read_contents(tmp_path / "cut-recovered.mcap").shown, "what there is to look at is recovered, too"
    assert f"recovered as {tmp_path}/cut-recovered.mcap" in capsys.readouterr().out
    assert main(["demonstration", "recover", str(tmp_path)]) == 0
    assert "no recording was left unfinished" in capsys.readouterr().out

    file = tmp_path / "whole.mcap"
    save(Demonstration(SEEN, DONE), file, "whole", NAMES, 10**9 + np.arange(STEPS))
    assert main(["demonstration", "recover", str(file)]) == 2
    assert "is whole" in capsys.readouterr().err
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DemonstrationError, match=f"osil demonstration recover {file}"):
        load(file)
    assert main(["demonstration", "recover", str(file)]) == 0
    assert is_beginning(tmp_path / "whole-recovered.mcap", STEPS)
    assert file.exists()
