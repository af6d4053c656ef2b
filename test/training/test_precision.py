"""A run computes with what the machine can do, and does well: tried, not looked up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from osil.training.precision import choose

AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "DNNL_MAX_CPU_ISA": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
"""Makes a processor as good as most laptops: no bf16 for an LSTM, and elsewhere by detours."""

TRAINING = """
import sys
from pathlib import Path
from osil.data.reaching_pairs import ReachingSampling
from osil.networks.reaching import ReachingNetworkConfig
from osil.training.loop import LoopConfig
from osil.training.reaching import ReachingTraining, run

recipe = ReachingTraining(
    {"lstm": ReachingNetworkConfig(), "final_state": ReachingNetworkConfig("final_state")},
    ReachingSampling(trajectories=64, demonstrations=8, observations=8, frames=4),
    loop=LoopConfig(steps=2, validate_every=1, precision="bf16"),
    configurations=4,
)
run(recipe, sys.argv[1], 4, Path(sys.argv[2]))
"""


@pytest.mark.parametrize(
    ("architecture", "reason"),
    [
        ("lstm", "this machine has no bf16 for this network (could not create a primitive"),
        ("final_state", "with bf16 a step takes"),
    ],
)
def test_a_processor_without_bf16_trains_too_and_it_is_said_once(
    architecture: str, reason: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", TRAINING, architecture, str(tmp_path)]
    done = subprocess.run(command, env=os.environ | AVX2, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (done.stdout + done.stderr).count(reason) == 1
    assert done.stdout.count("so fp32 is used") == 1
    curve = [json.loads(line) for line in (tmp_path / "learning_curve.jsonl").read_text().splitlines()]
    assert [line["step"] for line in curve] == [1, 2]


class Layer(nn.Module):
    """A small objective, with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))

    def forward(self, batch: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        return self.layers(batch).float().square().mean(), {}


def test_trying_leaves_no_trace() -> None:
    torch.manual_seed(0)
    objective, batch = Layer(), torch.ones(3, 4)
    before = {name: weights.clone() for name, weights in objective.state_dict().items()}
    random = torch.random.get_rng_state()
    choose("bf16", objective, batch)
    assert torch.equal(torch.random.get_rng_state(), random)
    assert all(weights.grad is None for weights in objective.parameters())
    assert all(torch.equal(before[name], weights) for name, weights in objective.state_dict().items())


class Broken(Layer):
    """Fails whatever the precision."""

    def forward(self, batch: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        return self.layers(batch[:, :3]).mean(), {}


def test_another_mistake_is_not_taken_for_a_missing_bf16() -> None:
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        choose("bf16", Broken(), torch.ones(3, 4))
