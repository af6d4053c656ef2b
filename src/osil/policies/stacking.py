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
from osil.demonstrations.block_scale import BlockScale
from osil.demonstrations.conditioning import Conditioning
from osil.demonstrations.fitness import check_fit
from osil.demonstrations.latency import LatencyMeter, UnderWay, latency_shown
from osil.errors import ConfigError
from osil.geometry import clip_norm
from osil.networks.context_network import PRESENT_STAGE, SOURCE_HEAD, TARGET_HEAD, Context
from osil.networks.features import ObservationTensors, pad_frames
from osil.networks.manipulation_network import (
    DISPLACEMENT,
    DISPLACEMENT_SCALE,
    MOTION,
    YAW_SCALE,
    YAW_STEP,
    ActionDistribution,
    by_chance,
    most_confident,
    pooled,
)
from osil.networks.stacking import StackingNetwork, StackingNetworkConfig
from osil.policies.exported_network import ExportedNetwork
from osil.policies.model_folder import find_model, read_model, write_model
from osil.policies.patience import Patience
from osil.policies.shown import Shown
from osil.policies.understanding import UnderstoodStage, check_sure, stages
from osil.tasks.blocks import Blocks, in_fingers

FORMAT = "osil.stacking"

MOMENTS = 200
"""At so many moments of a demonstration the policy says what it sees, evenly over its steps."""


LONGEST = 2.0
"""No action is larger (in units of the network: 50 mm, 0.16 rad), whatever is seen: twice what it has learned from."""


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
        source: FloatArray = self.blocks[SOURCE_HEAD]
        return source

    @property
    def target(self) -> FloatArray:
        """``[B]`` by the head that is taught which block to put it on."""
        target: FloatArray = self.blocks[TARGET_HEAD]
        return target

    @property
    def over_time(self) -> FloatArray:
        """``[T]`` by the reading that is taught the present stage."""
        over_time: FloatArray = self.moments[PRESENT_STAGE]
        return over_time


@dataclass(frozen=True)
class PolicyConfig:
    """Everything but the weights.

    Attributes:
        network: sizes of the network.
        conditioning: how demonstrations are cut down; the same as in training.
        ensemble: downsampled demonstrations whose action distributions are averaged (section 5.2.3).
        draws: downsampled demonstrations that are kept ready. The ensemble is a window of them that moves on by one at
            every action, to and fro. So where nothing has changed the answer may still change, and a policy without
            memory does not stand still for good. Equal to ``ensemble``: always the same ones, as in the paper.
        anticipate: where actions take effect late, answer what will be seen by then.
        least_confidence: ``reset`` refuses a demonstration if the policy is less sure than this of a stage that it sees
            there. 0: it takes all.

    Raises:
        ConfigError: fewer draws than members, or a confidence that is none.
    """

    network: StackingNetworkConfig = field(default_factory=StackingNetworkConfig)
    conditioning: Conditioning = field(default_factory=Conditioning)
    ensemble: int = 10
    draws: int = 40
    anticipate: bool = True
    least_confidence: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.ensemble <= self.draws:
            raise ConfigError(f"ensemble {self.ensemble} of {self.draws} draws: expected 1 <= ensemble <= draws")
        if not 0.0 <= self.least_confidence < 1.0:
            raise ConfigError(f"least_confidence {self.least_confidence}: expected 0 or more, and less than 1")


class StackingPolicy:
    """A stacking network that was shown a demonstration. Acts in one scene, or in a batch of scenes at once."""

    def __init__(
        self,
        network: StackingNetwork,
        config: PolicyConfig,
        info: dict[str, str] | None = None,
        exported: ExportedNetwork | None = None,
    ) -> None:
        self.config = config
        self.info = info or {}
        self.network = network.eval()
        self._exported = exported
        self._context: Context | None = None
        self._shown = Shown(Observation, Action, "blocks")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a model folder, given by path, or a released model by its name in ``models/``.

        Raises:
            ModelError: the folder or a file is missing or damaged, or it holds another kind of model.
        """
        network, config, info = read_model(path, FORMAT, PolicyConfig, lambda config: StackingNetwork(config.network))
        return cls(network, config, info, ExportedNetwork.beside(find_model(path), info["digest"]))

    def reset(self, prompt: Prompt[Observation, Action], seed: int = 0) -> None:
        """Take in what to imitate in one live scene. Embeds it; acting is cheap afterwards.

        Args:
            prompt: one demonstration, or a sequence of one: this policy cannot make use of more.
            seed: for the random frames that temporal dropout keeps.

        Raises:
            DemonstrationError: no demonstration of block stacking, several, one in which nothing moves, numbers that
                cannot be, or one that the policy does not surely understand.
            ConfigError: a seed that is none.
        """
        self._reset(self._shown.again([prompt], single=True), [seed])
        if self.config.least_confidence:
            check_sure(self.understood, self.config.least_confidence)

    def reset_batch(self, prompts: Sequence[Prompt[Observation, Action]], seeds: Sequence[int]) -> None:
        """Take in what to imitate in each of N scenes side by side, all with the same number of blocks, sure or not.

        Args:
            prompts: N, each as for ``reset``. Scenes that are all given the same object share what is made of it.
            seeds: N. A prompt and its seed give the same frames whatever else is in the batch.

        Raises:
            DemonstrationError: as for ``reset``; or block counts that differ.
            ConfigError: a seed that is none, or another number of seeds than of prompts.
        """
        self._reset(self._shown.again(prompts, single=False), seeds)

    @torch.inference_mode()
    def _reset(self, asked: Shown[Observation, Action], seeds: Sequence[int]) -> None:
        scenes = len(asked)
        _check_seeds(seeds, scenes)
        shared = scenes > 1 and len({id(one) for one in asked.demonstrations}) == len(set(seeds)) == 1
        shown = asked.demonstrations[: 1 if shared else scenes]
        for one in shown:
            check_fit(one)
        scale = BlockScale.of([one.observations for one in shown])
        late = [latency_shown(one) if self.config.anticipate else 0 for one in shown]
        drawn = [
            (one.observations, np.random.default_rng(own), Blocks(float(size)))
            for one, own, size in zip(shown, seeds[: len(shown)], scale.size, strict=True)
        ]
        kept = [[self.config.conditioning.frames(*one) for one in drawn] for _ in range(self.config.draws)]
        seen = [scale[n].shrink(one.observations) for n, one in enumerate(shown)]
        frames = [one[steps] for draw in kept for one, steps in zip(seen, draw, strict=True)]
        self._kept_steps, self._length = [draw[0] for draw in kept], len(shown[0])
        self._memory = self.network.remember(*pad_frames(frames))
        of = np.zeros(scenes, dtype=int) if shared else np.arange(scenes)  # which of them each scene was shown
        self._shown, self._different, self._scale = asked, len(shown), scale[of]
        self._meter, self._under_way = LatencyMeter(np.array(late)[of]), UnderWay()
        self._before = torch.zeros(scenes, MOTION)
        self._patience = Patience(seeds)
        self._acted = 0
        self._context = None
        self._understood: tuple[UnderstoodStage, ...] | None = None

    @torch.inference_mode()
    def act(self, observation: Observation) -> Action:
        """The most confident action of the averaged ensemble.

        Args:
            observation: leading dimensions none after ``reset``, ``[N]`` after ``reset_batch``.

        Raises:
            ObservationError: no observation of block stacking, blocks further away or fingers further apart than can
                be, other blocks than in the demonstration, or ``reset`` was not called.
        """
        seen = self._shown.batch(observation)
        seen = now = self._scale.shrink(seen)
        if self.config.anticipate:
            self._meter.look(seen)
            seen = self._under_way.anticipate(seen, self._meter.latency, self._meter.share)
        members, different = self.config.ensemble, self._different
        present = ObservationTensors.from_numpy(seen.map(lambda array: array.reshape(different, -1, *array.shape[1:])))
        self._first = self._first_member()
        window = slice(self._first * different, (self._first + members) * different)
        network = self._exported if self._exported and len(self._before) == 1 else self.network
        output = network(self._memory.select(window), present)
        self._acted += 1
        self._context = output.context
        motion, close = most_confident(output.actions, members, self._before)
        for row in np.flatnonzero(self._patience.lost(now)):
            mixture = ActionDistribution(*(one[row] for one in pooled(output.actions, members)))
            way, chance = self._patience.way[row], self._patience.chance[row]
            motion[row], close[row] = by_chance(mixture, way, self._before[row], chance)
        displacement = clip_norm(motion[:, DISPLACEMENT], LONGEST)
        yaw_step = np.clip(motion[:, YAW_STEP], -LONGEST, LONGEST) * self.config.network.yaw
        self._before = torch.as_tensor(np.column_stack([displacement, yaw_step]), dtype=torch.float32)
        action = Action(displacement * DISPLACEMENT_SCALE, close, yaw_step * YAW_SCALE)
        self._meter.add(action)
        self._under_way.add(action)
        action = self._scale.grow(action)
        return action[0] if self._shown.single else action

    @property
    def latency(self) -> np.ndarray:
        """``[N]`` control steps after which actions take effect: as the demonstrations show, then as is measured."""
        return self._meter.latency

    @property
    def understood(self) -> tuple[UnderstoodStage, ...]:
        """The stages that the policy sees in what it was shown, in order: told before anything moves.

        The network looks at moments of the demonstration as if it had to act there. No parser is involved.

        Raises:
            ConfigError: nothing was shown yet, or one demonstration in each of several scenes.
        """
        if not self._shown.single:
            raise ConfigError("what was understood is told of one demonstration: call reset with it first")
        if self._understood is None:
            self._understood = self._understand()
        return self._understood

    @torch.inference_mode()
    def _understand(self) -> tuple[UnderstoodStage, ...]:
        seen = self._shown.demonstrations[0].observations
        blocks = Blocks(float(self._scale.size[0]))
        last = int(np.nonzero(in_fingers(seen, blocks).any(-1))[0][-1]) + 1  # after that there is nothing left to do
        steps = np.unique(np.linspace(0, last, min(last, MOMENTS) + 1).round().astype(int))
        present = ObservationTensors.from_numpy(self._scale[0].shrink(seen[steps[:-1]])[None])
        output = self.network(self._memory.select(slice(0, self.config.ensemble)), present)
        attention = output.context.block_logits.softmax(-1).mean(0).numpy(force=True)
        return stages(attention[:, SOURCE_HEAD], attention[:, TARGET_HEAD], steps.tolist())

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
