"""What every head of the policy looks at while it does a task: ``osil reproduce attention``, figures 16 to 19."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from osil.core import Action, Demonstration, Observation, Scene
from osil.data.demonstrate import demonstrate
from osil.demonstrations.conditioning import stage_ends
from osil.errors import OsilError
from osil.evaluation.versions import versions
from osil.figures.attention import draw_block_heads, draw_moment_heads
from osil.figures.render import SceneRenderer
from osil.figures.replay import snapshots
from osil.figures.video import Picture, side_by_side
from osil.networks.context_network import (
    BESIDE_HEAD,
    HELD_HEAD,
    LYING_HEAD,
    PRESENT_STAGE,
    SOURCE_HEAD,
    TALLEST_HEAD,
    TARGET_HEAD,
)
from osil.policies.stacking import Attention, StackingPolicy
from osil.robots.robot import Robot, load_robot
from osil.rollout import Recorder, rollout
from osil.seeds import generator
from osil.tasks.block_stacking import StackingTask
from osil.tasks.blocks import NOMINAL
from osil.worlds.judge import Judge
from osil.worlds.make_world import make_world
from osil.worlds.pybullet import PyBulletWorld
from osil.worlds.viewpoint import Viewpoint

TASK = StackingTask.parse("ab cde fg hij")
"""The task of the paper's figures."""

TAUGHT = {
    SOURCE_HEAD: "block to move",
    TARGET_HEAD: "block to put it on",
    TALLEST_HEAD: "tallest block",
    HELD_HEAD: "block in the fingers",
    LYING_HEAD: "nearest on the table",
    BESIDE_HEAD: "beside where the hand comes down",
}
"""What some heads over blocks are taught."""

ROBOT = "fetch"

RECORD = "attention.json"

VIEWPOINT = Viewpoint(width=480, height=270, target=(0.5, 0.0, 0.46), field_of_view=26.0)
"""Close to the table."""

_Shown = Demonstration[Observation, Action]


class Watcher:
    """Observer that notes what the policy attends to."""

    done = False

    def __init__(self, policy: StackingPolicy) -> None:
        self._policy = policy
        self.seen: list[Attention] = []

    def on_step(self, observation: Observation, action: Action, scene: Scene) -> None:
        attention = self._policy.attention
        assert attention is not None, "the policy has just acted in a single scene"
        self.seen.append(attention)


def reproduce(model: str | Path, output: Path, seed: int) -> bool:
    """Show ``TASK`` once in PyBullet, let the policy repeat it, and draw what it attended to.

    Args:
        model: folder or name of the model.
        output: folder of ``figure_16.png``, ``figure_17.png`` and ``figure_18.png`` (with figure 19), and of
            ``attention.json``, which says of which policy they are.
        seed: chooses the scenes.

    Returns:
        Whether the policy finished the task.
    """
    policy, rng, robot = StackingPolicy.load(model), generator("test", seed), load_robot(ROBOT)
    scenes = [robot.table.random_scene(TASK.num_blocks, rng) for _ in range(2)]
    with make_world("pybullet", robot, TASK.num_blocks, rng) as world:
        (shown,), succeeded = demonstrate(world, [TASK], scenes[0][None])
    if not succeeded.all():
        raise OsilError(f"the scripted expert missed {TASK} with seed {seed}; choose another seed")
    policy.reset(shown, seed)
    judge, recorder, watcher = Judge(TASK, robot), Recorder[Observation, Action](), Watcher(policy)
    single = PyBulletWorld(robot, TASK.num_blocks, rng)
    try:
        rollout(single, policy, single.reset(scenes[1]), judge.max_steps, [judge, recorder, watcher])
    finally:
        single.close()
    _draw(watcher.seen, output)
    _illustrate(shown, recorder.demonstration(), output / "figure_18.png")
    finished = bool(judge.succeeded)
    report = {"model": policy.info, "task": str(TASK), "seed": seed, "finished": finished, "versions": versions()}
    (output / RECORD).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return finished


def _draw(seen: list[Attention], output: Path) -> None:
    blocks, moments = (np.stack([getattr(one, name) for one in seen]) for name in ("blocks", "moments"))
    heads = [
        f"head {index}: {TAUGHT[index]}" if index in TAUGHT else f"head {index}" for index in range(blocks.shape[1])
    ]
    draw_block_heads(blocks, output / "figure_16.png", heads)
    readings = [f"reading {index}" for index in range(moments.shape[1])]
    readings[PRESENT_STAGE] += ": present stage"
    draw_moment_heads(moments, output / "figure_17.png", readings)


def _illustrate(shown: _Shown, done: _Shown, path: Path) -> None:
    """Key frames, one a stage, of the demonstration (left) and of the imitation (right)."""
    robot = load_robot(ROBOT)
    renderer = SceneRenderer(robot, TASK.num_blocks, VIEWPOINT)
    try:
        left, right = (_key_frames(one, robot, renderer) for one in (shown, done))
    finally:
        renderer.close()
    rows = side_by_side(left, right, ("demonstration", "imitation"))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(list(rows))).save(path)


def _key_frames(episode: _Shown, robot: Robot, renderer: SceneRenderer) -> list[Picture]:
    pictures = snapshots(episode, robot)
    return [renderer.render(pictures[step]) for step in stage_ends(episode.observations, NOMINAL)]
