"""States that lead nowhere are found, and there are none where there should be none."""

from dataclasses import fields

import numpy as np
import pytest

from osil.core import Action
from osil.evaluation import probe as probing
from osil.evaluation.probe import Outcome, probe
from osil.evaluation.probe_states import Doing, draw_states
from osil.figures.probe import draw_probe
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask, stages_done
from osil.tasks.blocks import NOMINAL
from osil.worlds.kinematic import KinematicWorld

FETCH = load_robot("fetch")


@pytest.fixture(autouse=True)
def small_groups(monkeypatch) -> None:
    monkeypatch.setattr(probing, "GROUP", 30)


class Stubborn:
    """Moves by the same displacement, one way and then back."""

    def __init__(self, displacement: float) -> None:
        self.info: dict[str, str] = {}
        self._displacement = displacement

    def reset_batch(self, prompts, seeds) -> None:
        self._holding = None

    def act(self, observation) -> Action:
        if self._holding is None:
            self._holding = observation.gripper_opening < NOMINAL.size + 0.002
        self._displacement *= -1
        across = np.zeros((len(self._holding), 3))
        across[:, 2] = self._displacement
        return Action(across, self._holding, np.zeros(len(across)))


@pytest.mark.parametrize(("displacement", "expected"), [(0.0, Outcome.FIXED_POINT), (0.015, Outcome.CYCLE)])
def test_a_hand_that_gets_nowhere_is_found(monkeypatch, displacement: float, expected: Outcome) -> None:
    monkeypatch.setattr(probing, "load", lambda model, hand: Stubborn(displacement))
    report, probed = probe("stubborn", 30, seed=0)
    assert (probed.outcome == expected).mean() > 0.9
    assert report["fixed_points"] + report["cycles"] == len(probed.outcome)
    assert len(report["worst"]) == probing.WORST


def test_the_expert_gets_on_from_everywhere(tmp_path) -> None:
    report, probed = probe("expert", 240, seed=0)
    assert (report["states"], report["fixed_points"], report["cycles"], report["astray"]) == (240, 0, 0, 0)
    assert set(probed.doing) == set(Doing)
    kinds = {doing.name: probed.doing == doing for doing in Doing}
    draw_probe(probed.goal, kinds, {"cycle": probed.outcome == Outcome.CYCLE}, tmp_path / "probe.png")
    assert (tmp_path / "probe.png").stat().st_size > 10_000


def test_the_released_policy_gets_on_from_a_sample_of_states(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "GROUP", 30)
    assert not probe("stacking", 600, seed=1)[0]["worst"]


def test_states_are_what_they_say() -> None:
    task = StackingTask.parse("abc de +f")
    states = draw_states(task, FETCH, 200, np.random.default_rng(0))
    world = KinematicWorld(np.random.default_rng(0), FETCH)
    world.reset(states.scene)
    world.place(states.hand)
    assert set(states.stage) == {0, 1, 2}
    for row, scene in enumerate(world.scene[[*range(200)]].block_positions):
        assert task.stages[states.stage[row]] == (states.source[row], states.target[row])
        held, offset = states.hand.held[row], states.hand.held_offset[row]
        if held >= 0:
            np.testing.assert_allclose(scene[held] - states.hand.position[row], offset, atol=1e-9)
        assert (held == states.source[row]) == (states.doing[row] == Doing.PLACE)
        assert (held == -1) == (states.doing[row] == Doing.PICK)
    done = np.array([stages_done(task, states.scene[row], NOMINAL) for row in range(200)])
    np.testing.assert_array_equal(done, states.stage)


def test_worlds_that_are_kept_go_on_as_before() -> None:
    states = draw_states(StackingTask.parse("ab +c"), FETCH, 6, np.random.default_rng(0))
    rows = np.array([1, 4])
    seen = []
    for keep in (False, True):
        world = KinematicWorld(np.random.default_rng(0), FETCH)
        world.reset(states.scene)
        world.place(states.hand)
        if keep:
            world.keep(rows)
        count = len(world.hand.yaw)
        action = Action(np.full((count, 3), 0.004), np.ones(count, dtype=bool), np.zeros(count))
        for _ in range(8):
            now = world.step(action)
        seen.append(now if keep else now[rows])
    for field in fields(seen[0]):
        np.testing.assert_allclose(getattr(seen[0], field.name), getattr(seen[1], field.name), atol=0.003)
