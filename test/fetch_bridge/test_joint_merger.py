"""Two kinds of joint messages become one, and nothing old is told as new."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from osil.core import NANOSECONDS
from osil.errors import ObservationError
from osil.fetch_bridge.joint_merger import JointMerger

ARM, FINGERS = ["lift", "shoulder", "wheel"], ["right", "left"]


def message(names: list[str], milliseconds: int, positions: list[Any] | None = None) -> dict[str, Any]:
    time = {"secs": 7, "nsecs": milliseconds * NANOSECONDS // 1000}
    values = positions or [float(milliseconds)] * len(names)
    return {"header": {"stamp": time}, "name": names, "position": values, "velocity": [0.5] * len(names), "effort": []}


def test_the_arm_is_told_with_the_newest_of_the_fingers() -> None:
    merger = JointMerger("shoulder")
    assert merger.add(message(FINGERS, 1)) is None, "it is the arm that is waited for"
    merger.add(message(FINGERS, 6))
    readings = merger.add(message(ARM, 10))
    assert readings is not None
    assert readings.stamp == 7 * NANOSECONDS + 10 * NANOSECONDS // 1000
    told = dict(zip(readings.names, readings.positions, strict=True))
    assert told == {**dict.fromkeys(ARM, 10.0), **dict.fromkeys(FINGERS, 6.0)}
    assert (readings.velocities == 0.5).all()
    assert np.isnan(readings.efforts).all(), "which nobody has told"


def test_fingers_that_fall_silent_are_left_out() -> None:
    merger = JointMerger("shoulder")
    merger.add(message(FINGERS, 1))
    readings = merger.add(message(ARM, 200))
    assert readings is not None
    assert set(readings.names) == set(ARM)


@pytest.mark.parametrize("positions", [[1.0, None, 2.0], [1.0, 2.0]])
def test_what_is_no_position_is_refused(positions: list[Any]) -> None:
    with pytest.raises(ObservationError, match="expected a position for each joint"):
        JointMerger("shoulder").add(message(ARM, 1, positions))
