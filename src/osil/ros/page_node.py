"""A page in the browser: see robot and blocks, teach by dragging the gripper, have it imitated, stop it.

It prints two addresses when it starts: one for the operator, and one for all who may only look on. Each has a token,
without which nobody gets in, and there is one operator at a time. While the gripper is dragged or turned, or the
fingers move, the page commands as teleoperation does. An operator whose page is closed, frozen or gone lets go of the
arm within a second.

Subscribes: ``joint_states``, ``block_poses``, ``controller/status``, ``policy/status``, ``policy/attention``.
Publishes: ``teleop/gripper_twist_command`` (geometry_msgs/TwistStamped, frame "gripper"), two a control period while
something is held, and one of zero at the end; ``teleop/gripper_command`` (std_msgs/Bool, true: close).
Calls the services of the recorder, ``controller/stop`` and ``resume``, ``policy/understand``, those of the simulation
where there is one, and the action ``policy/imitate``.
Parameters: see ``PageParameters`` and ``config/page.yaml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from geometry_msgs.msg import TwistStamped
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_msgs.msg import Bool

from osil.core import CONTROL_PERIOD, Action, FloatArray
from osil.errors import ObservationError
from osil.robots.joint_states import JointStates
from osil.robots.kinematics import GripperPose
from osil.robots.recency import seconds_since
from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil.ros.joint_topic import hear_joints
from osil.ros.page.control_law import ControlLaw
from osil.ros.page.demonstrations_panel import DemonstrationsPanel
from osil.ros.page.errands import Errands
from osil.ros.page.goal import SILENT
from osil.ros.page.guard import Guard, Role
from osil.ros.page.hand import Hand
from osil.ros.page.imitation_panel import ImitationPanel
from osil.ros.page.imitation_plots import ImitationPlots
from osil.ros.page.inbox import Inbox
from osil.ros.page.keyboard import add_keys
from osil.ros.page.page_parameters import PageParameters
from osil.ros.page.playback import Playback
from osil.ros.page.safety_panel import SafetyPanel
from osil.ros.page.scene_drawing import SceneDrawing
from osil.ros.page.scene_panel import ScenePanel
from osil.ros.page.shelf import Shelf
from osil.ros.page.teaching_panel import TeachingPanel
from osil.ros.parameters import declare
from osil.ros.run_node import run_node
from osil.ros.status import StatusWatch
from osil.ros.timing import ClockWatch, pacing
from osil.tasks.blocks import Blocks
from osil_interfaces.msg import BlockPoseArray, ControllerStatus, PolicyAttention

HAND_PERIOD = 0.5 * CONTROL_PERIOD
"""Seconds from one look at what is held to the next. The longer, the farther the gripper goes beyond a sudden stop."""

PICTURE_PERIOD = 1 / 30
"""Seconds of the machine's clock from one picture to the next."""

WORDS_PERIOD = 0.2
"""Seconds of the machine's clock after which words on the page may change."""

PLOT_PERIOD = 0.5
"""Seconds of the machine's clock from one moment that is plotted to the next."""

STILL = Action(np.zeros(3), np.array(False))


class PageNode(Node):
    """Topics on the page, and the operator's hand on the topics."""

    def __init__(self) -> None:
        self._open = False  # first of all, as destroy_node also ends a node that is half made
        super().__init__("page")
        settings = declare(self, PageParameters)
        blocks = Blocks(settings.block_size)
        self._robot = load_robot(settings.robot).opened_for(blocks)
        self._joint_states = JointStates(self._robot, settings.max_age)
        self._joints: dict[str, float] = {}
        self._seen: BlockPoseArray | None = None
        self._attention: PolicyAttention | None = None
        self._held = False
        self._inbox, self._hand = Inbox(), Hand(ControlLaw(max_speed=settings.max_speed))
        self._errands = Errands(self)
        self._guard = Guard(lambda: self._inbox.put(self._hand.let_go))
        self._server = self._guard.open(settings.listen_address, settings.listen_port)
        self._scene = SceneDrawing(self._server, self._robot, blocks)
        self._make_panels(settings.confirm)
        hear_joints(self, self._store_joints)
        self.create_subscription(BlockPoseArray, topics.BLOCK_POSES, self._store_blocks, topics.NEWEST)
        self.create_subscription(PolicyAttention, topics.POLICY_ATTENTION, self._store_attention, topics.NEWEST)
        self._clock_watch = ClockWatch(self)
        self._controller = StatusWatch(self, ControllerStatus, topics.CONTROLLER_STATUS)
        self._twist = self.create_publisher(TwistStamped, topics.TELEOP_GRIPPER_TWIST, 1)
        self._gripper = self.create_publisher(Bool, topics.TELEOP_GRIPPER, 1)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(HAND_PERIOD, self._command, clock=pacing(self))
        self.create_timer(PICTURE_PERIOD, self._draw, clock=steady)
        self.create_timer(WORDS_PERIOD, self._speak, clock=steady)
        self.create_timer(PLOT_PERIOD, self._plot, clock=steady)
        self._open = True
        # Not logged, because logs are kept, and the address opens the page.
        for role, what in ((Role.OPERATOR, "operate"), (Role.ONLOOKER, "look on")):
            address = f"http://{settings.listen_address}:{self._server.get_port()}/{self._guard.tokens[role]}/"
            print(f"to {what}, open {address}", flush=True)

    def destroy_node(self) -> None:
        """End the imitation, let go of the arm, and close the page."""
        if self._open:
            self._open = False
            self._imitation.close()  # while the rest goes on, so that the policy's answer is heard
            self._hand.let_go()
            self._command()
            self._server.stop()
            self._shelf.close()
        super().destroy_node()

    def _make_panels(self, confirm: bool) -> None:
        gui = self._server.gui
        gui.set_panel_label("osil")
        gui.configure_theme(show_logo=False, show_share_button=False)
        self._safety = SafetyPanel(gui, self._inbox, self._errands, self._guard)
        self._shelf = Shelf(self._inbox, self._errands, self._robot, lambda: self._demonstrations.show())
        self._playback = Playback(self._server.scene, self._robot)
        inbox, errands, tabs = self._inbox, self._errands, gui.add_tab_group()
        with tabs.add_tab("Teach"):
            self._teaching = TeachingPanel(self._server, inbox, self._hand, errands, self._now, self._shelf.refresh)
        shown = tabs.add_tab("Shown")
        with tabs.add_tab("Imitate"):
            self._imitation = ImitationPanel(gui, inbox, errands, self._shelf, self, confirm)
            self._plots = ImitationPlots(gui)
        with shown:
            self._demonstrations = DemonstrationsPanel(
                gui, inbox, errands, self._shelf, self._playback, self._imitation.choose
            )
        with tabs.add_tab("Scene"):
            self._scene_panel = ScenePanel(gui, inbox, errands)
        add_keys(gui, inbox, self._step, lambda close: self._hand.grip(close, self._now()), self._safety.stop)

    def _now(self) -> int:
        return self.get_clock().now().nanoseconds

    def _store_joints(self, now: int, stamp: int, positions: dict[str, float]) -> None:
        self._joint_states.add(now, stamp, positions)
        self._joints |= positions

    def _store_blocks(self, message: BlockPoseArray) -> None:
        try:
            convert.check_base_frame(message)
            convert.to_scene(message.blocks)
        except ObservationError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)
        else:
            self._seen = message

    def _store_attention(self, message: PolicyAttention) -> None:
        if len(message.source) == len(message.target) == len(message.blocks):  # others cannot be drawn
            self._attention = message

    def _measured(self) -> GripperPose:
        """Where the gripper is. Raises ObservationError if that is not known."""
        if problem := self._clock_watch.problem:
            raise ObservationError(problem)
        robot, now = self._robot, self._now()
        joints = self._joint_states.newest(now, robot.arm_joints)
        lift = self._joint_states.newest(now, [robot.lift_joint])[0] if robot.lift_joint else robot.lift
        return robot.kinematics.forward(joints, lift)

    def _step(self, way: FloatArray, turn: float) -> None:
        with suppress(ObservationError):  # nobody can lead an arm that is not seen
            self._hand.step(way, turn, self._measured(), self._now())

    def _command(self) -> None:
        self._inbox.empty()
        wish = None
        try:
            wish = self._hand.action(self._now(), self._measured())
        except ObservationError as error:
            self._hand.let_go()  # nobody can lead an arm that is not seen
            self.get_logger().warning(str(error), throttle_duration_sec=10.0, skip_first=True)
        if wish is not None:
            action, gripper = wish
            if gripper:
                self._gripper.publish(Bool(data=bool(action.close_gripper)))
            self._twist.publish(convert.from_action(action, self._now(), CONTROL_PERIOD))
        elif self._held:
            self._twist.publish(convert.from_action(STILL, self._now(), CONTROL_PERIOD))
        self._held = wish is not None

    def _draw(self) -> None:
        self._inbox.empty()
        with self._server.atomic():
            self._scene.show_robot(self._joints)
            self._playback.draw()
            if self._seen is not None:
                self._scene.show_blocks(self._seen.blocks)
            try:
                pose = self._measured()
            except ObservationError:
                return
            self._scene.show_gripper(pose)
            self._teaching.show(pose)

    def _speak(self) -> None:
        self._errands.look()
        gone = self._controller.problem(SILENT)
        self._safety.show_gate(None if gone else self._controller.status)
        self._safety.show_pages()
        self._say_what_is_seen()
        self._teaching.look()
        self._shelf.look()
        self._demonstrations.look()
        self._imitation.look()
        blocks = self._seen.blocks if self._seen else []
        self._scene_panel.look([block.name for block in blocks])
        self._scene.mark(self._imitation.roles)
        self._scene.show_layout_to_come(self._imitation.stages, blocks)

    def _plot(self) -> None:
        """Draw what the policy attends to, if it does."""
        attention, self._attention = self._attention, None
        imitation = self._imitation.feedback
        if attention is None or imitation is None:
            return
        with suppress(ObservationError), self._server.atomic():
            opening = float(convert.pick(self._joints, self._robot.gripper.joints).sum())
            self._plots.add(attention, imitation.seconds, self._measured(), opening)

    def _say_what_is_seen(self) -> None:
        if self._seen is None:
            self._safety.show_seen([], 0.0, f"Nothing has come on {topics.BLOCK_POSES}. Is the tracker running?")
            return
        if problem := self._clock_watch.problem:
            self._safety.show_seen([], 0.0, problem)
            return
        age = seconds_since(convert.to_nanoseconds(self._seen.header.stamp), self._now())
        self._safety.show_seen([block.name for block in self._seen.blocks], age, "")


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(PageNode, "page.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
