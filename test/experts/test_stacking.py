"""The scripted expert solves every kind of task and mends what went wrong."""

import numpy as np
import pytest

from osil.core import Observation, Scene
from osil.data.kinematic_episodes import collect, scenes
from osil.errors import ConfigError
from osil.experts.noise import NoiseConfig
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.robots.kinematics import GripperPose
from osil.robots.robot import load_robot
from osil.robots.sensing import observe
from osil.tasks.arrangements import put_up
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL, Blocks
from osil.tasks.splits import load_tasks
from osil.worlds.kinematic import KinematicWorld

FETCH = load_robot("fetch")
EXPERT = ExpertConfig(FETCH.gripper)


def run(tasks, scene: Scene, steps: int, rng: np.random.Generator) -> np.ndarray:
    world = KinematicWorld(rng, FETCH)
    observation = world.reset(scene)
    expert = StackingExpert(tasks, EXPERT)
    for _ in range(steps):
        observation = world.step(expert.act(observation))
    return np.array([layout_reached(task, world.scene[i], NOMINAL) for i, task in enumerate(tasks)])


@pytest.mark.parametrize("blocks", [2, 5, 10])
def test_every_task_of_the_family_is_solved(blocks):
    tasks = [task for split in ("train", "test") for task in load_tasks(split) if task.num_blocks == blocks]
    episodes = collect(tasks * max(1, 48 // len(tasks)), np.random.default_rng(0), FETCH)
    assert episodes.success.all()


def test_a_wrong_stack_is_taken_apart_first():
    rng = np.random.default_rng(1)
    tasks = [StackingTask.parse("ab +c")] * 32
    scene = scenes(FETCH.table, len(tasks), 3, rng)
    scene.block_positions[:, 2] = scene.block_positions[:, 1] + (0.0, 0.0, NOMINAL.size)  # c stands where a belongs
    assert run(tasks, scene, 260, rng).mean() >= 0.97


def test_a_tower_is_taken_off_a_block_that_a_later_stage_needs():
    rng = np.random.default_rng(5)
    task = StackingTask.parse("ab cde fg")
    scene = scenes(FETCH.table, 32, task.num_blocks, rng)
    for world in range(32):
        put_up(scene[world], [(0, 1), (4, 6), (3, 4), (2, 3)], rng)  # e, which c and d stand on, stands on g
    assert run([task] * 32, scene, 900, rng).mean() >= 0.97


def test_a_tower_that_stands_on_a_distractor_is_put_on_the_table():
    rng = np.random.default_rng(6)
    task = StackingTask.parse("abc +d +e")
    scene = scenes(FETCH.table, 32, task.num_blocks, rng)
    for world in range(32):
        put_up(scene[world], [(2, 3), (1, 2)], rng)
    assert run([task] * 32, scene, 500, rng).mean() >= 0.97


def test_scenes_begin_with_what_is_rare_otherwise():
    """Stages that stand, wrong pairs, and high piles of distractors, which are left alone."""
    task = StackingTask.parse("ab +c +d +e +f +g +h +i +j")
    episodes = collect([task] * 64, np.random.default_rng(4), FETCH, midway=1.0)
    heights = np.ptp(episodes.observations.block_positions[0, ..., 2], axis=-1)
    assert heights.max() > 5.5 * NOMINAL.size
    assert episodes.success.mean() >= 0.85, "ten blocks leave little room within reach to put one aside"


def test_fumbles_and_drags_are_recovered_from():
    tasks = [StackingTask.parse("abc +d")] * 64
    noise = NoiseConfig(scales=(0.001,), burst_rate=0.01)
    episodes = collect(tasks, np.random.default_rng(2), FETCH, noise=noise)
    assert episodes.success.mean() >= 0.9


def test_the_expert_keeps_no_memory():
    rng = np.random.default_rng(3)
    task = StackingTask.parse("ab cd")
    observation = KinematicWorld(rng, FETCH).reset(scenes(FETCH.table, 1, 4, rng))
    seasoned = StackingExpert(task, EXPERT)
    for _ in range(5):
        seasoned.act(observation[0])
    again, fresh = seasoned.act(observation[0]), StackingExpert(task, EXPERT).act(observation[0])
    np.testing.assert_array_equal(again.displacement, fresh.displacement)


def test_a_stage_lasts_until_the_hand_has_left_its_block():
    expert = StackingExpert(StackingTask.parse("abc"), EXPERT)  # b on c, then a on b
    for height, stage in ((0.0, (1, 2)), (0.02, (1, 2)), (0.03, (0, 1))):  # of the hand over b, just let go on c
        towards = np.array([[0.1, 0.1, -0.04 - height], [0.0, 0.0, -height], [0.0, 0.0, -NOMINAL.size - height]])
        seen = Observation(towards[None], np.array([0.05]))
        assert tuple(int(block[0]) for block in expert.attended(seen)) == stage


@pytest.mark.parametrize("size", [0.025, 0.04, 0.06])
@pytest.mark.parametrize("text", ["abc de", "cab +d +e"])
def test_blocks_of_every_size_are_stacked(text, size):
    """With slips and fumbles, from half-built and wrong piles too, as long as the hand opens wide enough."""
    blocks = Blocks(size)
    robot = FETCH.opened_for(blocks)
    tasks = [StackingTask.parse(text)] * 96
    assert collect(tasks, np.random.default_rng(0), robot, blocks=blocks).success.all()
    noise = NoiseConfig(scales=(0.001,), burst_rate=0.01)
    mended = collect(tasks, np.random.default_rng(1), robot, noise=noise, midway=1.0, blocks=blocks)
    assert mended.success.mean() >= 0.9


def test_a_hand_that_is_too_narrow_says_so():
    with pytest.raises(ConfigError, match="opens 66 mm is too narrow for blocks of 60 mm"):
        ExpertConfig(FETCH.gripper, blocks=Blocks(0.06))


def test_two_blocks_that_were_lifted_together_are_put_down_and_let_go() -> None:
    """The hand came down too far with the block held and took the lower one, too: all stands, but in the air."""
    task, lower = StackingTask.parse("ab +c"), np.array([0.62, 0.10, 0.55])
    scene = Scene(np.stack([lower + np.array([0.0, 0.0, 0.04]), lower, [0.70, -0.20, 0.42]]), np.zeros(3))
    expert = StackingExpert(task, ExpertConfig(FETCH.gripper))
    hand = lower + np.array([0.0, 0.0, 0.013])
    for _ in range(120):
        gripper = GripperPose(hand, np.array(0.0))
        action = expert.act(observe(scene.block_positions, scene.block_yaws, gripper, 0.040))
        if not action.close_gripper:
            break
        hand = hand + action.displacement
        scene.block_positions[:2] += action.displacement
    assert not action.close_gripper
    assert 0.419 < scene.block_positions[1, 2] < 0.431, "on the table, or at most a centimetre above it"
