"""The whole path in one go: a task is taught once by teleoperation, and a simulated arm repeats it elsewhere.

    python -m osil.ros demo --task "ab cd +e" --seed 0

Every part is a ROS 2 process of its own; this program only starts them, calls their services and the action, and judges
the end by the final block poses, with code that the policy never sees. The exit status is 0 only if the layout that was
taught was reached.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import numpy as np
import rclpy
import torch
from rclpy.signals import SignalHandlerOptions

from osil.choices import MODEL, ROBOT, TASK
from osil.core import CONTROL_PERIOD, Observation
from osil.demonstrations import storage
from osil.errors import OsilError
from osil.figures.attention import draw_attention
from osil.figures.render import SceneRenderer
from osil.figures.video import side_by_side, write_video
from osil.files import check_output_file, check_output_folder
from osil.policies.stacking import StackingPolicy
from osil.robots.robot import Robot, load_robot
from osil.robots.sensing import cube_yaws, observe
from osil.ros.client import Client
from osil.ros.node_processes import SIMULATION_NODES, NodeProcesses
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL, Blocks
from osil.worlds.judge import step_limit
from osil.worlds.snapshot import Snapshot
from osil.worlds.viewpoint import Viewpoint
from osil_interfaces.action import Imitate

TASKS = ("ab cd +e", "abc +d +e", "ba +c +d", "dcba +e", "ca db", "bd +a +c +e", "cab +d")
"""Tasks to show; which one is chosen by the seed."""

NAME, FILM, ATTENTION = "demonstration", "demo.mp4", "attention.png"

TEACHING_SECONDS = 120.0
"""Simulated seconds that the scripted operator may take."""

FRAME_STEPS, FRAME_RATE = 2, 20
"""The film shows every so many control steps, at so many pictures a second: twice as fast as it was."""


@dataclass(frozen=True, eq=False)
class Story:
    """What happened.

    Attributes:
        robot: that acted.
        blocks: how large they were.
        teaching, imitation: poses, one a control period.
        result: what the policy node says of itself.
        reached: what the final block poses say.
    """

    robot: Robot
    blocks: Blocks
    teaching: list[Snapshot]
    imitation: list[Snapshot]
    result: Imitate.Result
    reached: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demonstration; returns the exit status."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job begins with SIGINT ignored
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))  # so that two of these do not meet
    began = time.monotonic()
    try:
        task = StackingTask.parse(options.task or TASKS[options.seed % len(TASKS)])
        torch.set_num_threads(1)  # more only wait for one another in so small a network
        policy = StackingPolicy.load(options.model)  # now, so that a missing one is told before anything starts
        load_robot(options.robot).opened_for(Blocks(options.block_size))
        _check_output(options.output)
        story = _play(task, options)
        print("Drawing what happened ...", flush=True)
        _draw_film(story, options.output / FILM)
        _draw_attention(story, policy, options)
    except OsilError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; all nodes have been stopped", file=sys.stderr)
        return 130
    verdict = "The layout taught was reached" if story.reached else "The layout taught was NOT reached"
    print(f"{verdict}, judged from the final block poses; {time.monotonic() - began:.0f} s in all.")
    print(f"In {options.output}/: {NAME}.mcap, {FILM}, {ATTENTION} and the nodes' output in logs/")
    return 0 if story.reached else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m osil.ros demo", description=__doc__.partition("\n")[0])
    parser.add_argument("--task", help=TASK)
    parser.add_argument("--seed", type=int, default=0, help="of layouts and policy; chooses the task if none is given")
    parser.add_argument("--model", default="stacking", help=MODEL)
    parser.add_argument("--robot", default="fetch", help=ROBOT)
    parser.add_argument("--block-size", type=float, default=NOMINAL.size, help="edge length of the blocks, metres")
    parser.add_argument("--gui", action="store_true", help="show PyBullet's window")
    parser.add_argument("--output", type=Path, default=Path("demo_output"), help="folder for the results")
    return parser


def _check_output(folder: Path) -> None:
    """Raise ConfigError, before two minutes of work, where the results could not be written."""
    for each in (folder, folder / "logs"):
        check_output_folder(each)
    for name in (f"{NAME}.mcap", FILM, ATTENTION):
        check_output_file(folder / name)


def _leave(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _play(task: StackingTask, options: argparse.Namespace) -> Story:
    """Teach in one layout, imitate in another."""
    output = options.output.resolve()
    (output / f"{NAME}.mcap").unlink(missing_ok=True)
    size: dict[str, object] = {"block_size": options.block_size}
    parameters: dict[str, dict[str, object]] = {
        "simulation": {"num_blocks": task.num_blocks, "seed": options.seed, "gui": options.gui, **size},
        "recorder": {"demonstrations": str(output), **size},
        "policy": {"demonstrations": str(output), "model": options.model},
        "controller": size,
        "planning": size,
    }
    parameters = {node: {**own, "robot": options.robot} for node, own in parameters.items()}
    print(f"Starting {', '.join(SIMULATION_NODES)} ...", flush=True)
    with NodeProcesses(output / "logs", {"OMP_NUM_THREADS": "1"}) as processes:
        for node in SIMULATION_NODES:
            processes.start(node, parameters.get(node))
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        client = Client(processes, load_robot(options.robot), Blocks(options.block_size))
        try:
            return _teach_and_imitate(client, task, options.seed)
        finally:
            client.close()
            rclpy.try_shutdown()


def _teach_and_imitate(client: Client, task: StackingTask, seed: int) -> Story:
    print(f"Scene: {client.reset_scene(task.num_blocks, 2 * seed)}")
    print(f"Teaching {task} by teleoperation ...", flush=True)
    client.start_filming()
    print(f"Recorded: {client.teach(str(task), NAME, TEACHING_SECONDS).message}")
    teaching = client.stop_filming()
    print(f"Scene: {client.reset_scene(task.num_blocks, 2 * seed + 1)}")
    print("Imitating ...", flush=True)
    client.start_filming()
    began = time.monotonic()
    result = client.imitate(NAME, step_limit(task) * CONTROL_PERIOD, seed, Narrator())
    imitation = client.stop_filming()
    seconds = time.monotonic() - began
    print(f"The policy says: {result.stages_done} of {result.stages_total} stages, {result.reason}")
    if seconds > 1.2 * result.seconds + 1.0:
        print(f"(On the clock it took {seconds:.0f} s: the machine is too busy to simulate in real time.)")
    reached = bool(layout_reached(task, client.scene(), client.blocks))
    return Story(client.robot, client.blocks, teaching, imitation, result, reached)


class Narrator:
    """Prints the feedback of the action, when there is news, at most twice a second."""

    def __init__(self) -> None:
        self._news: tuple[int, str, str] | None = None
        self._told = -1.0

    def __call__(self, feedback: Imitate.Feedback) -> None:
        news = (feedback.stage, feedback.source, feedback.target)
        if news != self._news and feedback.seconds - self._told >= 0.5:
            self._news, self._told = news, feedback.seconds
            print(
                f"  {feedback.seconds:5.1f} s  {feedback.stage} of {feedback.stages_total} stages done, "
                f"attending to {feedback.source} and {feedback.target}, "
                f"{100 * feedback.progress:.0f} % into the demonstration",
                flush=True,
            )


def _draw_film(story: Story, path: Path) -> None:
    viewpoint = Viewpoint(width=480, height=360)
    renderer = SceneRenderer(story.robot, len(story.teaching[0].block_positions), viewpoint, story.blocks)
    try:
        taught, imitated = (
            (renderer.render(snapshot) for snapshot in _moving(film)[::FRAME_STEPS])
            for film in (story.teaching, story.imitation)
        )
        both = side_by_side(taught, imitated, ("taught once", "imitated in a new layout"))
        write_video(path, both, rate=FRAME_RATE)
    finally:
        renderer.close()


def _moving(film: list[Snapshot]) -> list[Snapshot]:
    """The film from where the arm begins to move."""
    start = film[0].joint_positions
    first = next((i for i, one in enumerate(film) if np.abs(one.joint_positions - start).max() > 0.01), 0)
    return film[first:]


def _draw_attention(story: Story, policy: StackingPolicy, options: argparse.Namespace) -> None:
    """Let the same policy look again at what was filmed during the imitation, and draw where it looked."""
    stored = storage.load(options.output / f"{NAME}.mcap")
    policy.reset(stored.demonstration, seed=options.seed)
    seen = []
    for snapshot in story.imitation:
        policy.act(_observation(story.robot, snapshot))
        if policy.attention is not None:
            seen.append(policy.attention)
    draw_attention(seen, options.output / ATTENTION, stored.block_names)


def _observation(robot: Robot, snapshot: Snapshot) -> Observation:
    joints = snapshot.joint_positions
    gripper = robot.kinematics.forward(joints[: len(robot.arm_joints)], robot.lift)
    return observe(snapshot.block_positions, cube_yaws(snapshot.block_quaternions), gripper, joints[-2:].sum())
