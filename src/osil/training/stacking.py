"""Train a one-shot stacking policy: ``osil train CONFIG --output DIR``."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from multiprocessing import active_children, get_context, resource_tracker
from pathlib import Path

import torch
from tqdm import tqdm

from osil.data.pair_pool import SamplingConfig
from osil.data.pair_source import PairSource
from osil.experts.noise import NoiseConfig
from osil.lifeline import end_with
from osil.networks.stacking import StackingNetwork
from osil.policies.stacking import PolicyConfig, StackingPolicy, save_policy
from osil.robots.robot import load_robot
from osil.seeds import generator
from osil.settings import check_at_least
from osil.tasks.splits import load_tasks
from osil.training.behavioral_cloning import BehavioralCloning
from osil.training.loop import LoopConfig, Metrics, train
from osil.training.optimization import OptimizationConfig
from osil.training.processes import together
from osil.training.run_folder import RunFolder
from osil.training.validation import kinematic_success
from osil.workers import within_cores


@dataclass(frozen=True)
class StackingTraining:
    """A training run of block stacking, as a file in ``config/training`` describes it.

    Attributes:
        robot: whose reach, limits and hand the training data are made with; a name in ``config/robots``.
        max_blocks: training tasks have at most this many blocks.
        seed: of data and weights.
        threads: threads of torch; no more than there are cores.
        workers: processes, no more than cores, that make training data and validate beside the one that learns; 0: it
            does so itself. The result is the same.
        initial: model folder to start from, or None.
        validation_episodes: episodes of training tasks in new scenes by which progress is judged.
    """

    policy: PolicyConfig = field(default_factory=PolicyConfig)
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    noise: NoiseConfig = field(default_factory=NoiseConfig)
    optimization: OptimizationConfig = field(default_factory=OptimizationConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)
    robot: str = "fetch"
    max_blocks: int = 10
    seed: int = 0
    threads: int = 1
    workers: int = 1
    initial: str | None = None
    validation_episodes: int = 64

    def __post_init__(self) -> None:
        check_at_least(self, max_blocks=2, seed=0, threads=1, workers=0, validation_episodes=1)


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


def _run(config: StackingTraining, folder: RunFolder, rank: int) -> None:
    torch.manual_seed(config.seed)
    network = StackingNetwork(config.policy.network)
    if config.initial:
        network.load_state_dict(StackingPolicy.load(config.initial).network.state_dict())
    tasks = load_tasks("train", config.max_blocks)
    # One member, always the same, is weaker than the ensemble, at a tenth of the cost. What it does where actions come
    # late is what it has to learn, and what it is shown may come from another arm.
    single = replace(config.policy, ensemble=1, draws=1, anticipate=False)
    robot = load_robot(config.robot).at_table(config.sampling.arrangement if config.policy.network.yaw else "parallel")

    def learner() -> StackingPolicy:
        return StackingPolicy(deepcopy(network).cpu(), single)

    with _workers(config) as executor:

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
        train(BehavioralCloning(network), source.batch, config.loop, config.optimization, folder, validate)


def _begin_worker(parent: int, threads: int) -> None:
    end_with(parent)  # which may be killed: then nobody would ever tell this one to end
    torch.set_num_threads(threads)


@contextmanager
def _workers(config: StackingTraining) -> Iterator[ProcessPoolExecutor | None]:
    """Fresh processes: what torch has begun in this one does not survive a fork. None where the machine allows none.

    Ctrl-C in a terminal goes to all processes. These are deaf to it, and are ended by the one that trains.
    """
    if not config.workers:
        yield None
        return
    resource_tracker.ensure_running()  # first, because its start makes SIGINT heard again
    others = active_children()
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # what is begun now inherits it
    try:
        executor = ProcessPoolExecutor(
            within_cores(config.workers),
            get_context("spawn"),
            initializer=_begin_worker,
            initargs=(os.getpid(), within_cores(config.threads)),
        )
        executor.submit(int)
    except (OSError, NotImplementedError) as error:
        tqdm.write(f"this machine allows no worker processes ({error}), so training data are made in between")
        executor = None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)
    with executor or nullcontext():
        try:
            yield executor
        except BaseException:
            for child in active_children():  # nobody wants what they make any more, which may take long
                if child not in others:
                    child.terminate()
            raise
