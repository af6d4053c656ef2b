"""Training learns, goes on where it stopped, and refuses settings that it does not know."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from osil.data.pair_pool import SamplingConfig, reorder
from osil.data.pair_source import PairSource
from osil.demonstrations.conditioning import Conditioning
from osil.errors import ConfigError, ObservationError
from osil.networks.stacking import StackingNetwork, StackingNetworkConfig
from osil.policies.stacking import PolicyConfig, StackingPolicy
from osil.robots.robot import load_robot
from osil.settings import from_yaml
from osil.tasks.block_stacking import StackingTask
from osil.tasks.splits import load_tasks
from osil.training.behavioral_cloning import BehavioralCloning
from osil.training.data_processes import data_processes
from osil.training.stacking import StackingTraining, run, step_folder

FETCH = load_robot("fetch")

ROOT = Path(__file__).parents[2]
SMALL = SamplingConfig(demonstrations=4, observations=16, pool_tasks=8, queries=2, pools=2)


def test_one_batch_is_learned_by_heart():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    batch = PairSource([StackingTask.parse("ab +c")], Conditioning(), rng, FETCH, SMALL).batch()
    objective = BehavioralCloning(StackingNetwork(StackingNetworkConfig(dim=32, hidden=64)))
    optimizer = torch.optim.AdamW(objective.parameters(), lr=3e-3)
    losses = []
    for _ in range(80):
        loss, _ = objective(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 4.0  # nats


def test_a_step_happens_where_the_network_is():
    """As on a GPU: whatever is made on the way lies on the default device."""
    batch = PairSource([StackingTask.parse("ab +c")], Conditioning(), np.random.default_rng(0), FETCH, SMALL).batch()
    with torch.device("meta"):
        loss, _ = BehavioralCloning(StackingNetwork(StackingNetworkConfig(dim=32, hidden=64)))(batch)
    assert loss.device.type == "meta"


def test_the_learner_drives_and_the_expert_labels():
    rng = np.random.default_rng(1)
    config = PolicyConfig(network=StackingNetworkConfig(dim=16, hidden=32), ensemble=1, draws=1)
    learner = StackingPolicy(StackingNetwork(config.network), config)
    source = PairSource(
        [StackingTask.parse("ab")],
        Conditioning(),
        rng,
        FETCH,
        replace(SMALL, first_batches=0, dagger_share=1.0, dagger_after=0, dagger_steps=40),
        learner=lambda: learner,
    )
    for _ in range(8):
        batch = source.batch()
    assert batch.observations.leading_shape == (4, 16)
    with pytest.raises(ObservationError, match="leading shape"):  # it was shown the pool's demonstrations
        learner.act(batch.observations[0, 0])


def test_a_run_leaves_a_model_and_goes_on_where_it_stopped(tmp_path):
    settings = tmp_path / "run.yaml"
    text = """
max_blocks: 3
policy: {network: {dim: 16, hidden: 32}, ensemble: 2}
sampling: {demonstrations: 2, observations: 8, pool_tasks: 4, queries: 1, pools: 1, refresh: 50}
validation_episodes: 2
workers: 0
"""
    settings.write_text(text + "loop: {steps: 4, validate_every: 2, log_every: 1}\n")
    run(from_yaml(StackingTraining, settings), tmp_path / "out")
    settings.write_text(text + "loop: {steps: 6, validate_every: 2, log_every: 1}\n")
    run(from_yaml(StackingTraining, settings), tmp_path / "out", resume=True)
    curve = [json.loads(line) for line in (tmp_path / "out" / "learning_curve.jsonl").read_text().splitlines()]
    assert [line["step"] for line in curve] == [2, 4, 6]
    assert all(0.0 <= line["success"] <= 1.0 for line in curve)
    assert StackingPolicy.load(tmp_path / "out").config.ensemble == 2
    kept = StackingPolicy.load(step_folder(tmp_path / "out", 2))
    assert kept.info["digest"] != StackingPolicy.load(step_folder(tmp_path / "out", 6)).info["digest"]


WITHOUT_SHM = ["unshare", "--map-root-user", "--mount", "sh", "-c", 'mount -t tmpfs -o ro none /dev/shm && exec "$@"']
"""Runs what follows where nothing can be put into /dev/shm, as in some containers."""


@pytest.mark.skipif(
    not shutil.which("unshare") or subprocess.run([*WITHOUT_SHM, "sh", "true"]).returncode != 0,
    reason="needs unshare and the right to use it",
)
def test_without_shared_memory_a_run_makes_its_data_itself_and_says_so(tmp_path):
    settings = tmp_path / "run.yaml"
    settings.write_text("""
max_blocks: 2
policy: {network: {dim: 8, hidden: 16}, ensemble: 1, draws: 1}
sampling: {demonstrations: 2, observations: 4, pool_tasks: 3, queries: 1, pools: 1}
loop: {steps: 2, validate_every: 2, precision: fp32}
validation_episodes: 1
workers: 1
""")
    command = [sys.executable, "-m", "osil.cli", "train", str(settings), "--output", str(tmp_path / "model")]
    done = subprocess.run([*WITHOUT_SHM, "sh", *command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("allows no worker processes") == 1
    StackingPolicy.load(tmp_path / "model")


def test_where_pools_are_made_makes_no_difference():
    """A process of its own gives the same batches, DAGGER's among them."""
    config = PolicyConfig(network=StackingNetworkConfig(dim=16, hidden=32), ensemble=1, draws=1)
    network = StackingNetwork(config.network)
    sampling = replace(SMALL, first_batches=0, refresh=3, dagger_share=0.5, dagger_after=0, dagger_steps=40)

    def batches(executor: Executor | None) -> list[np.ndarray]:
        source = PairSource(
            [StackingTask.parse("ab")],
            Conditioning(),
            np.random.default_rng(0),
            FETCH,
            sampling,
            learner=lambda: StackingPolicy(network, config),
            executor=executor,
        )
        return [source.batch().labels.displacement for _ in range(7)]

    with data_processes(1, 1) as executor:
        for here, there in zip(batches(None), batches(executor), strict=True):
            np.testing.assert_allclose(here, there, atol=1e-6)


def test_unknown_settings_are_refused(tmp_path):
    settings = tmp_path / "run.yaml"
    settings.write_text("learning_rat: 1\n")
    with pytest.raises(ConfigError, match="learning_rat"):
        from_yaml(StackingTraining, settings)


@pytest.mark.parametrize("path", sorted((ROOT / "config" / "training").glob("stacking*.yaml")), ids=lambda p: p.stem)
def test_the_shipped_settings_are_valid(path):
    from_yaml(StackingTraining, path)


@pytest.mark.parametrize("interleave", [False, True])
def test_another_order_builds_the_same_layout(interleave):
    rng = np.random.default_rng(2)
    for task in load_tasks("train"):
        assert reorder(task, interleave, rng).below == task.below
