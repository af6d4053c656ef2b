"""A folder holds one training run: it is not overwritten, not mixed, and goes on whatever ended it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from osil.cli import main
from osil.data.reaching_pairs import FixedPairs, ReachingSampling
from osil.errors import ConfigError, ModelError
from osil.networks.reaching import ReachingNetworkConfig
from osil.training.loop import CURVE, LoopConfig
from osil.training.optimization import OptimizationConfig
from osil.training.reaching import ReachingTraining, run
from osil.training.run_folder import CHECKPOINT, PREVIOUS, RunFolder, resumable, steps_done
from osil.training.stacking import StackingTraining

RECIPE = ReachingTraining(
    {"small": ReachingNetworkConfig("final_state", units=8, hidden=(8,)), "other": ReachingNetworkConfig(units=8)},
    ReachingSampling(trajectories=64, demonstrations=4, observations=4, frames=4),
    loop=LoopConfig(steps=4, validate_every=2, log_every=1, precision="fp32"),
    configurations=4,
)
LONGER = replace(RECIPE, loop=replace(RECIPE.loop, steps=6))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a run that has ended."""
    run(RECIPE, "small", 2, tmp_path / "run")
    return tmp_path / "run"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def steps(folder: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (folder / CURVE).read_text().splitlines()]


def test_a_second_run_in_the_same_folder_is_refused_and_changes_nothing(folder: Path) -> None:
    before = contents(folder)
    with pytest.raises(ConfigError, match=r"another run; go on with that one \(--resume\), or choose another folder"):
        run(RECIPE, "small", 2, folder)
    assert contents(folder) == before


def test_a_model_without_a_run_is_not_overwritten_either(folder: Path, tmp_path: Path) -> None:
    for name in ("model.safetensors", "config.json"):
        (tmp_path / "model").mkdir(exist_ok=True)
        shutil.copy(folder / name, tmp_path / "model")
    before = contents(tmp_path / "model")
    with pytest.raises(ConfigError, match="model.safetensors"):
        run(RECIPE, "small", 2, tmp_path / "model")
    assert contents(tmp_path / "model") == before


@pytest.mark.parametrize(
    ("changed", "architecture", "landmarks", "named"),
    [
        (replace(RECIPE, seed=1), "small", 2, "seed: 0, now 1"),
        (replace(RECIPE, optimization=OptimizationConfig(learning_rate=0.5)), "small", 2, "optimization.learning_rate"),
        (replace(RECIPE, sampling=replace(RECIPE.sampling, frames=5)), "small", 2, "sampling.frames: 4, now 5"),
        (RECIPE, "other", 2, "architecture: small, now other"),
        (RECIPE, "small", 3, "num_landmarks: 2, now 3"),
    ],
)
def test_other_settings_are_refused_by_name(
    changed: ReachingTraining, architecture: str, landmarks: int, named: str, folder: Path
) -> None:
    before = contents(folder)
    with pytest.raises(ConfigError, match=named) as refusal:
        run(changed, architecture, landmarks, folder, resume=True)
    assert str(refusal.value).count(", now ") == 1, "only what differs is named"
    assert contents(folder) == before


def test_it_may_go_on_for_longer_and_with_other_threads(folder: Path) -> None:
    run(replace(LONGER, threads=2), "small", 2, folder, resume=True)
    torch.set_num_threads(1)
    assert steps(folder) == [2, 4, 6]


def test_many_other_settings_are_told_in_a_few_words(folder: Path) -> None:
    """Those of another task family, of which hardly one is the same."""
    with pytest.raises(ConfigError, match=r", now .*; and \d+ more; go on with those it began with") as refusal:
        RunFolder(folder, asdict(StackingTraining()), resume=True)
    assert len(str(refusal.value)) < 800


def test_a_run_that_is_complete_says_so_and_how_to_go_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(folder)
    capsys.readouterr()
    run(RECIPE, "small", 2, folder, resume=True)
    told = capsys.readouterr()
    assert told.out.startswith(f"{folder} is complete: it has done 4 of 4 steps; to go on, ask for more")
    assert told.out.count("\n") == 1
    assert not told.err
    assert contents(folder) == before
    run(LONGER, "small", 2, folder, resume=True)
    assert "is complete" not in capsys.readouterr().out
    assert steps(folder) == [2, 4, 6]


@pytest.mark.parametrize("name", [CHECKPOINT, CURVE])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(name: str, folder: Path) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(ModelError, match="expected an ordinary file"):
        run(LONGER, "small", 2, folder, resume=True)


def test_nothing_to_resume_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing to resume, there is no checkpoint.pt; begin anew, without --resume"):
        run(RECIPE, "small", 2, tmp_path / "run", resume=True)
    assert not (tmp_path / "run").exists()


def test_a_cut_checkpoint_is_named_wherever_it_is_cut_and_the_one_before_serves(folder: Path) -> None:
    whole = (folder / CHECKPOINT).read_bytes()
    for length in [0, 1, 2, 30, *range(100, len(whole), len(whole) // 40), len(whole) - 1]:
        (folder / CHECKPOINT).write_bytes(whole[:length])
        with pytest.raises(ModelError, match=f"damaged .*{PREVIOUS}"):
            steps_done(folder)
    with pytest.raises(ModelError, match="damaged"):
        run(LONGER, "small", 2, folder, resume=True)
    (folder / PREVIOUS).replace(folder / CHECKPOINT)
    run(LONGER, "small", 2, folder, resume=True)
    assert steps(folder) == [2, 4, 6], "what came after that checkpoint is done, and noted, again"


def test_a_flipped_bit_is_noticed_or_harmless(folder: Path) -> None:
    """What a checkpoint holds is covered by checksums."""
    whole = (folder / CHECKPOINT).read_bytes()
    truth = torch.load(folder / CHECKPOINT, weights_only=True)["objective"]
    rng = np.random.default_rng(0)
    refused = 0
    for place in rng.integers(len(whole), size=200):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.integers(8)
        (folder / CHECKPOINT).write_bytes(damaged)
        try:
            assert steps_done(folder) == 4
            read = torch.load(folder / CHECKPOINT, weights_only=True)["objective"]
            assert all(torch.equal(read[name], weights) for name, weights in truth.items())
        except ModelError:
            refused += 1
    assert refused > 20


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    torch.save({"step": Trap()}, tmp_path / CHECKPOINT)
    with pytest.raises(ModelError):
        steps_done(tmp_path)
    assert not (tmp_path / "sprung").exists()


def test_a_line_without_its_checkpoint_is_noted_again_and_half_a_line_is_dropped(folder: Path) -> None:
    with (folder / CURVE).open("a") as curve:
        curve.write('{"step": 6, "minutes": 0.1}\n{"step": 8, "min')
    run(LONGER, "small", 2, folder, resume=True)
    assert steps(folder) == [2, 4, 6]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_stopped_between_validations_no_step_is_lost(
    kind: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same weights as in a run that ended there by itself."""
    steady = replace(RECIPE, optimization=OptimizationConfig(schedule="constant"))
    draw, drawn = FixedPairs.batch, []

    def stops(self: FixedPairs) -> object:
        drawn.append(None)
        if len(drawn) == 4:
            raise kind
        return draw(self)

    run(replace(steady, loop=replace(RECIPE.loop, steps=3)), "small", 2, tmp_path / "whole")
    monkeypatch.setattr(FixedPairs, "batch", stops)
    with pytest.raises(kind):
        run(steady, "small", 2, tmp_path / "run")
    monkeypatch.undo()
    assert f"step 3 is in {tmp_path / 'run' / CHECKPOINT}: the same command with --resume" in capsys.readouterr().err
    one, other = (torch.load(tmp_path / name / CHECKPOINT, weights_only=True) for name in ("whole", "run"))
    for name, weights in one["objective"].items():
        torch.testing.assert_close(weights, other["objective"][name])
    run(steady, "small", 2, tmp_path / "run", resume=True)
    assert steps(tmp_path / "run") == [2, 4]


SETTINGS = """
max_blocks: 2
policy: {network: {dim: 8, hidden: 16}, ensemble: 1, draws: 1}
sampling: {demonstrations: 2, observations: 4, pool_tasks: 3, queries: 1, pools: 1}
loop: {steps: 100000, validate_every: 3, log_every: 1, precision: fp32}
validation_episodes: 1
"""


def test_ctrl_c_says_where_the_run_is_and_how_to_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a terminal sends it: to the process that trains and to the one that makes its data."""
    settings, model = tmp_path / "run.yaml", tmp_path / "model"
    settings.write_text(SETTINGS)
    words = ["train", str(settings), "--output", str(model)]
    command = [sys.executable, "-m", "osil.cli", *words]
    pipe = subprocess.PIPE
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell's background job begins without it
    child = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True, preexec_fn=heed)
    assert child.stdout
    child.stdout.readline()  # the first validation
    os.killpg(child.pid, signal.SIGINT)
    _, error = child.communicate(timeout=120)
    assert child.returncode == 130, error
    assert "Traceback" not in error
    step = steps_done(model)
    assert f"step {step} is in {model / CHECKPOINT}: the same command with --resume goes on" in error
    settings.write_text(SETTINGS.replace("100000", str(step + 1)))
    assert main(words) == 2
    assert "--resume" in capsys.readouterr().err
    assert main([*words, "--resume"]) == 0
    assert steps_done(model) == step + 1
    assert resumable(model)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_what_makes_data_ends_with_what_trains(tmp_path: Path, sent: signal.Signals) -> None:
    (tmp_path / "run.yaml").write_text(SETTINGS)
    command = [sys.executable, "-m", "osil.cli", "train", "run.yaml", "--output", "model"]
    child = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, start_new_session=True)
    while len(workers := psutil.Process(child.pid).children(recursive=True)) < 2:  # and what tracks shared memory
        assert child.poll() is None
        time.sleep(0.1)
    child.send_signal(sent)
    assert child.wait(60) == (143 if sent == signal.SIGTERM else -sent)
    _, left = psutil.wait_procs(workers, timeout=60)
    assert not left


@pytest.mark.parametrize("line", ["garbage\n", '{"stop": 3}\n', "3\n", "\xff\n"])
def test_a_spoiled_learning_curve_is_named(folder: Path, line: str) -> None:
    (folder / CURVE).write_bytes(line.encode("latin-1"))
    with pytest.raises(ModelError, match="learning_curve.jsonl is damaged"):
        run(LONGER, "small", 2, folder, resume=True)


@pytest.mark.parametrize("part", ["objective", "optimizer"])
def test_a_checkpoint_of_another_network_is_named(folder: Path, part: str) -> None:
    state = torch.load(folder / CHECKPOINT, weights_only=True)
    torch.save({**state, part: {}}, folder / CHECKPOINT)
    with pytest.raises(ModelError, match="does not fit this network"):
        run(LONGER, "small", 2, folder, resume=True)


def test_without_its_checkpoint_the_one_before_is_named(folder: Path) -> None:
    (folder / CHECKPOINT).unlink()
    with pytest.raises(ConfigError, match="checkpoint.previous.pt beside it is the one before"):
        run(LONGER, "small", 2, folder, resume=True)
