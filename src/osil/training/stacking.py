"""Train a one-shot stacking policy: ``osil train CONFIG --output DIR``."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from osil.data.pair_pool import SamplingConfig
from osil.data.pair_source import PairSource
from osil.experts.noise import NoiseConfig
from osil.networks.stacking import StackingNetwork
from osil.policies.stacking import PolicyConfig, StackingPolicy, save_policy
from osil.robots.robot import load_robot
from osil.seeds import generator
from osil.settings import check_at_least
from osil.tasks.splits import load_tasks
from osil.training.behavioral_cloning import BehavioralCloning
from osil.training.data_processes import data_processes
from osil.training.loop import LoopConfig, Metrics, train
from osil.training.optimization import OptimizationConfig
from osil.training.processes import together
from osil.training.run_folder import RunFolder, resumable, steps_done
from osil.training.validation import kinematic_success
from osil.workers import within_cores


@dataclass(frozen=True)
class StackingTraining:
    """A training run of block stacking, as a file in ``config/training`` describes it.

    Attributes:
        robot: whose reach, limits and hand the training data are made with; a name in ``config/robots``.
        max_blocks: training tasks have at most this many blocks.
        tasks: there are so many of them, evenly over their list; None: all.
        seed: of data and weights.
        threads: threads of torch; no more than there are cores.
        workers: processes, no more than cores, that make training data and validate beside the one that learns; 0: it
            does so itself. The result is the same.
        initial: model folder to start from, or None.
        taught_attention: whether some of the attention is taught what to look at (``BehavioralCloning``).
        validation_episodes: episodes of training tasks in new scenes by which progress is judged.
    """

    policy: PolicyConfig = field(default_factory=PolicyConfig)
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    noise: NoiseConfig = field(default_factory=NoiseConfig)
    optimization: OptimizationConfig = field(default_factory=OptimizationConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)
    robot: str = "fetch"
    max_blocks: int = 10
    tasks: int | None = None
    seed: int = 0
    threads: int = 1
    workers: int = 1
    initial: str | None = None
    taught_attention: bool = True
    validation_episodes: int = 64

    def __post_init__(self) -> None:
        check_at_least(self, max_blocks=2, seed=0, threads=1, workers=0, validation_episodes=1)
        if self.tasks is not None:
            check_at_least(self, tasks=1)


def step_folder(folder: Path, step: int) -> Path:
    """Where a run keeps the model that it had after ``step`` steps, for curves over time."""
    return folder / "steps" / f"{step:06}"


def run(config: StackingTraining, folder: Path, resume: bool = False) -> None:
    """Train, and leave in ``folder`` the model, its checkpoint, its learning curve and the models on the way.

    Under torchrun the processes train one network together, each on batches of its own.

    Args:
        config: what to learn, and how.
        folder: for this run alone.
        resume: go on from the checkpoint in ``folder``. The batches that follow are not those that a run without the
            interruption would have drawn.

    Raises:
        ConfigError: the folder holds another run already; or, to resume, no run or one with other settings.
        ModelError: the checkpoint is damaged.
    """
    torch.set_num_threads(within_cores(config.threads))
    with together() as rank:
        _run(config, RunFolder(folder, asdict(config), resume), rank)


def finish(config: StackingTraining, folder: Path) -> None:
    """``run`` what is missing in ``folder``, which is nothing, all of it, or what is left of a run that was stopped."""
    if steps_done(folder) < config.loop.steps:
        run(config, folder, resume=resumable(folder))


def _run(config: StackingTraining, folder: RunFolder, rank: int) -> None:
    torch.manual_seed(config.seed)
    network = StackingNetwork(config.policy.network)
    if config.initial:
        network.load_state_dict(StackingPolicy.load(config.initial).network.state_dict())
    tasks = load_tasks("train", config.max_blocks)
    if config.tasks:
        places = np.linspace(0, len(tasks) - 1, config.tasks).round().astype(int)
        tasks = tuple(tasks[place] for place in np.unique(places))
    # One member, always the same, is weaker than the ensemble, at a tenth of the cost. What it does where actions come
    # late is what it has to learn, and what it is shown may come from another arm.
    single = replace(config.policy, ensemble=1, draws=1, anticipate=False)
    robot = load_robot(config.robot).at_table(config.sampling.arrangement if config.policy.network.yaw else "parallel")

    def learner() -> StackingPolicy:
        return StackingPolicy(deepcopy(network).cpu(), single)

    with data_processes(config.workers, within_cores(config.threads)) as executor:

        def validate(step: int) -> Metrics:
            for path in (folder.path, step_folder(folder.path, step)):
                save_policy(path, network, config.policy, seed=config.seed, max_blocks=config.max_blocks)
            rng = generator("train", config.seed, 1)
            success = kinematic_success(learner(), tasks, config.validation_episodes, rng, robot, executor)
            return {"success": success}

        source = PairSource(
            tasks,
            config.policy.conditioning,
            # Neither another process nor a run that goes on sees the same batches.
            generator("train", config.seed, 0, folder.start, rank),
            robot,
            config.sampling,
            config.noise,
            learner,
            folder.start,
            executor,
        )
        taught = {} if config.taught_attention else {"block_weight": 0.0, "moment_weight": 0.0}
        train(BehavioralCloning(network, **taught), source.batch, config.loop, config.optimization, folder, validate)
