"""A human-like teacher: the scripted expert, slowed down, made uneven and now and then wrong, as people are.

People who demonstrate through a joystick pause, drift, take detours and miss a block. This model does so too, in any
world and for a batch of worlds, and it still ends with the layout. Unlike the expert it has memory, as a person has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osil.core import CONTROL_PERIOD, Action, BoolArray, FloatArray, Observation
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.seeds import Streams
from osil.tasks.block_stacking import StackingTask

Range = tuple[float, float]
"""Lower and upper end of a uniform distribution."""


@dataclass(frozen=True)
class HumanLikeConfig:
    """How a person differs from the expert. Metres, radians and seconds; pairs are ends of uniform distributions.

    Attributes:
        slowness: the expert's motions divided by this, one value a demonstration. The fingers keep their speed.
        unevenness: standard deviation of the logarithm of the speed, which drifts around that value ...
        unevenness_time: ... with this correlation time.
        tremor: standard deviation of the hand's position around where the person wants it, each axis ...
        tremor_yaw: ... and of its rotation ...
        tremor_time: ... with this correlation time (0.2 s: hardly anything above 2 Hz).
        pause_rate: pauses a second.
        pause: how long they last.
        detour_rate: detours a second, begun while the hand travels above the blocks.
        detour: how long the hand then goes another way.
        detour_step: how far in a control step.
        miss: probability that a grasp misses, because the person misjudges where the block is.
        miss_above: how far too high the fingers then close, for nominal blocks ...
        miss_beside: ... or how far beside, along the fingers' broad side, where there is room for that.
        notice: so long after the fingers began to close the person notices the miss, opens them, rises, and retries.
        idle_before, idle_after: rest before the first motion and after the layout stands.
        patience: time limits of an episode are this many times the expert's.
    """

    slowness: Range = (3.0, 4.6)
    unevenness: float = 0.35
    unevenness_time: float = 1.0
    tremor: float = 0.0012
    tremor_yaw: float = 0.008
    tremor_time: float = 0.2
    pause_rate: float = 0.06
    pause: Range = (0.5, 4.0)
    detour_rate: float = 0.15
    detour: Range = (0.5, 1.5)
    detour_step: float = 0.005
    miss: float = 0.15
    miss_above: Range = (0.044, 0.054)
    miss_beside: Range = (0.038, 0.044)
    notice: Range = (0.8, 1.6)
    idle_before: Range = (0.5, 4.0)
    idle_after: Range = (0.5, 4.0)
    patience: float = 4.0


BESIDE_ROOM = 0.095
"""The fingers may close beside a nominal block where every other one is further from that spot than this, metres."""

RETREAT_STEPS, RETREAT_STEP = 14, 0.003
"""Control steps for which the hand rises after a miss, until the fingers are open, and how far in each, metres."""


class HumanLikeExpert:
    """Acts like a person who shows one task, or one task in each world of a batch. Make a new one for each episode.

    Args:
        task: what to show: one, or N for N worlds.
        rng: what the person does by chance: one for all worlds, or a stream for each.
        expert: what both know.
        config: how a person differs from the expert.
    """

    def __init__(
        self,
        task: StackingTask | Sequence[StackingTask],
        rng: np.random.Generator | Streams,
        expert: ExpertConfig,
        config: HumanLikeConfig | None = None,
    ) -> None:
        tasks = [task] if isinstance(task, StackingTask) else list(task)
        count = len(tasks)
        self._config = config or HumanLikeConfig()
        rng = self._rng = Streams.of(rng, count)
        c = self._config
        self._expert_config = expert
        self._expert = StackingExpert(tasks, self._expert_config)
        self._slowness = rng.uniform(*c.slowness)
        self._tempo = rng.standard_normal()
        self._tremor = _SmoothNoise((c.tremor, c.tremor, c.tremor, c.tremor_yaw), c.tremor_time, rng)
        self._still = self._steps(c.idle_before)
        self._detour = np.zeros(count, dtype=np.int64)
        self._heading = np.zeros((count, 3))
        self._retreat = np.zeros(count, dtype=np.int64)
        self._misjudged = np.zeros((count, 3))
        self._empty_grip = np.zeros(count, dtype=np.int64)
        self._source = np.full(count, -1)
        self._close: BoolArray = np.zeros(count, dtype=np.bool_)
        self.misses = np.zeros(count, dtype=np.int64)
        """``[N]`` missed grasps so far."""
        self.steps_after = self._steps(c.idle_after)
        """``[N]`` control steps for which the person goes on resting once the layout stands."""

    def act(self, observation: Observation) -> Action:
        """The person's action: leading dimensions as in ``observation`` (none, or ``[N]``: one world a task)."""
        single = not observation.leading_shape
        batch = observation[None] if single else observation
        action = self._act(batch)
        return action[0] if single else action

    def _act(self, observation: Observation) -> Action:
        c, rng = self._config, self._rng
        source, _ = self._expert.attended(observation)
        self._begin_grasps(observation, source)
        wanted = self._expert.act(
            Observation(
                observation.block_positions + self._misjudged[:, None],
                observation.gripper_opening,
                observation.block_yaws,
            )
        )

        keep = np.exp(-CONTROL_PERIOD / c.unevenness_time)
        self._tempo = keep * self._tempo + np.sqrt(1.0 - keep**2) * rng.standard_normal()
        speed = np.exp(c.unevenness * self._tempo) / self._slowness
        motion = speed[:, None] * wanted.displacement
        turn = speed * wanted.yaw_step
        close = wanted.close_gripper

        travels = np.hypot(*wanted.displacement[:, :2].T) > 0.5 * self._expert_config.max_step
        self._begin_detours(travels)
        away = self._detour > 0
        motion[away, :2] = self._heading[away, :2]

        self._miss(close)
        grips, retreats = self._empty_grip > 0, self._retreat > 0
        busy = grips | retreats
        motion[busy] = 0.0
        motion[retreats, 2] = RETREAT_STEP
        close = (close | grips) & ~retreats

        pauses = (self._still == 0) & ~busy & (rng.random() < c.pause_rate * CONTROL_PERIOD)
        self._still = np.where(pauses, self._steps(c.pause), self._still)
        rests = self._still > 0
        motion[rests] = 0.0
        turn = np.where(rests | busy | away, 0.0, turn)
        close = np.where(rests, self._close, close)

        self._close = close
        self._detour = np.maximum(self._detour - ~rests, 0)
        self._retreat = np.maximum(self._retreat - ~rests, 0)
        self._still = np.maximum(self._still - 1, 0)
        tremor = self._tremor.change()
        return Action(motion + tremor[:, :3], close, turn + tremor[:, 3])

    def _miss(self, close: BoolArray) -> None:
        """Count the time for which the fingers close in a wrong place, until the person notices."""
        begins = self._misjudged.any(-1) & close & (self._empty_grip == 0)
        self._empty_grip = np.where(begins, self._steps(self._config.notice), self._empty_grip)
        noticed = self._empty_grip == 1
        self._empty_grip = np.maximum(self._empty_grip - 1, 0)
        self._misjudged[noticed] = 0.0
        self._retreat[noticed] = RETREAT_STEPS
        self._source[noticed] = -1  # so that the next attempt may miss again
        self.misses += noticed

    def _begin_grasps(self, observation: Observation, source: np.ndarray) -> None:
        """Where the open hand turns to another block, draw whether and how the person will misjudge its place."""
        c, excess = self._config, self._expert_config.blocks.excess
        positions = observation.block_positions
        distance = np.sqrt((positions**2).sum(-1)).min(-1)
        free = (observation.gripper_opening > self._expert_config.free_width) & (distance > 0.03) & (self._retreat == 0)
        turns = free & (source != self._source)
        self._source = np.where(free, source, self._source)
        for row in map(int, np.nonzero(turns & (source >= 0))[0]):
            rng = self._rng[row]
            if rng.random() >= c.miss:
                continue
            beside = (rng.choice((-1.0, 1.0)) * (rng.uniform(*c.miss_beside) + 0.5 * excess), 0.0, 0.0)
            block = positions[row, source[row]]
            room = np.sqrt(((np.delete(positions[row], source[row], axis=0) - block - beside) ** 2).sum(-1))
            if rng.random() < 0.5 and (room > BESIDE_ROOM + excess).all():
                self._misjudged[row] = beside
            else:
                self._misjudged[row] = (0.0, 0.0, rng.uniform(*c.miss_above) + 0.5 * excess)

    def _begin_detours(self, travels: BoolArray) -> None:
        c, rng = self._config, self._rng
        starts = travels & (self._detour == 0) & (rng.random() < c.detour_rate * CONTROL_PERIOD)
        angle = rng.uniform(-np.pi, np.pi)
        heading = c.detour_step * np.stack([np.cos(angle), np.sin(angle), np.zeros(len(angle))], axis=-1)
        self._heading = np.where(starts[:, None], heading, self._heading)
        self._detour = np.where(starts, self._steps(c.detour), self._detour)

    def _steps(self, seconds: Range) -> np.ndarray:
        """``[N]`` whole control steps, at least one, drawn between two times in seconds."""
        return np.maximum(1, np.rint(self._rng.uniform(*seconds) / CONTROL_PERIOD)).astype(np.int64)


class _SmoothNoise:
    """White noise through two equal low-pass filters: stationary, smooth, with given standard deviations."""

    def __init__(self, std: Sequence[float], time: float, rng: Streams) -> None:
        self._std, self._rng = np.array(std), rng
        self._keep = np.exp(-CONTROL_PERIOD / time)
        self._first = rng.standard_normal(len(std))
        self._second = np.zeros_like(self._first)

    def change(self) -> FloatArray:
        """By how much the noise changes in the next step, ``[N, len(std)]``."""
        keep, before = self._keep, self._second
        self._first = keep * self._first + np.sqrt(1.0 - keep**2) * self._rng.standard_normal(len(self._std))
        gain = (1.0 + keep) / np.sqrt(1.0 + keep**2)  # makes the variance of the second filter's output 1
        self._second = keep * before + (1.0 - keep) * gain * self._first
        change: FloatArray = self._std * (self._second - before)
        return change
