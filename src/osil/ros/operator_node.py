"""A scripted operator: teaches one task by moving a joystick, looking at the blocks and the arm. Then it leaves.

It acts through teleoperation alone, as a person would, and exits with status 0 once the task stands. Blocks are told
apart by their names: block a of the task is the one that the tracker calls "a".

Subscribes: ``joint_states``, ``block_poses``, ``controller/status``.
Publishes: ``joy`` (sensor_msgs/Joy).
Parameters: see ``Joystick``, ``OperatorParameters`` and ``config/teleop.yaml``, which it shares with the teleoperation
node.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import Joy

from osil.choices import ROBOT, TASK
from osil.core import CONTROL_PERIOD, Observation
from osil.errors import ObservationError, OsilError
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.robots.robot import load_robot
from osil.ros import topics
from osil.ros.joystick import Joystick, unheard
from osil.ros.observing import SceneView
from osil.ros.parameters import declare, parameter
from osil.ros.run_node import run_node
from osil.ros.timing import pacing
from osil.tasks.block_stacking import StackingTask
from osil.tasks.blocks import LARGEST, SMALLEST, Blocks
from osil_interfaces.msg import ControllerStatus

STEPS_AFTER = 12
"""Control steps for which the operator watches the finished layout before letting go of the joystick. No parameter: a
demonstration has to show for half a second that the layout stands (``osil.tasks.progress``)."""

STEPS_WRONG = 20
"""Control steps, a second of them, for which other blocks may be seen than those of the task: trackers err, and a scene
may be set up just now."""

GAIN = 0.2
"""Of the expert's hand (``ExpertConfig``). It sees what it does two control steps later, three on a busy machine: with
more it would swing about the block to grasp until its time is up."""

WATCH_PERIOD = 2.0
"""Seconds of the machine's clock after which the operator says why it is idle."""


class OperatorError(OsilError):
    """The operator could not teach the task."""


@dataclass(frozen=True)
class OperatorParameters:
    """What to teach."""

    robot: str = parameter(ROBOT)
    task: str = parameter(TASK)
    block_size: float = parameter("edge length of the blocks, metres", SMALLEST, LARGEST)
    time_limit: float = parameter("seconds after which the operator gives up", 1.0, 86400.0)
    max_age: float = parameter("seconds after which a joint state or block pose is too old to act upon", 0.01, 5.0)


class OperatorNode(Node):
    """Eyes on the topics, hand on the joystick."""

    def __init__(self) -> None:
        super().__init__("operator")
        parameters, self._joystick = declare(self, OperatorParameters), declare(self, Joystick)
        self._task = StackingTask.parse(parameters.task)
        self._blocks = Blocks(parameters.block_size)
        robot = load_robot(parameters.robot).opened_for(self._blocks)
        self._names = string.ascii_lowercase[: self._task.num_blocks]
        self._expert = StackingExpert(self._task, ExpertConfig(robot.gripper, gain=GAIN, blocks=self._blocks))
        self._view = SceneView(self, robot, parameters.max_age)
        self._joy = self.create_publisher(Joy, topics.JOY, 1)
        self.create_subscription(ControllerStatus, topics.CONTROLLER_STATUS, self._heed, topics.NEWEST)
        self._steps, self._limit, self._finished = 0, round(parameters.time_limit / CONTROL_PERIOD), 0
        self._steps_wrong = self._steps_watched = 0
        self.create_timer(CONTROL_PERIOD, self._step, clock=pacing(self))
        self.create_timer(WATCH_PERIOD, self._watch, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _step(self) -> None:
        self._steps += 1
        if self._steps > self._limit:
            raise OperatorError(f"task {self._task} does not stand after {self._seconds:.0f} s; gave up")
        try:
            observation = self._look()
        except ObservationError as error:  # hands off the joystick until something can be seen
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)
            return
        action = self._expert.act(observation)
        sources, _ = self._expert.attended(observation[None])
        self._finished = self._finished + 1 if sources[0] < 0 and not action.close_gripper else 0
        if self._finished > STEPS_AFTER:
            self._joy.publish(self._joystick.released())
            self.get_logger().info(f"taught {self._task} in {self._seconds:.1f} s")
            raise KeyboardInterrupt
        self._joy.publish(self._joystick.encode(action))

    def _heed(self, status: ControllerStatus) -> None:
        """Leave when the controller has stopped: whoever sees to the robot should not find it commanded."""
        if status.state == ControllerStatus.STOPPED and self._steps:
            raise OperatorError(f"the controller has stopped: {status.reason}")

    @property
    def _seconds(self) -> float:
        """Of the node's clock, since the start."""
        return self._steps * CONTROL_PERIOD

    def _look(self) -> Observation:
        """What is seen now, in the order of the task's blocks."""
        names = self._view.look().block_names
        if set(names) == set(self._names):
            self._steps_wrong = 0
            return self._view.look(self._names, self._blocks).observation
        problem = (
            f"task {self._task} needs {len(self._names)} blocks, but {len(names)} are seen: expected "
            f"{' '.join(self._names)}, got {' '.join(names)}; reset the scene"
        )
        self._steps_wrong += 1
        if self._steps_wrong > STEPS_WRONG:
            raise OperatorError(problem)
        raise ObservationError(problem)

    def _watch(self) -> None:
        """Say so if nothing can come of what the operator does."""
        if self._steps == self._steps_watched:
            self.get_logger().warning("simulated time stands still; is the simulation running?")
        elif problem := unheard(self._joy):
            self.get_logger().warning(problem, skip_first=True, throttle_duration_sec=WATCH_PERIOD)
        self._steps_watched = self._steps


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until the task stands."""
    return run_node(OperatorNode, "teleop.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
