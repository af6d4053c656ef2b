"""Settings and task lists are read whatever wrote them, and refused in one line that says where and why."""

from __future__ import annotations

import math
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from osil.data.dataset import TrajectoryFile
from osil.data.making import NOTE, claim
from osil.demonstrations import storage
from osil.errors import ConfigError, OsilError, TaskError
from osil.files import LONGEST_TEXT, read_json, read_json_lines
from osil.settings import FEW, differences, from_yaml
from osil.tasks.splits import load_tasks
from osil.training.stacking import StackingTraining


@dataclass(frozen=True)
class Inner:
    sizes: tuple[int, ...] = (1, 2)


@dataclass(frozen=True)
class Settings:
    steps: int = 0
    rate: float = 1.0
    inner: Inner = field(default_factory=Inner)


@pytest.mark.parametrize(
    "data",
    [b"steps: 3\nrate: 2\n", b"\xef\xbb\xbfsteps: 3\nrate: 2\n", b"steps: 3\r\nrate: 2\r\n", b"# m\xc3\xa4\nsteps: 3"],
)
def test_settings_are_read_whatever_wrote_them(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_bytes(data)
    assert from_yaml(Settings, tmp_path / "settings.yaml").steps == 3


def test_infinity_is_a_number(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text("rate: .inf\n")
    assert from_yaml(Settings, tmp_path / "settings.yaml").rate == math.inf


NOT_TEXTS = (
    pytest.param("steps: 1\n# für\n".encode("latin-1"), "line 2: byte 0xfc is not UTF-8", id="latin-1"),
    pytest.param("steps: 1\n".encode("utf-16"), "line 1: byte 0xff is not UTF-8", id="utf-16"),
    pytest.param(b"\0" * 100, "expected a text", id="zero bytes"),
    pytest.param(b"#" * (LONGEST_TEXT + 1), "expected a text of at most 1 MiB", id="huge"),
    pytest.param(b"\x1f\x8b\x08\x00", "line 1: byte 0x8b is not UTF-8", id="compressed"),
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        *NOT_TEXTS,
        (b"", "got nothing"),
        (b"# steps: 3\n", "got nothing"),
        (b"- steps\n- 3\n", "expected settings by name.*got .'steps', 3"),
        (b"steps\n", "got 'steps'"),
        (b"3: 4\n", "expected settings by name"),
        (b"? [1, 2]\n: 3\n", "line 1: found unhashable key"),
        (b"inner: [1]\n", "inner"),
        (b"inner: {3: 4}\n", "there is no setting 3; is it spelled so"),
        (b"inner: {sizes: 3}\n", "not iterable"),
        (b"steps: 3\nrate: 1\nsteps: 4\n", "line 3: 'steps' stands here again"),
        (b"inner: {sizes: [1], sizes: [2]}\n", "line 1: 'sizes' stands here again"),
        (b"inner:\n\tsizes: [1]\n", r"line 2: found character '\\t'"),
        (b"rate: .nan\n", "line 1: .nan is not a number"),
        (b"steps: 3\nrate: .NaN\n", "line 2: .NaN is not a number"),
        (b"steps: \x07\n", "is not YAML"),
        pytest.param(b"[" * 5000, "is not YAML", id="deep"),
        (b"steps: 2020-13-41\n", "is not YAML"),
        (b"!!python/object/apply:os.getpid []\n", "line 1"),
        (b"steps: 1\n---\nsteps: 2\n", "line 2"),
    ],
)
def test_other_settings_are_refused_in_one_line(data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_bytes(data)
    with pytest.raises(ConfigError, match=f"settings.yaml.*{message}") as error:
        from_yaml(Settings, tmp_path / "settings.yaml")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("data", [b"\xef\xbb\xbfab\nabc\n", b"ab\r\nabc\r\n", b"ab # \xc3\xa4\nabc"])
def test_task_lists_are_read_whatever_wrote_them(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "tasks.txt").write_bytes(data)
    assert [str(task) for task in load_tasks(tmp_path / "tasks.txt")] == ["ab", "abc"]


@pytest.mark.parametrize(
    ("data", "message"), [*NOT_TEXTS, (b"", "got none"), pytest.param(b"ab\n" + b"q" * 10_000, "line 2", id="long")]
)
def test_other_task_lists_are_refused_in_one_line(data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "tasks.txt").write_bytes(data)
    with pytest.raises(TaskError, match=f"tasks.txt.*{message}") as error:
        load_tasks(tmp_path / "tasks.txt")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500


READERS = (load_tasks, read_json, read_json_lines, lambda path: from_yaml(Settings, path))


@pytest.mark.parametrize("place", ["a folder", "a loop", "nothing", "a/path/through/a file", "a name of 300 letters"])
def test_what_is_no_file_is_refused(place: str, tmp_path: Path) -> None:
    path = tmp_path / {"a name of 300 letters": "x" * 300, "a/path/through/a file": "file/more"}.get(place, place)
    (tmp_path / "a folder").mkdir()
    (tmp_path / "a loop").symlink_to(tmp_path / "a loop")
    (tmp_path / "file").touch()
    for read in READERS:
        with pytest.raises(OsilError, match="cannot read"):
            read(path)


@pytest.mark.parametrize("kind", ["a pipe", "a socket", "a device", "a link to a pipe"])
def test_what_one_might_wait_for_in_vain_is_refused(kind: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a pipe")
    (tmp_path / "a link to a pipe").symlink_to(tmp_path / "a pipe")
    (tmp_path / "a device").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "a socket"))  # whose name has to be short
        for read in (*READERS, storage.load, TrajectoryFile):
            with pytest.raises(OsilError, match="expected an ordinary file, got a pipe, a socket or a device"):
                read(tmp_path / kind)


def test_a_note_in_a_folder_that_is_a_pipe_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / "00000.mcap").touch()
    os.mkfifo(tmp_path / NOTE)
    with pytest.raises(OsilError, match="expected an ordinary file"):
        claim(tmp_path, {"seed": 0})


def test_differences_are_few_and_by_name() -> None:
    old = {"seed": 0, "network": {"dim": 8, "hidden": 16}, "gone": None, "same": [1, 2]}
    new = {"seed": 1, "network": {"dim": 8, "hidden": 32}, "kind": "b" * 1000, "same": [1, 2]}
    assert differences(old, old) == ""
    told = differences(old, new)
    assert told.startswith("kind: unset, now bbb")
    assert told.endswith("; network.hidden: 16, now 32; seed: 0, now 1")
    assert len(told) < 200
    many = differences({f"s{n}": 0 for n in range(40)}, {f"s{n}": 1 for n in range(40)})
    assert many.count("0, now 1") == FEW
    assert many.endswith(f"; and {40 - FEW} more")


@pytest.mark.parametrize(
    ("text", "message"), [('{"a": 1, "a": 2}', "'a' stands there twice"), ('{"a": NaN}', "NaN"), ('{"a":', "not JSON")]
)
def test_json_is_refused_where_it_is_not_clear(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_json(tmp_path / "a.json")


def test_a_line_that_was_cut_is_named(tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").write_text('{"a": 1}\n{"a": ')
    with pytest.raises(ConfigError, match="records.jsonl, line 2 is not JSON"):
        read_json_lines(tmp_path / "records.jsonl")


@pytest.mark.parametrize(
    "text",
    ["seed: -1", "threads: 0", "workers: -1", "loop: {steps: 0}", "validation_episodes: 0", "sampling: {pools: 0}"],
)
def test_settings_that_are_too_small_are_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "small.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"expected \d or more"):
        from_yaml(StackingTraining, tmp_path / "small.yaml")
