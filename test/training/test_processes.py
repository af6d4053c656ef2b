"""Two processes train one network, as torchrun starts them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import torch

from osil.policies.stacking import StackingPolicy

SETTINGS = """
max_blocks: 3
policy: {network: {dim: 16, hidden: 32}, ensemble: 2, draws: 2}
sampling: {demonstrations: 2, observations: 8, pool_tasks: 4, queries: 1, pools: 1}
loop: {steps: 4, validate_every: 2, log_every: 1}
validation_episodes: 2
workers: 0
"""

WATCHED = """
import os, sys, torch
from osil.cli import main
from osil.training.behavioral_cloning import BehavioralCloning

seen = []

def watch(module, inputs):
    if isinstance(module, BehavioralCloning):
        seen.append((module, inputs[0]))

torch.nn.modules.module.register_module_forward_pre_hook(watch)
status = main(sys.argv[2:])
state = {"weights": seen[-1][0].state_dict(), "labels": [torch.from_numpy(b.labels.displacement) for _, b in seen]}
torch.save(state, f"{sys.argv[1]}/{os.environ['RANK']}.pt")
sys.exit(status)
"""
"""The command `osil`, with a look at the weights in the end and at the batches of each process."""


def test_two_processes_train_one_network_on_batches_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(SETTINGS)
    (tmp_path / "watched.py").write_text(WATCHED)
    model = tmp_path / "model"
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [tmp_path / "watched.py", tmp_path, "train", tmp_path / "run.yaml", "--output", model]
    done = subprocess.run([*torchrun, *map(str, command)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr

    one, other = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    assert len(one["labels"]) == len(other["labels"]) == 4
    for mine, its in zip(one["labels"], other["labels"], strict=True):
        assert mine.shape != its.shape or not torch.equal(mine, its), "each process draws batches of its own"
    for name, weights in one["weights"].items():
        assert torch.equal(weights, other["weights"][name]), f"{name} differs"
    saved = StackingPolicy.load(model).network.state_dict()
    assert all(torch.equal(saved[name], one["weights"][f"network.{name}"]) for name in saved)
    assert len((model / "learning_curve.jsonl").read_text().splitlines()) == 2, "only one process writes"
    assert len(list(model.glob("events.*"))) == 1
