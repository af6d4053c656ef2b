"""The episode loop shows observers what happened, and ends when one of them is done."""

from __future__ import annotations

import numpy as np
import pytest

from osil.core import Action, Observation, Scene
from osil.errors import DemonstrationError
from osil.rollout import Recorder, rollout


class Rail:
    """A world in which the only block comes closer as the gripper moves along x."""

    def reset(self, scene: Scene) -> Observation:
        self.scene = scene
        return self.observe()

    def observe(self) -> Observation:
        return Observation(self.scene.block_positions, np.array(0.05))

    def step(self, action: Action) -> Observation:
        self.scene = Scene(self.scene.block_positions - action.displacement, self.scene.block_yaws)
        return self.observe()


class Approach:
    """Moves 1 cm towards the block."""

    def act(self, observation: Observation) -> Action:
        return Action(np.array([0.01, 0.0, 0.0]), np.array(False))


class Until:
    """Is done once the block is within ``distance`` metres."""

    def __init__(self, distance: float) -> None:
        self.distance, self.done, self.seen = distance, False, []

    def on_step(self, observation: Observation, action: Action, scene: Scene) -> None:
        self.seen.append((observation.block_positions[0, 0], scene.block_positions[0, 0]))
        self.done = bool(scene.block_positions[0, 0] < self.distance)


def start() -> tuple[Rail, Observation]:
    world = Rail()
    return world, world.reset(Scene(np.array([[0.1, 0.0, 0.0]]), np.zeros(1)))


def test_observers_see_before_and_after_each_step() -> None:
    world, first = start()
    watcher = Until(-1.0)
    assert rollout(world, Approach(), first, 3, [watcher]) == 3
    np.testing.assert_allclose(watcher.seen, [(0.10, 0.09), (0.09, 0.08), (0.08, 0.07)])


def test_ends_when_any_observer_is_done() -> None:
    world, first = start()
    watchers = [Until(0.045), Until(-1.0)]
    assert rollout(world, Approach(), first, 100, watchers) == 6
    assert len(watchers[1].seen) == 6, "the others see the last step too"


def test_recorder_keeps_the_trajectory() -> None:
    world, first = start()
    recorder: Recorder[Observation, Action] = Recorder()
    rollout(world, Approach(), first, 5, [recorder])
    shown = recorder.demonstration()
    np.testing.assert_allclose(shown.observations.block_positions[:, 0, 0], 0.1 - 0.01 * np.arange(5))
    np.testing.assert_allclose(shown.actions.displacement[:, 0], 0.01)


def test_one_step_is_no_demonstration() -> None:
    world, first = start()
    recorder: Recorder[Observation, Action] = Recorder()
    rollout(world, Approach(), first, 1, [recorder])
    with pytest.raises(DemonstrationError, match="at least 2 steps"):
        recorder.demonstration()
