"""Progress is told from a demonstration and observations alone."""

from __future__ import annotations

import numpy as np
import pytest

from osil.core import Action, Demonstration, Observation
from osil.data.demonstrate import demonstrate
from osil.errors import DemonstrationError, ObservationError
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask
from osil.tasks.progress import STABLE_STEPS, Progress
from osil.worlds.kinematic import KinematicWorld

FETCH = load_robot("fetch")


@pytest.fixture(scope="module")
def shown() -> Demonstration[Observation, Action]:
    """``ab dc`` by the scripted expert."""
    rng = np.random.default_rng(0)
    (demonstration,), reached = demonstrate(
        KinematicWorld(rng, FETCH), [StackingTask.parse("ab dc")], FETCH.table.random_scene(4, rng)[None]
    )
    assert reached.all()
    return demonstration


def test_watching_the_demonstration_itself_counts_its_stages(shown: Demonstration[Observation, Action]) -> None:
    progress = Progress(shown)
    assert progress.stages_total == 2
    done = []
    for step in range(len(shown)):
        progress.update(shown.observations[step])
        done.append(progress.stages_done)
    assert progress.reached
    assert done == sorted(done)
    assert set(done) == {0, 1, 2}


def test_a_layout_must_stand_for_a_while_and_be_let_go(shown: Demonstration[Observation, Action]) -> None:
    last = shown.observations[-1]
    held = Observation(last.block_positions, np.array(0.04), last.block_yaws)
    progress = Progress(shown)
    for _ in range(2 * STABLE_STEPS):
        progress.update(held)
    assert not progress.reached
    for _ in range(STABLE_STEPS - 1):
        progress.update(last)
    assert not progress.reached
    progress.update(last)
    assert progress.reached


def test_demonstrations_without_an_end_are_refused(shown: Demonstration[Observation, Action]) -> None:
    with pytest.raises(DemonstrationError, match="no block is held"):
        Progress(shown[:5])
    carrying = np.flatnonzero(shown.observations.gripper_opening < 0.045)[0]
    with pytest.raises(DemonstrationError, match="cut short"):
        Progress(shown[: carrying + 5])


def test_other_blocks_and_batches_are_refused(shown: Demonstration[Observation, Action]) -> None:
    progress, last = Progress(shown), shown.observations[-1]
    fewer = Observation(last.block_positions[:1], last.gripper_opening, last.block_yaws[:1])
    for wrong in (fewer, last[None], shown.observations):
        with pytest.raises(ObservationError, match="expected one observation of the"):
            progress.update(wrong)


def test_something_else_than_a_demonstration_is_named(shown: Demonstration[Observation, Action]) -> None:
    swapped = Demonstration(shown.actions, shown.observations)
    for wrong, named in ((swapped, "Demonstration of Action and Observation"), (None, "NoneType")):
        with pytest.raises(DemonstrationError, match=f"in this order, got {named}"):
            Progress(wrong)  # type: ignore[arg-type]
