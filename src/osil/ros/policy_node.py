"""Imitates: shown one demonstration, the policy repeats it in the scene that it sees, as an action goal.

The demonstration is embedded once, when the goal comes; then the policy acts once a control period on the newest
observation. One goal runs at a time. Success is judged from what is seen here, against the layout in which the
demonstration ends. When observations stop coming the arm holds, and soon the goal is aborted. The goal is also aborted
when the controller stops the arm, does not follow, or is not there. All waiting is counted by the node's clock, so that
a simulation may be slow. The machine's own clock is asked only whether the node's clock, or the controller, has
stopped.

Subscribes: ``joint_states``, ``block_poses``, ``controller/status``.
Publishes: ``gripper_twist_command`` (geometry_msgs/TwistStamped, frame "gripper"), ``gripper_command`` (std_msgs/Bool,
true: close); ``~/status`` (PolicyStatus); ``~/attention`` (PolicyAttention), whenever it acts.
Action: ``~/imitate`` (osil_interfaces/Imitate), offered once the robot and the blocks have been seen.
Service: ``~/understand`` (UnderstandDemonstration), which stages the policy sees in a demonstration; nothing moves.
Parameters: see ``PolicyParameters`` and ``config/policy.yaml``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import torch
from geometry_msgs.msg import TwistStamped
from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.clock import Clock, ClockType
from rclpy.task import Future
from std_msgs.msg import Bool

from osil.choices import MODEL, ROBOT
from osil.core import CONTROL_PERIOD, Action
from osil.demonstrations import storage
from osil.demonstrations.library import Library, absolute
from osil.errors import DemonstrationError, ObservationError, OsilError
from osil.policies.stacking import Attention, StackingPolicy
from osil.robots.recency import CLOCK_TOLERANCE, seconds_since
from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil.ros.attention_topic import AttentionTopic
from osil.ros.continuity import Continuity
from osil.ros.farewell import linger
from osil.ros.managed_node import ManagedNode
from osil.ros.observing import SceneView
from osil.ros.parameters import declare, parameter
from osil.ros.run_node import run_node
from osil.ros.status import StatusTopic, StatusWatch
from osil.ros.timing import pacing
from osil.tasks.progress import Progress
from osil_interfaces.action import Imitate
from osil_interfaces.msg import ControllerStatus, PolicyStatus
from osil_interfaces.srv import UnderstandDemonstration

Result = Imitate.Result

MAX_STEP = 4 * CONTROL_PERIOD
"""Seconds that count between two steps at most: when a clock is set forward, nobody was blind for so long."""

WAITS = (0.1, 60.0)
"""Shortest and longest that a goal waits for others, seconds."""


@dataclass(frozen=True)
class PolicyParameters:
    """What acts, and where demonstrations lie."""

    robot: str = parameter(ROBOT)
    model: str = parameter(MODEL)
    demonstrations: str = parameter("folder in which demonstrations are looked up by name")
    max_age: float = parameter("seconds after which a joint state or block pose is too old to act upon", 0.01, 5.0)
    observation_timeout: float = parameter("seconds of seeing nothing usable that abort a goal", *WAITS, live=True)
    controller_timeout: float = parameter(
        "seconds of the machine's clock: a controller silent for so long is gone", *WAITS, live=True
    )
    following_timeout: float = parameter("seconds for which the controller may hold while commanded", *WAITS, live=True)


@dataclass(eq=False)
class Imitation:
    """One goal under way."""

    goal: ServerGoalHandle
    progress: Progress
    block_names: tuple[str, ...]
    started: int
    """Nanoseconds of the node's clock, as the next."""
    last_step: int
    over: Future
    """Its result: the outcome and the reason."""
    blind: float = 0.0
    """Seconds for which nothing usable was seen."""
    unfollowed: float = 0.0
    """Seconds for which the controller has not followed."""
    continuity: Continuity = field(default_factory=Continuity)


class NotReadyError(OsilError):
    """This node is not active, or nobody is there who would follow it."""


class PolicyNode(ManagedNode):
    """Demonstration in, gripper commands out."""

    def __init__(self) -> None:
        super().__init__("policy")
        self._settings = declare(self, PolicyParameters, self._adopt)

    def configure(self) -> None:
        """See ``ManagedNode``."""
        self._imitation: Imitation | None = None
        self._library = Library(absolute(self._settings.demonstrations))
        torch.set_num_threads(1)  # the network is small: more threads cost more than they bring
        self._policy = StackingPolicy.load(self._settings.model)
        self.get_logger().info("model {name}, weights {digest}".format(**self._policy.info))
        self._view = SceneView(self, load_robot(self._settings.robot), self._settings.max_age)
        self._tick: Future | None = None
        self._status = StatusTopic(self, topics.POLICY_STATUS, PolicyStatus(observation_age=math.nan))
        self._attention = AttentionTopic(self)
        self._controller = StatusWatch(self, ControllerStatus, topics.CONTROLLER_STATUS, self._heed_controller)
        self._twist = self.create_publisher(TwistStamped, topics.GRIPPER_TWIST, 1)
        self._gripper = self.create_publisher(Bool, topics.GRIPPER, 1)
        self._server: ActionServer | None = None
        self.create_service(UnderstandDemonstration, "~/understand", self._understand)
        self.create_timer(CONTROL_PERIOD, self._step, clock=pacing(self))
        self.create_timer(CONTROL_PERIOD, self._watch, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _adopt(self, settings: PolicyParameters) -> None:
        self._settings = settings

    def _now(self) -> int:
        return self.get_clock().now().nanoseconds

    def _heed_controller(self, status: ControllerStatus) -> None:
        if status.state == ControllerStatus.STOPPED and self._imitation is not None:
            self._end(self._imitation, Result.CONTROLLER_LOST, f"the controller has stopped: {status.reason}")

    def _offer_action(self) -> None:
        """Offer the action as soon as robot, blocks and a controller are there, so that no early goal is refused."""
        try:
            self._view.look()
            if problem := self._controller_problem():
                raise ObservationError(problem)
        except ObservationError as error:
            self.get_logger().info(f"not ready yet: {error}", throttle_duration_sec=10.0, skip_first=True)
            return
        self._server = ActionServer(
            self, Imitate, "~/imitate", self._execute, cancel_callback=lambda goal: CancelResponse.ACCEPT
        )

    async def _until_seen(self) -> None:
        """Wait until something usable is seen that is newer than the goal, but not for long.

        A goal may come before the news of a scene that was set up just before it.
        """
        deadline, known = time.monotonic() + self._settings.observation_timeout, self._view.stamp
        while time.monotonic() < deadline:
            with suppress(ObservationError):
                if self._view.look().nanoseconds != known:
                    return
            self._tick = self._tick or Future(executor=self.executor)
            await self._tick

    async def _execute(self, goal: ServerGoalHandle) -> Imitate.Result:
        try:
            self._refuse_while_busy()
            stored = storage.load(self._library.find(goal.request.demonstration))  # first: there is no news meanwhile
            await self._until_seen()
            imitation = self._begin(goal, stored)
        except OsilError as error:
            self.get_logger().warning(f"refused: {error}")
            goal.abort()
            return Result(outcome=Result.REFUSED, reason=str(error))
        outcome, reason = await imitation.over
        self._imitation = None
        {Result.SUCCEEDED: goal.succeed, Result.CANCELLED: goal.canceled}.get(outcome, goal.abort)()
        self.get_logger().info(reason)
        return Result(
            outcome=outcome,
            reason=reason,
            stages_done=imitation.progress.stages_done,
            stages_total=imitation.progress.stages_total,
            seconds=self._seconds(imitation),
        )

    def _understand(
        self, request: UnderstandDemonstration.Request, response: UnderstandDemonstration.Response
    ) -> UnderstandDemonstration.Response:
        try:
            self._refuse_while_busy()
            stored = storage.load(self._library.find(request.demonstration))
            self._policy.reset(stored.demonstration)
        except OsilError as error:
            response.message = str(error)
            return response
        response.success = True
        response.understood = convert.from_understood(self._policy.understood, stored.block_names)
        response.message = ", ".join(f"{stage.source} onto {stage.target}" for stage in response.understood)
        return response

    def _refuse_while_busy(self) -> None:
        """Raise DemonstrationError while a goal is under way."""
        if self._imitation is not None:
            raise DemonstrationError("another demonstration is being imitated; cancel it, or wait until it is over")

    def _begin(self, goal: ServerGoalHandle, stored: storage.StoredDemonstration) -> Imitation:
        self._refuse_while_busy()
        if not 0.0 <= goal.request.time_limit < math.inf:
            raise DemonstrationError(
                f"time_limit {goal.request.time_limit}: expected seconds, or 0 for as long as it takes"
            )
        if problem := self.inactive or self._controller_problem():
            raise NotReadyError(problem)
        stored.check_blocks(self._view.look().block_names)
        seen = self._view.look(stored.block_names)  # now: taking in a demonstration takes long, and no news meanwhile
        self._policy.reset(stored.demonstration, seed=goal.request.seed)
        progress = Progress(stored.demonstration)
        understood = convert.from_understood(self._policy.understood, stored.block_names)
        self._status.tell(demonstration=stored.name, understood=understood)
        late = 1000 * CONTROL_PERIOD * self._policy.latency[0]
        self.get_logger().info(f"'{stored.name}' shows that actions take effect {late:.0f} ms late")
        self._policy.act(seen.observation)  # the first call of a network is slow
        now = self._now()
        self._imitation = Imitation(goal, progress, stored.block_names, now, now, Future(executor=self.executor))
        return self._imitation

    def _controller_problem(self) -> str:
        """Why nothing that is commanded now would be followed; empty if it would."""
        if not self._twist.get_subscription_count():
            return f"nobody listens on {self._twist.topic_name}; is the controller running?"
        if problem := self._controller.problem(self._settings.controller_timeout):
            return problem
        status = self._controller.status
        if status is not None and status.state == ControllerStatus.STOPPED:
            return f"the controller has stopped: {status.reason}"
        return ""

    def _seconds(self, imitation: Imitation) -> float:
        return seconds_since(imitation.started, self._now())

    def _step(self) -> None:
        imitation, now = self._imitation, self._now()
        if imitation is None or imitation.over.done():
            return
        since, imitation.last_step = seconds_since(imitation.last_step, now), now
        step = min(since, MAX_STEP)
        if since < -CLOCK_TOLERANCE:
            self._end(
                imitation, Result.OBSERVATION_LOST, f"the clock was set back by {-since:.1f} s; send the goal again"
            )
            return
        try:
            seen = self._view.look(imitation.block_names, imitation.progress.blocks)
            imitation.continuity.follow(seen)
            action = self._policy.act(seen.observation)
        except ObservationError as error:
            self._hold()
            self._status.tell(state=PolicyStatus.HOLDING, reason=str(error))
            imitation.blind += step
            if imitation.blind > self._settings.observation_timeout:
                self._end(
                    imitation, Result.OBSERVATION_LOST, f"nothing usable was seen for {imitation.blind:.1f} s: {error}"
                )
            return
        imitation.blind, self._status.message.observation_age = 0.0, seen.age
        imitation.progress.update(seen.observation)
        self._gripper.publish(Bool(data=bool(action.close_gripper)))
        self._twist.publish(convert.from_action(action, now, CONTROL_PERIOD))
        self._status.tell(state=PolicyStatus.ACTING, reason="")
        attention = self._policy.attention
        assert attention is not None  # it has acted, in one scene
        self._attention.tell(attention, imitation.block_names, now)
        imitation.goal.publish_feedback(self._feedback(imitation, attention))
        limit, seconds = imitation.goal.request.time_limit, self._seconds(imitation)
        if imitation.progress.reached:
            self._end(imitation, Result.SUCCEEDED, f"the layout shown was reached after {seconds:.1f} s")
        elif 0.0 < limit < seconds:
            self._end(imitation, Result.TIME_LIMIT, f"the time limit of {limit:g} s has passed")
        elif problem := self._controller_problem() or self._not_followed(imitation, step):
            self._end(imitation, Result.CONTROLLER_LOST, problem)

    def _not_followed(self, imitation: Imitation, seconds: float) -> str:
        """Why the controller has not followed for too long; empty if it has."""
        controller = self._controller.status
        if controller is None or controller.state == ControllerStatus.FOLLOWING:
            imitation.unfollowed = 0.0
            return ""
        imitation.unfollowed += seconds
        late = imitation.unfollowed > self._settings.following_timeout
        return f"the controller does not follow: {controller.reason}" if late else ""

    def _watch(self) -> None:
        """What must not wait for the node's clock, which may have stopped."""
        if self._server is None:
            self._offer_action()
        if self._tick is not None:
            self._tick.set_result(None)
            self._tick = None
        imitation = self._imitation
        if imitation is None or imitation.over.done():
            return
        if imitation.goal.is_cancel_requested:
            self._end(imitation, Result.CANCELLED, "cancelled by the client")
        elif problem := self._view.clock_watch.problem:
            self._end(imitation, Result.OBSERVATION_LOST, f"nothing usable was seen: {problem}")

    def deactivate(self, why: str) -> None:
        """End the goal under way, if there is one."""
        if self._imitation is not None:
            self._end(self._imitation, Result.FAILED, f"the policy {why}")

    def destroy_node(self) -> None:
        """Let the client know how its goal ends, if one is under way."""
        if not self.inactive and self._imitation is not None:
            self.deactivate("was told to leave")
            linger(self)
        super().destroy_node()

    def _end(self, imitation: Imitation, outcome: int, reason: str) -> None:
        if imitation.over.done():
            return
        self._hold()
        self._status.tell(state=PolicyStatus.IDLE, reason=reason)
        imitation.over.set_result((outcome, reason))

    def _hold(self) -> None:
        still = Action(np.zeros(3), np.array(False))
        self._twist.publish(convert.from_action(still, self._now(), CONTROL_PERIOD))

    def _feedback(self, imitation: Imitation, attention: Attention) -> Imitate.Feedback:
        return Imitate.Feedback(
            stage=imitation.progress.stages_done,
            stages_total=imitation.progress.stages_total,
            source=imitation.block_names[int(attention.source.argmax())],
            target=imitation.block_names[int(attention.target.argmax())],
            progress=float(attention.over_time @ np.linspace(0.0, 1.0, len(attention.over_time))),
            seconds=self._seconds(imitation),
            observation_age=self._status.message.observation_age,
            understood=self._status.message.understood,
        )


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(PolicyNode, "policy.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
