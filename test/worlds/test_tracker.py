"""What a tracker tells of blocks is what trackers tell: late, now and then, noisy; and a held block goes along."""

import numpy as np
import pytest

from osil.core import CONTROL_PERIOD, Scene
from osil.errors import ConfigError
from osil.robots.kinematics import GripperPose
from osil.robots.sensing import observe
from osil.tasks.blocks import NOMINAL
from osil.worlds.tracker import YAW_NOISE_PER_METRE, Tracker, TrackerConfig

OPEN, CLOSED = 0.066, NOMINAL.size
START = Scene(np.array([[0.6, 0.0, 0.42], [0.7, 0.2, 0.42]]), np.zeros(2))


def hand(position: np.ndarray) -> GripperPose:
    return GripperPose(np.asarray(position), np.array(0.0))


def moving(config: TrackerConfig, steps: int, opening: float) -> np.ndarray:
    """Error of what is seen at each of ``steps``, ``[steps, B]`` metres: block 0 goes along with the gripper."""
    tracker = Tracker(config, NOMINAL, np.random.default_rng(0))
    gripper = START.block_positions[0].copy()
    tracker.reset(START, hand(gripper), opening)
    errors = []
    for step in range(1, steps + 1):
        gripper = START.block_positions[0] + (0.0, 0.0, 0.005 * step)
        scene = Scene(np.stack([gripper, START.block_positions[1]]), np.zeros(2))
        tracker.look(scene, hand(gripper), opening)
        truth = observe(scene.block_positions, scene.block_yaws, hand(gripper), opening)
        errors.append(np.linalg.norm(tracker.observation().block_positions - truth.block_positions, axis=-1))
    return np.array(errors)


def test_by_default_all_is_seen_as_it_is() -> None:
    assert moving(TrackerConfig(), 60, OPEN).max() == 0.0


@pytest.mark.parametrize("rate", [5.0, 8.0, 20.0, 60.0])
@pytest.mark.parametrize("delay", [0.0, 0.05, 0.15])
def test_a_block_is_seen_where_it_was_at_the_last_frame_that_arrived(rate: float, delay: float) -> None:
    behind = moving(TrackerConfig(rate=rate, delay=delay), 60, OPEN)[20:, 0] / 0.005 * CONTROL_PERIOD  # seconds
    oldest = delay + max(1.0 / rate, CONTROL_PERIOD)
    assert behind.max() <= oldest + CONTROL_PERIOD
    assert behind.max() >= (0.0 if rate >= 20.0 and not delay else min(0.5 * delay, 1.0 / rate))
    assert behind.min() >= 0.5 * delay - 0.5 * CONTROL_PERIOD


def test_a_held_block_goes_along_however_late_the_frames() -> None:
    assert moving(TrackerConfig(rate=5.0, delay=0.15, unseen=1.0), 200, CLOSED).max() < 1e-9


def test_blocks_are_out_of_sight_now_and_then_and_for_no_longer() -> None:
    errors = moving(TrackerConfig(unseen=1.0), 2000, OPEN)[:, 0]
    behind = errors / 0.005 * CONTROL_PERIOD
    assert 0.02 < (behind > 0.0).mean() < 0.4
    assert 0.5 < behind.max() <= 1.0 + CONTROL_PERIOD


def test_the_noise_is_what_it_says() -> None:
    tracker = Tracker(TrackerConfig(noise=0.002), NOMINAL, np.random.default_rng(0))
    gripper = hand(np.array([0.6, -0.3, 0.6]))
    tracker.reset(START, gripper, OPEN)
    seen = []
    for _ in range(500):
        tracker.look(START, gripper, OPEN)
        seen.append(tracker.observation())
    np.testing.assert_allclose(np.std([one.block_positions for one in seen], axis=0), 0.002, rtol=0.2)
    np.testing.assert_allclose(np.std([one.block_yaws for one in seen], axis=0), 0.002 * YAW_NOISE_PER_METRE, rtol=0.2)


@pytest.mark.parametrize(
    "wrong", [{"noise": 0.06}, {"noise": float("nan")}, {"rate": 0.0}, {"delay": -0.1}, {"unseen": float("inf")}]
)
def test_what_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        TrackerConfig(**wrong)
