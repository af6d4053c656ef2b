"""Imitates: shown one demonstration, the policy repeats it in the scene that it sees, as an action goal.

The demonstration is embedded once, when the goal comes; then the policy acts at 20 Hz on the newest observation. One
goal runs at a time. Success is judged from what is seen here, against the layout in which the demonstration ends.
When observations stop coming the arm holds, and soon the goal is aborted.

Subscribes: ``joint_states``, ``block_poses``.
Publishes: ``gripper_twist_command`` (geometry_msgs/TwistStamped, frame "gripper"), ``gripper_command`` (std_msgs/Bool,
true: close).
Action: ``~/imitate`` (osil_interfaces/Imitate), offered once the robot and the blocks have been seen.
Parameters: see ``PolicyParameters`` and ``config/policy.yaml``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from geometry_msgs.msg import TwistStamped
from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Bool

from osil.core import CONTROL_PERIOD, Action
from osil.demonstrations import storage
from osil.demonstrations.library import Library, absolute
from osil.errors import DemonstrationError, ObservationError, OsilError
from osil.policy import load_policy
from osil.resources import resource_path
from osil.ros import convert, topics
from osil.ros.imitation import Imitation
from osil.ros.observing import SceneView
from osil.ros.parameters import declare, parameter, require
from osil.ros.spin import spin
from osil_interfaces.action import Imitate

Result = Imitate.Result


def model_folder(model: str) -> Path:
    """The folder of a model given by path, or by its name in ``models/``."""
    folder = Path(model).expanduser()
    return folder if folder.is_dir() else resource_path("models", model)


@dataclass(frozen=True)
class PolicyParameters:
    """What acts, and where demonstrations lie."""

    model: str = parameter("a released model by its name in models/, or the path of a model folder")
    demonstrations: str = parameter("folder in which demonstrations are looked up by name")
    observation_timeout: float = parameter("seconds without a usable observation after which a goal is aborted")

    def __post_init__(self) -> None:
        require(
            self.observation_timeout >= 0.1, f"observation_timeout {self.observation_timeout}: expected 0.1 or more"
        )

    def demonstration_path(self, demonstration: str) -> Path:
        """Where a demonstration lies that was given by name or by path. Raises what ``Library.find`` does."""
        return Library(absolute(self.demonstrations)).find(demonstration)


@dataclass(eq=False)
class Run:
    """One goal under way."""

    goal: ServerGoalHandle
    imitation: Imitation
    block_names: tuple[str, ...]
    started: int
    """Nanoseconds of the node's clock."""
    last_seen: float
    """Of the machine's monotonic clock, seconds, which goes on even if simulated time stops."""
    over: Future
    """Its result: the outcome and the reason."""
    problem: str = ""


class PolicyNode(Node):
    """Demonstration in, gripper commands out."""

    def __init__(self) -> None:
        super().__init__("policy")
        self._settings = declare(self, PolicyParameters)
        torch.set_num_threads(1)  # the network is small: more threads cost more than they bring
        self._policy = load_policy(model_folder(self._settings.model))
        self.get_logger().info(f"model {self._policy.info}")
        self._view = SceneView(self, self._settings.observation_timeout)
        self._run: Run | None = None
        self._twist = self.create_publisher(TwistStamped, topics.GRIPPER_TWIST, 1)
        self._gripper = self.create_publisher(Bool, topics.GRIPPER, 1)
        self._server: ActionServer | None = None
        self.create_timer(CONTROL_PERIOD, self._step)
        self.create_timer(CONTROL_PERIOD, self._watch, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _offer_action(self) -> None:
        """Offer the action as soon as the robot and the blocks are seen, so that no early goal is refused."""
        try:
            self._view.look()
        except ObservationError as error:
            self.get_logger().info(f"not ready yet: {error}", throttle_duration_sec=10.0, skip_first=True)
            return
        self._server = ActionServer(
            self, Imitate, "~/imitate", self._execute, cancel_callback=lambda goal: CancelResponse.ACCEPT
        )

    async def _execute(self, goal: ServerGoalHandle) -> Result:
        try:
            run = self._begin(goal)
        except OsilError as error:
            self.get_logger().warning(f"refused: {error}")
            goal.abort()
            return Result(outcome=Result.REFUSED, reason=str(error))
        outcome, reason = await run.over
        self._run = None
        {Result.SUCCEEDED: goal.succeed, Result.CANCELLED: goal.canceled}.get(outcome, goal.abort)()
        self.get_logger().info(reason)
        return Result(
            outcome=outcome,
            reason=reason,
            stages_done=run.imitation.stages_done,
            stages_total=run.imitation.stages_total,
            seconds=self._seconds(run),
        )

    def _begin(self, goal: ServerGoalHandle) -> Run:
        if self._run is not None:
            raise DemonstrationError("another demonstration is being imitated; cancel it, or wait until it is over")
        stored = storage.load(self._settings.demonstration_path(goal.request.demonstration))
        imitation = Imitation(stored, self._view.look().block_names)
        self._policy.reset(stored.demonstration, seed=goal.request.seed)
        self.get_logger().info(f"'{stored.name}' shows that actions take effect {self._policy.latency[0]} steps late")
        self._policy.act(self._view.look(stored.block_names).observation)  # the first call of a network is slow
        self._run = Run(
            goal=goal,
            imitation=imitation,
            block_names=stored.block_names,
            started=self.get_clock().now().nanoseconds,
            last_seen=time.monotonic(),
            over=Future(executor=self.executor),
        )
        return self._run

    def _seconds(self, run: Run) -> float:
        return (self.get_clock().now().nanoseconds - run.started) / convert.NANOSECONDS

    def _step(self) -> None:
        run = self._run
        if run is None or run.over.done():
            return
        try:
            seen = self._view.look(run.block_names)
            action = self._policy.act(seen.observation)
        except ObservationError as error:
            run.problem = str(error)
            self._hold()
            return
        run.last_seen = time.monotonic()
        run.imitation.update(seen.observation)
        self._gripper.publish(Bool(data=bool(action.close_gripper)))
        self._twist.publish(convert.from_action(action, self.get_clock().now().nanoseconds, CONTROL_PERIOD))
        run.goal.publish_feedback(self._feedback(run))
        limit, seconds = run.goal.request.time_limit, self._seconds(run)
        if run.imitation.reached:
            self._end(run, Result.SUCCEEDED, f"the layout shown was reached after {seconds:.1f} s")
        elif 0.0 < limit < seconds:
            self._end(run, Result.TIME_LIMIT, f"the time limit of {limit:.1f} s has passed")

    def _watch(self) -> None:
        if self._server is None:
            self._offer_action()
        run = self._run
        if run is None or run.over.done():
            return
        silent = time.monotonic() - run.last_seen
        if run.goal.is_cancel_requested:
            self._end(run, Result.CANCELLED, "cancelled by the client")
        elif silent > self._settings.observation_timeout:
            why = run.problem or "joint states, block poses or the clock stopped"
            self._end(run, Result.OBSERVATION_LOST, f"nothing usable was seen for {silent:.1f} s: {why}")

    def _end(self, run: Run, outcome: int, reason: str) -> None:
        self._hold()
        run.over.set_result((outcome, reason))

    def _hold(self) -> None:
        still = Action(np.zeros(3), np.False_)
        self._twist.publish(convert.from_action(still, self.get_clock().now().nanoseconds, CONTROL_PERIOD))

    def _feedback(self, run: Run) -> Imitate.Feedback:
        attention = self._policy.attention
        return Imitate.Feedback(
            stage=run.imitation.stages_done,
            stages_total=run.imitation.stages_total,
            source=run.block_names[int(attention.source.argmax())],
            target=run.block_names[int(attention.target.argmax())],
            progress=float(attention.over_time @ np.linspace(0.0, 1.0, len(attention.over_time))),
            seconds=self._seconds(run),
        )


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return spin(PolicyNode, "policy.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
