"""Train a one-shot reaching policy. One recipe serves all three architectures."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from osil.data.reaching import Trajectories, collect
from osil.data.reaching_pairs import FixedPairs, FreshPairs, ReachingBatch, ReachingSampling
from osil.errors import ConfigError
from osil.evaluation.reaching import seen_success, success
from osil.networks.reaching import ReachingNetwork, ReachingNetworkConfig, ReachingTensors, force_tensor
from osil.policies.reaching import ReachingPolicy, ReachingPolicyConfig, save_reaching_policy
from osil.seeds import generator
from osil.settings import check_at_least
from osil.tasks.particle_reaching import Arena
from osil.training.loop import LoopConfig, Metrics, train
from osil.training.optimization import OptimizationConfig
from osil.training.run_folder import RunFolder
from osil.workers import within_cores

_DATA, _BATCHES, _VALIDATION = range(3)
"""First part of the random key, so that the uses of randomness are independent."""


@dataclass(frozen=True)
class ReachingTraining:
    """A recipe for particle reaching, as a file in ``config/training`` describes it.

    Attributes:
        architectures: the networks to which the recipe applies, by name. Their ``num_landmarks`` is set by the run.
        sampling: what is learned from.
        configurations: episodes by which progress is judged (100 in the paper).
        patience: training ends early after so many perfect validations in a row. 0: never.
        seed: of data and weights.
        threads: threads of torch; no more than there are cores.
    """

    architectures: dict[str, ReachingNetworkConfig]
    sampling: ReachingSampling = field(default_factory=ReachingSampling)
    optimization: OptimizationConfig = field(default_factory=OptimizationConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)
    configurations: int = 100
    patience: int = 0
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        check_at_least(self, configurations=1, patience=0, seed=0, threads=1)

    def policy_config(self, architecture: str, num_landmarks: int) -> ReachingPolicyConfig:
        """The policy that comes out of a run. Raises ConfigError at an unknown architecture."""
        if architecture not in self.architectures:
            raise ConfigError(f"architecture {architecture!r}: expected one of {sorted(self.architectures)}")
        network = replace(self.architectures[architecture], num_landmarks=num_landmarks)
        return ReachingPolicyConfig(network, self.sampling.frames)


class ForceRegression(nn.Module):
    """Mean squared error of the force: "an l2 ... loss" where actions are continuous (section 3.3)."""

    def __init__(self, network: ReachingNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: ReachingBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a batch, and nothing else to log."""
        memory = self.network.remember(ReachingTensors.from_numpy(batch.frames), force_tensor(batch.forces))
        force = self.network(memory, ReachingTensors.from_numpy(batch.states)).force
        return nn.functional.mse_loss(force.float(), force_tensor(batch.labels)), {}


def source_for(
    config: ReachingTraining, num_landmarks: int, start: int = 0
) -> tuple[FixedPairs | FreshPairs, Trajectories | None]:
    """Where batches come from, and the training set if there is a fixed one, the same for every architecture.

    A run that goes on at step ``start`` does not see its first batches again.
    """
    rng = generator("train", config.seed, _BATCHES, num_landmarks, start)
    if not config.sampling.trajectories:
        return FreshPairs(num_landmarks, config.sampling, rng), None
    data = collect(config.sampling.trajectories, num_landmarks, generator("train", config.seed, _DATA, num_landmarks))
    return FixedPairs(data, config.sampling, rng), data


def run(config: ReachingTraining, architecture: str, num_landmarks: int, folder: Path, resume: bool = False) -> None:
    """Train, and leave in ``folder`` the model, its checkpoint and its learning curve.

    The curve holds ``train`` and ``test``: success on demonstrations and starts seen in training (of a fixed training
    set), and on new ones, as in the paper's figures 8 and 14. New ones come from the training stream all the same, so
    that later judgement, from the test stream, is of scenes that had no part in the making.

    Arguments and errors as for ``osil.training.stacking.run``, and a ConfigError at an unknown architecture.
    """
    settings = {**asdict(config), "architecture": architecture, "num_landmarks": num_landmarks}
    run_folder = RunFolder(folder, settings, resume)
    torch.set_num_threads(within_cores(config.threads))
    torch.manual_seed(config.seed)
    policy_config = config.policy_config(architecture, num_landmarks)
    network = ReachingNetwork(policy_config.network)
    policy = ReachingPolicy(network, policy_config)
    source, data = source_for(config, num_landmarks, run_folder.start)
    fresh = generator("train", config.seed, _VALIDATION, num_landmarks)
    unseen = collect(config.configurations, num_landmarks, fresh)
    scenes = Arena().random_scenes(config.configurations, num_landmarks, fresh)
    perfect = 0

    def validate(_: int) -> Metrics:
        nonlocal perfect
        save_reaching_policy(folder, network, policy_config, architecture=architecture, seed=config.seed)
        network.eval()
        metrics = {"test": float(success(policy, unseen, scenes).mean())}
        if data is not None:
            metrics["train"] = float(seen_success(policy, data, config.configurations, fresh).mean())
        network.train()
        perfect = perfect + 1 if all(value == 1.0 for value in metrics.values()) else 0
        return metrics

    def converged() -> bool:
        return 0 < config.patience <= perfect

    network.train()
    train(ForceRegression(network), source.batch, config.loop, config.optimization, run_folder, validate, converged)
