"""Delay of the closed loop through ROS 2: from what was observed to the command, and from the command to motion.

    python benchmarks/ros_latency.py [--model stacking] [--pushes 30]

First the arm is pushed from rest, and it is measured how much simulated time passes from the stamp of the block poses
that triggered the push to the first joint state that shows motion. Then a policy imitates, and it is measured how long
after the arrival of the block poses its command arrives. Their sum should stay below one control step.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import rclpy
from geometry_msgs.msg import TwistStamped
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState

from osil.core import CONTROL_PERIOD, NANOSECONDS, Action
from osil.data.demonstrate import demonstrate
from osil.demonstrations import storage
from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil.tasks.block_stacking import StackingTask
from osil.worlds.kinematic import KinematicWorld
from osil_interfaces.msg import BlockPoseArray

FETCH = load_robot("fetch")

MOTION = 2e-4
"""Radians by which a joint must have moved to count as moving."""

TASK = StackingTask.parse("ab cd +e")


class Meter(Client):
    """A client that notes when messages arrive."""

    def __init__(self, processes: NodeProcesses) -> None:
        super().__init__(processes, FETCH)
        self.arrived: dict[int, float] = {}
        self.replies: list[float] = []
        self.stamp, self.moved_at = 0, 0
        self._pose: np.ndarray | None = None
        self.twist = self.create_publisher(TwistStamped, topics.GRIPPER_TWIST, 1)
        self.create_subscription(JointState, topics.JOINT_STATES, self._note_joints, topics.NEWEST)
        self.create_subscription(BlockPoseArray, topics.BLOCK_POSES, self._note_blocks, topics.NEWEST)
        self.create_subscription(TwistStamped, topics.GRIPPER_TWIST, self._note_twist, 1)

    def _note_joints(self, message: JointState) -> None:
        arm = convert.pick(convert.to_joint_positions(message), FETCH.arm_joints)
        if self._pose is not None and not self.moved_at and np.abs(arm - self._pose).max() > MOTION:
            self.moved_at = convert.to_nanoseconds(message.header.stamp)
        self._newest = arm

    def _note_blocks(self, message: BlockPoseArray) -> None:
        self.stamp = convert.to_nanoseconds(message.header.stamp)
        self.arrived[self.stamp] = time.monotonic()

    def _note_twist(self, message: TwistStamped) -> None:
        stamp = convert.to_nanoseconds(message.header.stamp)
        if stamp in self.arrived:
            self.replies.append(time.monotonic() - self.arrived[stamp])

    def push(self) -> float:
        """Simulated seconds from the newest block poses to the motion that answers them."""
        rest = self.stamp + 500_000_000
        self.wait(lambda: self.stamp > rest, "rest", 30.0)
        self._pose, self.moved_at, seen = self._newest, 0, self.stamp
        self.wait(lambda: self.stamp > seen, "block poses", 30.0)
        seen = self.stamp
        action = Action(np.array([0.0, 0.012, 0.0]), np.array(False))
        self.twist.publish(convert.from_action(action, seen, CONTROL_PERIOD))
        self.wait(lambda: self.moved_at > 0, "motion", 30.0)
        return (self.moved_at - seen) / NANOSECONDS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="stacking")
    parser.add_argument("--pushes", type=int, default=30)
    options = parser.parse_args()
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    folder = Path(tempfile.mkdtemp())
    rng = np.random.default_rng(0)
    (shown,), _ = demonstrate(KinematicWorld(rng, FETCH), [TASK], FETCH.table.random_scene(TASK.num_blocks, rng)[None])
    storage.save(shown, folder / "shown.mcap", "shown", "abcde")
    with NodeProcesses(folder, {"OMP_NUM_THREADS": "1"}) as processes:
        processes.start("simulation")
        processes.start("controller")
        processes.start("policy", {"model": options.model, "demonstrations": str(folder)})
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        meter = Meter(processes)
        meter.reset_scene(TASK.num_blocks, 0)
        meter.wait(lambda: meter.twist.get_subscription_count() > 1 and meter.stamp > 0, "controller", 30.0)
        pushes = [meter.push() for _ in range(options.pushes)]
        meter.replies.clear()
        meter.reset_scene(TASK.num_blocks, 0)
        meter.imitate("shown", 10.0, 0, lambda feedback: None)
        replies = list(meter.replies)
        meter.close()
        rclpy.try_shutdown()
    for what, seconds in (("command to motion (simulated)", pushes), ("block poses to command (wall)", replies)):
        p50, p95 = 1000 * np.quantile(seconds, (0.5, 0.95))
        print(f"{what}: median {p50:.1f} ms, 95 % below {p95:.1f} ms (n = {len(seconds)})")
    steps = (np.median(pushes) + np.median(replies)) / CONTROL_PERIOD
    print(f"observation to motion: {steps:.2f} control steps in the median")


if __name__ == "__main__":
    main()
