"""A network that was exported answers as before, or is refused."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from osil.cli import main
from osil.core import Action, Demonstration, Observation
from osil.data.demonstrate import demonstrate
from osil.errors import ModelError
from osil.networks.stacking import StackingNetwork, StackingNetworkConfig
from osil.policies.model_folder import EXPORTED, SUMS, add_exported
from osil.policies.stacking import PolicyConfig, StackingPolicy, save_policy
from osil.resources import resource_path
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask
from osil.worlds.kinematic import KinematicWorld

FETCH = load_robot("fetch")

SMALL = PolicyConfig(network=StackingNetworkConfig(dim=16, hidden=32), ensemble=3, draws=5)


def shown(task: str) -> Demonstration[Observation, Action]:
    rng, parsed = np.random.default_rng(0), StackingTask.parse(task)
    scene = FETCH.table.random_scene(parsed.num_blocks, rng)[None]
    (demonstration,), _ = demonstrate(KinematicWorld(rng, FETCH), [parsed], scene)
    return demonstration


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model with random weights."""
    folder = tmp_path_factory.mktemp("exported") / "model"
    torch.manual_seed(0)
    save_policy(folder, StackingNetwork(SMALL.network), SMALL)
    pytest.importorskip("onnxscript", reason="onnxscript is not installed: pip install onnx onnxscript")
    assert main(["export", str(folder)]) == 0
    return folder


@pytest.fixture
def model(exported: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(exported, tmp_path / "model"))


def answers(folder: Path, demonstration: Demonstration[Observation, Action], steps: Sequence[int]) -> np.ndarray:
    policy = StackingPolicy.load(folder)
    policy.reset(demonstration)
    found = []
    for step in steps:
        action = policy.act(demonstration.observations[step])
        assert policy.attention is not None
        looked = [policy.attention.blocks.ravel(), policy.attention.moments.ravel()]
        found.append(np.concatenate([action.displacement, [action.yaw_step, action.close_gripper], *looked]))
    return np.array(found)


def as_by_torch(folder: Path, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    assert StackingPolicy.load(folder)._exported is not None
    demonstration = shown(task)
    steps = range(0, len(demonstration), 5)
    by_onnx = answers(folder, demonstration, steps)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # as if it were not installed
    assert StackingPolicy.load(folder)._exported is None
    np.testing.assert_allclose(by_onnx, answers(folder, demonstration, steps), atol=1e-5)


def test_the_file_tells_nothing_of_the_machine_that_made_it(exported: Path) -> None:
    data = (exported / EXPORTED).read_bytes()
    assert b'.py", line' not in data


@pytest.mark.parametrize("task", ["ab", "abc de +f"])
def test_the_answers_are_the_same_for_any_demonstration(
    exported: Path, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_by_torch(exported, task, monkeypatch)


def test_the_released_model_is_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    as_by_torch(resource_path("models", "stacking"), "abc +d", monkeypatch)


def test_in_several_scenes_it_does_as_one_by_one(exported: Path) -> None:
    policy, demonstration = StackingPolicy.load(exported), shown("ab")
    policy.reset_batch([demonstration] * 2, [0, 0])
    together = policy.act(demonstration.observations[[3, 9]])
    for row, step in enumerate((3, 9)):
        policy.reset(demonstration)
        alone = policy.act(demonstration.observations[step])
        np.testing.assert_allclose(together.displacement[row], alone.displacement, atol=1e-5)


def test_a_damaged_file_is_refused_and_made_anew(model: Path) -> None:
    data = bytearray((model / EXPORTED).read_bytes())
    data[len(data) // 2] ^= 1
    (model / EXPORTED).write_bytes(data)
    with pytest.raises(ModelError, match=f"{EXPORTED} is not as {SUMS} says"):
        StackingPolicy.load(model)
    assert main(["export", str(model)]) == 0
    StackingPolicy.load(model)


def test_what_is_no_network_is_refused(model: Path) -> None:
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    add_exported(model, b"no network")
    with pytest.raises(ModelError, match="cannot be read: .*; make it anew: osil export"):
        StackingPolicy.load(model)


def test_the_file_of_other_weights_is_refused(model: Path) -> None:
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    other = (model / EXPORTED).read_bytes()
    save_policy(model, StackingNetwork(SMALL.network), SMALL)
    assert not (model / EXPORTED).exists(), "what is trained anew has lost the file of what was there before"
    add_exported(model, other)
    with pytest.raises(ModelError, match=r"made from weights [0-9a-f]{12}, expected [0-9a-f]{12}; make it anew"):
        StackingPolicy.load(model)


def test_who_lacks_the_exporter_is_told(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert main(["export", str(model)]) == 2
    assert "pip install onnx onnxscript" in capsys.readouterr().err
