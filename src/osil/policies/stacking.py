"""A trained stacking network as a one-shot policy: shown one demonstration, it acts in other scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from typing_extensions import Self

from osil.core import Action, FloatArray, Observation, Prompt
from osil.demonstrations.block_size import BlockScale
from osil.demonstrations.conditioning import Conditioning
from osil.demonstrations.latency import UnderWay, latency_shown
from osil.errors import ConfigError, DemonstrationError
from osil.networks.action_distribution import DISPLACEMENT_SCALE, YAW_SCALE, most_confident
from osil.networks.context_network import Context
from osil.networks.features import ObservationTensors
from osil.networks.frames import pad_frames
from osil.networks.stacking import StackingNetwork, StackingNetworkConfig
from osil.policies.model_folder import read_model, write_model
from osil.policies.shown import Shown
from osil.tasks.blocks import Blocks

FORMAT = "osil.stacking"


@dataclass(frozen=True, eq=False)
class Attention:
    """What the policy looked at when it chose its last action: the mean over the ensemble.

    Attributes:
        blocks: ``[heads, B]`` attention over the blocks by each of the final queries (figure 16).
        moments: ``[readings, T]`` attention over the steps of the demonstration by each head of each LSTM step, in
            order (figure 17), zero at steps that no member was shown.
    """

    blocks: FloatArray
    moments: FloatArray

    @property
    def source(self) -> FloatArray:
        """``[B]`` by the head that is taught which block to move."""
        source: FloatArray = self.blocks[0]
        return source

    @property
    def target(self) -> FloatArray:
        """``[B]`` by the head that is taught which block to put it on."""
        target: FloatArray = self.blocks[1]
        return target

    @property
    def over_time(self) -> FloatArray:
        """``[T]`` by the reading that is taught the present stage."""
        over_time: FloatArray = self.moments[-1]
        return over_time


@dataclass(frozen=True)
class PolicyConfig:
    """Everything but the weights.

    Attributes:
        network: sizes of the network.
        conditioning: how demonstrations are cut down; the same as in training.
        ensemble: downsampled demonstrations whose action distributions are averaged (section 5.2.3).
        draws: downsampled demonstrations that are kept ready. The ensemble is a window of them that moves on by one at
            every action, to and fro: a policy without memory that sees the same scene again is not bound to answer the
            same, so it does not stand still for good. Equal to ``ensemble``: always the same ones, as in the paper.
        anticipate: where the demonstration shows that actions take effect late, answer what will be seen by then.

    Raises:
        ConfigError: fewer draws than members.
    """

    network: StackingNetworkConfig = field(default_factory=StackingNetworkConfig)
    conditioning: Conditioning = field(default_factory=Conditioning)
    ensemble: int = 10
    draws: int = 40
    anticipate: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.ensemble <= self.draws:
            raise ConfigError(f"ensemble {self.ensemble} of {self.draws} draws: expected 1 <= ensemble <= draws")


class StackingPolicy:
    """A stacking network that was shown a demonstration. Acts in one scene, or in a batch of scenes at once.

    Attributes:
        latency: ``[N]`` control steps after which actions take effect, as the demonstrations show; once reset.
    """

    def __init__(self, network: StackingNetwork, config: PolicyConfig, info: dict[str, str] | None = None) -> None:
        self.config = config
        self.info = info or {}
        self.network = network.eval()
        self._context: Context | None = None
        self._shown = Shown(Observation, Action, "blocks")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a model folder, given by path, or a released model by its name in ``models/``.

        Raises:
            ModelError: the folder or a file is missing or damaged, or it holds another kind of model.
        """
        return cls(*read_model(path, FORMAT, PolicyConfig, lambda config: StackingNetwork(config.network)))

    def reset(self, prompt: Prompt[Observation, Action], seed: int = 0) -> None:
        """Take in what to imitate in one live scene. Embeds it; acting is cheap afterwards.

        Args:
            prompt: one demonstration, or a sequence of one: this policy cannot make use of more.
            seed: for the random frames that temporal dropout keeps.

        Raises:
            DemonstrationError: no demonstration of block stacking, several, one in which nothing moves, or numbers that
                cannot be.
            ConfigError: a seed that is none.
        """
        self._reset(self._shown.again([prompt], single=True), [seed])

    def reset_batch(self, prompts: Sequence[Prompt[Observation, Action]], seeds: Sequence[int]) -> None:
        """Take in what to imitate in each of N scenes side by side, all with the same number of blocks.

        Args:
            prompts: N, each as for ``reset``.
            seeds: N. A prompt and its seed give the same frames whatever else is in the batch.

        Raises:
            DemonstrationError: as for ``reset``; or block counts that differ.
            ConfigError: a seed that is none, or another number of seeds than of prompts.
        """
        self._reset(self._shown.again(prompts, single=False), seeds)

    @torch.inference_mode()
    def _reset(self, asked: Shown[Observation, Action], seeds: Sequence[int]) -> None:
        shown = asked.demonstrations
        _check_seeds(seeds, len(shown))
        for one in shown:
            check_motion(one.observations)
        drawn = [
            (one.observations, np.random.default_rng(own), Blocks.shown(one.observations))
            for one, own in zip(shown, seeds, strict=True)
        ]
        kept = [[self.config.conditioning.frames(*one) for one in drawn] for _ in range(self.config.draws)]
        scale = BlockScale.of([one.observations for one in shown])
        seen = [scale[n].shrink(one.observations) for n, one in enumerate(shown)]
        frames = [one[steps] for draw in kept for one, steps in zip(seen, draw, strict=True)]
        self._kept_steps, self._length = [draw[0] for draw in kept], len(shown[0])
        self._memory = self.network.remember(*pad_frames(frames))
        self._shown, self._scale = asked, scale
        self.latency = np.array([latency_shown(one) if self.config.anticipate else 0 for one in shown])
        self._under_way = UnderWay(self.latency)
        self._before = torch.zeros(len(asked), 3)
        self._acted = 0
        self._context = None

    @torch.inference_mode()
    def act(self, observation: Observation) -> Action:
        """The most confident action of the averaged ensemble.

        Args:
            observation: leading dimensions none after ``reset``, ``[N]`` after ``reset_batch``.

        Raises:
            ObservationError: no observation of block stacking, blocks further away or fingers further apart than can
                be, other blocks than in the demonstration, or ``reset`` was not called.
        """
        members = self.config.ensemble
        scenes = len(self._shown)
        seen = self._shown.batch(observation)
        present = ObservationTensors.from_numpy(self._under_way.anticipate(self._scale.shrink(seen))[:, None])
        self._first = self._first_member()
        window = slice(self._first * scenes, (self._first + members) * scenes)
        output = self.network(self._memory.select(window), present)
        self._acted += 1
        self._context = output.context
        motion, close = most_confident(output.actions, members, self._before)
        self._before = torch.as_tensor(motion[:, :3], dtype=torch.float32)
        yaw_step = motion[:, 3] * YAW_SCALE * self.config.network.yaw
        action = Action(motion[:, :3] * DISPLACEMENT_SCALE, close, yaw_step)
        self._under_way.add(action)
        action = self._scale.grow(action)
        return action[0] if self._shown.single else action

    def _first_member(self) -> int:
        """Where the window of draws begins: 0, 1, 2 ... and back again."""
        last = self.config.draws - self.config.ensemble
        return last - abs(last - self._acted % (2 * last)) if last else 0

    @property
    def attention(self) -> Attention | None:
        """What the last action looked at; None before the first one, and in a batch."""
        context = self._context
        if context is None or not self._shown.single:
            return None
        members = self.config.ensemble
        blocks = context.block_logits[:, 0].softmax(-1).mean(0).numpy(force=True)
        weights = context.time_weights[:, 0].float().numpy(force=True) / members
        moments = np.zeros((weights.shape[1], self._length))
        for kept, shares in zip(self._kept_steps[self._first : self._first + members], weights, strict=True):
            moments[:, kept] += shares[:, : len(kept)]
        return Attention(blocks, moments)


def check_motion(observations: Observation) -> None:
    """Raise DemonstrationError unless the fingers and the gripper moved."""
    fingers = np.ptp(observations.gripper_opening)
    travel = np.ptp(observations.block_positions, axis=0).max()
    if fingers < 0.005 or travel < 0.02:
        raise DemonstrationError(
            f"nothing happens in this demonstration: the fingers moved {fingers:.3f} m and the gripper at most "
            f"{travel:.3f} m; expected a grasp and a motion, record it again"
        )


def save_policy(path: str | Path, network: StackingNetwork, config: PolicyConfig, **about: Any) -> None:
    """Write a model folder, with ``about`` under the key ``about`` of its config."""
    write_model(path, FORMAT, network, config, **about)


def _check_seeds(seeds: Sequence[int], count: int) -> None:
    """Raise ConfigError unless there is a seed for each of ``count`` scenes."""
    try:
        found = np.asarray(seeds)
    except ValueError:  # lists of different lengths
        found = np.array(None)
    if found.dtype.kind not in "iu" or found.shape != (count,) or (found < 0).any():
        raise ConfigError(f"seeds {seeds!r}: expected whole numbers from 0 on, as many as scenes, which are {count}")
