"""The command ``osil``, called as a person or a script calls it."""

from __future__ import annotations

import json
from pathlib import Path

import imageio.v2 as imageio
import pytest

from osil.cli import main
from osil.demonstrations.storage import load


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("collected")
    (folder / "tasks.txt").write_text("ab +c\nba +c\n")
    assert main(collect(folder)) == 0
    return folder


def collect(folder: Path) -> list[str]:
    tasks = str(folder / "tasks.txt")
    return f"collect {folder} --world kinematic --tasks {tasks} --episodes 2 --jobs 1".split()


@pytest.mark.parametrize(
    "words", ["", "evaluate", "train", "collect", "demonstration", "demonstration info", "demonstration replay"]
)
def test_help_gives_an_example(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([*words.split(), "--help"])
    text = capsys.readouterr().out
    assert "usage: osil" in text
    assert not words or f"osil {words}" in text.partition("example:")[2]


def test_evaluate_writes_what_scripts_rely_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("ab\nabc  # three\n")
    out = tmp_path / "results" / "out.json"
    words = f"evaluate expert --world kinematic --tasks {tmp_path}/mine.txt --episodes 3 --seed 5 --jobs 1 --json {out}"
    assert main(words.split()) == 0
    report = json.loads(out.read_text())
    assert report["command"] == f"osil {words}"
    assert (report["seed"], report["world"], report["model"]["name"]) == (5, "kinematic", "expert")
    assert {"python", "numpy"} <= set(report["versions"])
    for group in (report["all"], report["by_stages"]["1"], report["by_stages"]["2"]):
        assert group["episodes"] == (6 if group is report["all"] else 3)
        assert group["rate"] == group["successes"] / group["episodes"]
        assert group["wilson_95"][0] < group["rate"] <= group["wilson_95"][1]
        assert set(group["failures"]) == {"recoverable", "manipulation", "wrong_move"}
        assert group["seconds_per_stage"] == pytest.approx(group["control_steps_per_stage"] * 0.05)
    assert "all" in capsys.readouterr().out


def test_people_show_tasks_more_slowly(collected: Path, tmp_path: Path) -> None:
    (tmp_path / "tasks.txt").write_text("ab +c\n")
    assert main([*collect(tmp_path), "--operator", "human"]) == 0
    shown = [load(folder / "ab_+c" / "00000.mcap").demonstration for folder in (tmp_path, collected)]
    assert len(shown[0]) > 2 * len(shown[1])


def test_collect_resumes(collected: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = sorted(collected.glob("*/*.mcap"))
    assert [str(file.relative_to(collected)) for file in files] == [
        f"{task}/0000{number}.mcap" for task in ("ab_+c", "ba_+c") for number in (0, 1)
    ]
    before = files[0].read_bytes()
    files[1].unlink()
    assert main(collect(collected)) == 0
    assert "1 demonstrations written, 3 were there already" in capsys.readouterr().out
    assert files[0].read_bytes() == before
    assert load(files[1]).block_names == ("a", "b", "c")


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ("--seed 1", "seed 0 there, 1 wanted"),
        ("--operator human", "operator expert there, human wanted"),
        ("--world pybullet", "world kinematic there, pybullet wanted"),
        ("--format hdf5", "format mcap there, hdf5 wanted"),
        ("--episodes 3 --seed 2", "seed 0 there, 2 wanted"),
    ],
)
def test_collect_does_not_mix(other: str, named: str, collected: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in collected.rglob("*")}
    assert main([*collect(collected), *other.split()]) == 2
    error = capsys.readouterr().err
    assert named in error
    assert error.endswith("choose another folder\n")
    assert {path: path.stat().st_mtime_ns for path in collected.rglob("*")} == before


def test_hdf5_does_not_mix_either(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tasks.txt").write_text("ab\n")
    words = [*collect(tmp_path), "--format", "hdf5"]
    assert main(words) == main(words) == 0
    assert main([*words, "--noise", "none"]) == 2
    assert "noise mixed there, none wanted; choose another folder" in capsys.readouterr().err
    assert main(collect(tmp_path)) == 2, "nor the two formats"


def test_recordings_that_nobody_knows_are_not_mixed_with(
    collected: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tasks.txt").write_text("ab +c\n")
    (tmp_path / "ab_+c").mkdir()
    recording = tmp_path / "ab_+c" / "00000.mcap"
    recording.write_bytes((collected / "ab_+c" / "00000.mcap").read_bytes())
    assert main(collect(tmp_path)) == 2
    assert "no collection.json says how 00000.mcap was made" in capsys.readouterr().err
    recording.unlink()
    assert main(collect(tmp_path)) == 0


def test_a_collection_that_failed_at_once_binds_nobody(tmp_path: Path) -> None:
    (tmp_path / "tasks.txt").write_text("ab\n")
    (tmp_path / "collection.json").write_text("{}")
    assert main(collect(tmp_path)) == 0


def test_info_reads_the_layout_off_the_file(collected: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demonstration", "info", str(collected / "ba_+c" / "00000.mcap")]) == 0
    text = capsys.readouterr().out
    assert "b on a" in text
    assert "a, b, c" in text


def test_replay_films(collected: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    file = collected / "ab_+c" / "00000.mcap"
    assert main(["demonstration", "replay", str(file), "--output", str(film), "--speed", "2"]) == 0
    with imageio.get_reader(film) as reader:
        seconds = reader.get_meta_data()["duration"]
    assert seconds == pytest.approx(load(file).duration / 2, abs=0.2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("evaluate no/model --world kinematic", "no/model"),
        ("evaluate expert --world kinematic --tasks nowhere.txt", "nowhere.txt"),
        ("evaluate expert --world kinematic --max-blocks 1", "at most 1 blocks"),
        ("demonstration info nowhere.mcap", "nowhere.mcap"),
        ("train nowhere.yaml --output /nonexistent", "nowhere.yaml"),
        ("collect /nonexistent --noise paper", "--format hdf5"),
    ],
)
def test_mistakes_are_told_in_one_line(words: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("osil: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("words", ["evaluate expert --episodes 0", "evaluate expert --seed -1", "fly"])
def test_impossible_arguments_show_the_usage(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words.split())
    assert "usage: osil" in capsys.readouterr().err


TINY = """
max_blocks: 3
validation_episodes: 4
workers: 0
policy: {network: {dim: 8, hidden: 16}, conditioning: {}, ensemble: 1}
sampling: {demonstrations: 2, observations: 4, pairs: 3, queries: 1, pools: 1}
loop: {steps: 2, validate_every: 2, log_every: 1, precision: fp32}
"""


def test_train_makes_a_model_that_evaluate_judges(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    (tmp_path / "one.txt").write_text("ab\n")
    model = tmp_path / "model"
    assert main(f"train {tmp_path}/tiny.yaml --output {model}".split()) == 0
    words = f"evaluate {model} --world kinematic --tasks {tmp_path}/one.txt --episodes 2 --jobs 1 --json {model}/r.json"
    assert main(words.split()) == 0
    assert json.loads((model / "r.json").read_text())["all"]["episodes"] == 2


def test_unknown_settings_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "typo.yaml").write_text(TINY.replace("max_blocks", "max_block"))
    assert main(f"train {tmp_path}/typo.yaml --output {tmp_path}/model".split()) == 2
    assert "max_block" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()
