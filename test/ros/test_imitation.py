"""Progress and refusals, told from a demonstration and observations alone."""

from __future__ import annotations

from datetime import datetime, timezone

import numpy as np
import pytest

from osil.core import Action, Demonstration, Observation
from osil.demonstrations.scripted import demonstrate
from osil.demonstrations.storage import StoredDemonstration
from osil.errors import DemonstrationError
from osil.ros.imitation import STABLE_STEPS, Imitation
from osil.tasks.block_stacking import StackingTask
from osil.worlds.kinematic import KinematicWorld
from osil.worlds.table import Table


@pytest.fixture(scope="module")
def shown() -> Demonstration[Observation, Action]:
    """``ab dc`` by the scripted expert."""
    rng = np.random.default_rng(0)
    (demonstration,), reached = demonstrate(
        KinematicWorld(rng), [StackingTask.parse("ab dc")], Table().random_scene(4, rng)[None]
    )
    assert reached.all()
    return demonstration


def stored(demonstration: Demonstration[Observation, Action]) -> StoredDemonstration:
    stamps = np.arange(len(demonstration)) * 50_000_000
    return StoredDemonstration(demonstration, "shown", tuple("abcd"), stamps, datetime.now(timezone.utc), 0.05)


def test_watching_the_demonstration_itself_counts_its_stages(shown: Demonstration[Observation, Action]) -> None:
    imitation = Imitation(stored(shown), tuple("dcba"))
    assert imitation.stages_total == 2
    done = []
    for step in range(len(shown)):
        imitation.update(shown.observations[step])
        done.append(imitation.stages_done)
    assert imitation.reached
    assert done == sorted(done)
    assert set(done) == {0, 1, 2}


def test_a_layout_must_stand_for_a_while_and_be_let_go(shown: Demonstration[Observation, Action]) -> None:
    last = shown.observations[-1]
    held = Observation(last.block_positions, np.array(0.04), last.block_yaws)
    imitation = Imitation(stored(shown), tuple("abcd"))
    for _ in range(2 * STABLE_STEPS):
        imitation.update(held)
    assert not imitation.reached
    for _ in range(STABLE_STEPS - 1):
        imitation.update(last)
    assert not imitation.reached
    imitation.update(last)
    assert imitation.reached


def test_unusable_demonstrations_are_refused(shown: Demonstration[Observation, Action]) -> None:
    def refusal(demonstration: Demonstration[Observation, Action], names: str = "abcd") -> str:
        with pytest.raises(DemonstrationError) as error:
            Imitation(stored(demonstration), tuple(names))
        return str(error.value)

    assert "about 4 blocks (a b c d), but 3 are seen (a b c)" in refusal(shown, "abc")
    assert "no block stands on another" in refusal(shown[:5])
    carrying = np.flatnonzero(shown.observations.gripper_opening < 0.045)[0]
    assert "cut short" in refusal(shown[: carrying + 1])
