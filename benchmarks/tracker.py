"""Whole imitations in which the policy sees blocks through a camera alone: how many succeed, and how exact poses are.

    python benchmarks/tracker.py [--episodes 50] [--seed 0] [--pictures 5] [--json tracker.jsonl]
    python benchmarks/tracker.py --episodes 0 --picture docs/tracker.png

Each episode is one of the test tasks in turn, shown by the scripted expert in a scene of its own. A picture is drawn so
many times a second; the tags in it are found and made into poses, and between pictures poses are carried on. Errors
are those of blocks that the newest picture shows and no finger holds, compared with the physics. With --json a line is
added after each episode, and episodes that stand there already are not run again.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from episodes import add_arguments, run_episodes
from PIL import Image

from osil import seeds
from osil.core import CONTROL_PERIOD, Action, FloatArray, Observation, Scene
from osil.data.demonstrate import demonstrate
from osil.errors import ObservationError
from osil.figures.tracking import draw_tracked
from osil.files import check_output_file
from osil.geometry import wrap_cube_yaw
from osil.policies.load import load_policy
from osil.resources import resource_path
from osil.robots.robot import load_robot
from osil.rollout import rollout
from osil.settings import from_yaml
from osil.tasks.block_stacking import StackingTask
from osil.tracking.camera import CameraPose
from osil.tracking.tags import TagSet
from osil.worlds.camera_world import CameraWorld
from osil.worlds.judge import Judge
from osil.worlds.make_world import make_world
from osil.worlds.pybullet import PyBulletWorld

FETCH = load_robot("fetch")


class PoseErrors:
    """Observer that compares what is believed with what is true.

    Attributes:
        distances: metres, of each block in sight after each picture.
        turns: radians, of the same.
        oldest: greatest age of a block that was not held, seconds.
    """

    done = False

    def __init__(self, world: CameraWorld) -> None:
        self._world = world
        self.distances: list[float] = []
        self.turns: list[float] = []
        self.oldest = 0.0

    def on_step(self, observation: Observation, action: Action, scene: Scene) -> None:
        for index, name in enumerate(sorted(self._world.tracker.blocks)):
            block = self._world.tracker.blocks[name]
            if block.held:
                continue
            self.oldest = max(self.oldest, block.age)
            if block.age == 0.0:
                self.distances.append(float(np.linalg.norm(block.position - scene.block_positions[index])))
                self.turns.append(abs(float(wrap_cube_yaw(block.yaw - scene.block_yaws[index]))))


def open_world(num_blocks: int, rng: np.random.Generator, pictures: float) -> CameraWorld:
    """A world of so many blocks, of which so many pictures a second are drawn."""
    return CameraWorld(
        PyBulletWorld(FETCH, num_blocks, rng),
        from_yaml(TagSet, resource_path("config", "tags.yaml")),
        from_yaml(CameraPose, resource_path("config", "camera_pose.yaml")),
        max(1, round(1.0 / (pictures * CONTROL_PERIOD))),
    )


def run_episode(policy: Any, task: StackingTask, number: int, seed: int, pictures: float) -> dict[str, Any]:
    """Have one task shown and imitated; says how it went."""
    rng = seeds.generator("test", seed, number)
    scene = FETCH.table.random_scene(task.num_blocks, rng)
    with make_world("pybullet", FETCH, task.num_blocks, rng) as teaching:
        (shown,), _ = demonstrate(teaching, [task], scene[None])
    world = open_world(task.num_blocks, rng, pictures)
    judge, errors, reason = Judge(task, FETCH), PoseErrors(world), ""
    policy.reset(shown, int(rng.integers(2**31)))
    try:
        observation = world.reset(FETCH.table.random_scene(task.num_blocks, rng))
        rollout(world, policy, observation, judge.max_steps, [errors, judge])
    except ObservationError as error:
        reason = str(error)
    world.close()
    return {
        "seed": seed,
        "episode": number,
        "pictures": pictures,
        "task": str(task),
        "success": bool(judge.succeeded),
        "reason": reason,
        "steps": int(judge.steps),
        "stages_done": int(judge.stages_done),
        "error_mm": _spread(1000.0 * np.array(errors.distances)),
        "error_deg": _spread(np.degrees(errors.turns)),
        "oldest_s": round(errors.oldest, 2),
    }


def draw_picture(path: Path) -> None:
    """Draw a tower and single blocks as the camera sees them, and what is believed of them."""
    world = open_world(5, np.random.default_rng(0), pictures=20.0)
    scene = FETCH.table.random_scene(5, seeds.generator("demonstrate", 4))
    world.reset(scene)
    world.move_block(1, scene.block_positions[0] + np.array([0.0, 0.0, world.blocks.size]))
    for _ in range(20):
        world.step(Action(np.zeros(3), np.array(False)))
    picture = draw_tracked(world.picture, world.tracker.blocks, world.camera, world.blocks)
    world.close()
    Image.fromarray(picture).save(path)


def _spread(errors: FloatArray) -> dict[str, float]:
    """How many there are, their median, 99 % quantile and maximum."""
    if not len(errors):
        return {"count": 0}
    median, most, all_of_them = np.quantile(errors, [0.5, 0.99, 1.0]).round(2).tolist()
    return {"count": len(errors), "median": median, "p99": most, "max": all_of_them}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="stacking", help="name or folder of a policy")
    parser.add_argument("--seed", type=int, default=0, help="of scenes and policy")
    parser.add_argument("--pictures", type=float, default=5.0, help="a second")
    parser.add_argument(
        "--picture", type=Path, help="a scene as the camera sees it, with what is made of it, goes here"
    )
    add_arguments(parser)
    options = parser.parse_args()
    check_output_file(options.picture)
    if options.picture:
        draw_picture(options.picture)
    policy = load_policy(options.model)
    run_episodes(options, lambda number, task: run_episode(policy, task, number, options.seed, options.pictures))


if __name__ == "__main__":
    main()
