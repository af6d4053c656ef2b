"""The command ``osil``, called as a person or a script calls it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import imageio.v2 as imageio
import psutil
import pytest

from osil.cli import main, reproduce
from osil.demonstrations.storage import load
from osil.resources import resource_path


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
    "words",
    [
        *("", "evaluate", "probe", "train", "export", "collect"),
        *("demonstration", "demonstration info", "demonstration replay"),
    ],
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
    assert main([*collect(tmp_path), "--teacher", "human"]) == 0
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
        ("--seed 1", "seed: 0, now 1"),
        ("--teacher human", "teacher: expert, now human"),
        ("--world pybullet", "world: kinematic, now pybullet"),
        ("--format hdf5", "format: mcap, now hdf5"),
        ("--episodes 3 --seed 2", "seed: 0, now 2"),
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
    assert "noise: mixed, now none; choose another folder" in capsys.readouterr().err
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


def test_info_tells_what_a_policy_understands(collected: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(collected / "ba_+c" / "00000.mcap")
    assert main(["demonstration", "info", file, "--model", "stacking"]) == 0
    assert re.search(r"understands:\n  b onto a, from \d+\.\d to \d+\.\d s, \d+ % sure\n$", capsys.readouterr().out)


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
        *(
            (f"evaluate particle/final_state --world particle {option}", option.partition(" ")[0])
            for option in (
                "--push",
                "--push 0.1",
                "--mishap drop",
                "--tasks train",
                "--teacher human",
                "--max-blocks 4",
                "--yaws parallel",
                "--spacing 0.1",
                "--failures new",
                "--friction 0.5",
                "--mass 2",
                "--size 1.0",
                "--latency 1",
                "--noise 0.1",
            )
        ),
        *(
            (f"evaluate expert {option} 1 --world kinematic", option)
            for option in ("--friction", "--mass", "--latency", "--noise")
        ),
        ("evaluate expert --world kinematic --landmarks 10", "--landmarks means nothing with kinematic"),
        ("evaluate expert --latency 21", "0 to 20"),
        ("evaluate expert --spacing nan", "spacing nan m: expected more than 0, and at most 1"),
        ("evaluate expert --spacing 5", "spacing 5 m: expected more than 0, and at most 1"),
        ("evaluate expert --landmarks 3", "--landmarks means nothing with pybullet"),
        ("evaluate expert --world particle", "'expert' stacks blocks"),
        ("evaluate replay --world particle", "'replay' stacks blocks"),
        ("evaluate stacking --world particle", "for block stacking, as in osil evaluate --world pybullet or"),
        ("evaluate particle/final_state", "for particle reaching, as in osil evaluate --world particle"),
        *(
            (f"reproduce particle {option} 1 --output /nonexistent", option)
            for option in ("--run", "--model", "--seed", "--only", "--episodes")
        ),
        ("reproduce stacking --recipe paper", "--recipe means nothing with stacking, only with particle"),
        ("reproduce all --only test", "--only means nothing with all"),
        ("reproduce learning --runs a", "--runs means nothing with learning"),
        ("reproduce attention --episodes 3", "--episodes means nothing with attention"),
        ("reproduce comparison --model a", "--model means nothing with comparison"),
    ],
)
def test_mistakes_are_told_in_one_line(words: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("osil: ")
    assert error.count("\n") == 1


@pytest.fixture
def places(tmp_path: Path, collected: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present folder, with what is good and what is not."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "tiny.yaml").write_text(TINY)
    shutil.copy(collected / "ab_+c" / "00000.mcap", tmp_path / "good.mcap")
    return tmp_path


LONG = "x" * 300
NOT_FILES = ("", "folder", "loop", "nothing", "file/more", "loop/more", LONG, "pipe", "/dev/zero")
NO_PLACES_FOR_A_FILE = ("", "folder", "loop", "file/more", "loop/more", LONG, "pipe")
NO_PLACES_FOR_A_FOLDER = ("file", "loop", "file/more", "loop/more", LONG)


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("evaluate PATH --world kinematic", (*NOT_FILES, "file")),
        ("evaluate PATH --world particle", (*NOT_FILES, "file")),
        ("evaluate expert --world kinematic --tasks PATH", (*NOT_FILES, "file")),
        ("evaluate expert --world kinematic --json PATH", NO_PLACES_FOR_A_FILE),
        ("evaluate particle/final_state --world particle --json PATH", NO_PLACES_FOR_A_FILE),
        ("evaluate expert --world kinematic --failures PATH", NO_PLACES_FOR_A_FOLDER),
        ("collect PATH --world kinematic", NO_PLACES_FOR_A_FOLDER),
        ("collect PATH --world kinematic --format hdf5", NO_PLACES_FOR_A_FOLDER),
        ("collect new --world kinematic --tasks PATH", (*NOT_FILES, "file")),
        ("train PATH --output new", (*NOT_FILES, "file")),
        ("train tiny.yaml --output PATH", NO_PLACES_FOR_A_FOLDER),
        ("demonstration info PATH", (*NOT_FILES, "file")),
        ("demonstration replay PATH", (*NOT_FILES, "file")),
        ("demonstration replay good.mcap --output PATH", ("film.avi", "file/more.mp4", f"{LONG}.gif", "folder", "")),
        ("particle --output PATH", ("film.avi", "file/more.gif", f"{LONG}.mp4", "folder", "")),
        ("reproduce stacking --output PATH", NO_PLACES_FOR_A_FOLDER),
        ("reproduce stacking --output new --model PATH", (*NOT_FILES, "file")),
        ("reproduce attention --output PATH", NO_PLACES_FOR_A_FOLDER),
        ("reproduce attention --output new --model PATH", (*NOT_FILES, "file")),
        ("reproduce comparison --output PATH", NO_PLACES_FOR_A_FOLDER),
        ("reproduce learning --output new --run PATH", (*NOT_FILES, "file")),
        ("reproduce particle --output PATH", NO_PLACES_FOR_A_FOLDER),
        ("reproduce particle --output new --runs PATH", NO_PLACES_FOR_A_FOLDER),
    ],
)
def test_paths_that_will_not_do_are_told_before_the_work(
    command: str, wrong: tuple[str, ...], places: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in wrong:
        assert main([word.replace("PATH", path) for word in command.split()]) == 2, path
        error = capsys.readouterr().err
        assert error.startswith("osil: "), path
        assert error.count("\n") == 1, path


@pytest.mark.parametrize(("given", "root"), [("", "results"), (" --output new", "new")])
def test_all_experiments_are_made_in_their_folders(
    given: str, root: str, places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    for name in reproduce._REPRODUCE:
        monkeypatch.setitem(reproduce._REPRODUCE, name, lambda options, output: made.append(str(output)))
    assert main(f"reproduce all --episodes 1{given}".split()) == 0
    stacking = [f"{root}/stacking"] * 2
    own = [f"{root}/stacking/{name}" for name in ("attention", "understanding", "comparison", "changes", "scaling")]
    assert made == [f"{root}/particle", *own[:2], *stacking, *own[2:], root]
    assert main(["reproduce", "stacking", "--output", "mine"]) == 0
    assert made[-1] == "mine"


def test_a_place_to_write_to_is_tried_and_left_as_it_was(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (places / "old.json").write_text("old")
    for path in ("old.json", "new.json"):
        assert main(f"evaluate expert --world kinematic --json {path} --failures file".split()) == 2
    assert "'file'" in capsys.readouterr().err
    assert (places / "old.json").read_text() == "old"
    assert not (places / "new.json").exists()


def test_a_broken_model_is_told_before_a_list_without_tasks(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "folder", "--world", "kinematic", "--max-blocks", "1", "--json", "file/more"]) == 2
    assert "cannot load a policy" in capsys.readouterr().err


def test_released_models_are_known_by_name(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (places / "tasks.txt").write_text("ab\n")
    words = "--world kinematic --tasks tasks.txt --episodes 1 --jobs 1 --json out.json"
    assert main(f"evaluate stacking {words}".split()) == 0
    assert json.loads(Path("out.json").read_text())["model"]["name"] == "stacking"
    assert main(f"evaluate stack {words}".split()) == 2
    assert "particle/final_state, particle/lstm_attention, particle/plain_lstm, stacking" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["", "demonstration"])
def test_a_command_without_its_own_prints_help(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == 0
    told = capsys.readouterr()
    assert "usage: osil" in told.out
    assert not told.err


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    version = ElementTree.parse(resource_path("package.xml")).findtext("version")
    assert capsys.readouterr().out == f"osil {version}\n"


@pytest.mark.parametrize(
    ("command", "after"),
    [
        ("evaluate stacking --jobs 1", 0.0),
        ("evaluate stacking --jobs 1", 0.5),
        ("evaluate expert --world kinematic --episodes 1000 --jobs 2", 0.9),
        ("evaluate expert --world kinematic --episodes 1000 --jobs 2", 3.0),
        ("collect new --tasks train --episodes 100 --jobs 2", 2.0),
        ("particle --episodes 1000000", 2.0),
    ],
)
def test_ctrl_c_ends_a_command_with_a_line(command: str, after: float, tmp_path: Path) -> None:
    """As in a terminal the signal goes to all processes: so many seconds after numpy is there, while modules are
    imported, workers begin or work is done."""
    running = subprocess.Popen(
        [sys.executable, "-m", "osil.cli", *command.split()],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job begins without it
    )
    while "numpy" not in Path(f"/proc/{running.pid}/maps").read_text():
        assert running.poll() is None
        time.sleep(0.01)
    time.sleep(after)
    os.killpg(running.pid, signal.SIGINT)
    _, error = running.communicate(timeout=60)
    assert running.returncode == 130
    assert error.endswith("osil: stopped\n")
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("how", "code", "word"), [(signal.SIGTERM, 143, "osil: stopped"), (signal.SIGKILL, -9, None)], ids=["TERM", "KILL"]
)
def test_kill_ends_a_command_and_its_processes(how: int, code: int, word: str | None, tmp_path: Path) -> None:
    command = ["evaluate", "expert", "--world", "kinematic", "--episodes", "1000", "--jobs", "2"]
    running = subprocess.Popen(
        [sys.executable, "-m", "osil.cli", *command],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (workers := psutil.Process(running.pid).children(recursive=True)):
        assert running.poll() is None
        time.sleep(0.1)
    running.send_signal(how)
    _, error = running.communicate(timeout=60)
    assert running.returncode == code
    assert word is None or error.splitlines()[-1] == word
    _, left = psutil.wait_procs(workers, timeout=20)
    assert not left


@pytest.mark.parametrize(
    "words",
    [
        "evaluate expert --episodes 0",
        "evaluate expert --seed -1",
        "evaluate expert --jobs 0",
        "evaluate expert --jobs -3",
        "reproduce stacking --jobs -1",
        "fly",
    ],
)
def test_impossible_arguments_show_the_usage(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words.split())
    assert "usage: osil" in capsys.readouterr().err


TINY = """
max_blocks: 3
validation_episodes: 4
workers: 0
policy: {network: {dim: 8, hidden: 16}, conditioning: {}, ensemble: 1}
sampling: {demonstrations: 2, observations: 4, pool_tasks: 3, queries: 1, pools: 1}
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
