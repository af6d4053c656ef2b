"""A page in the browser: see robot and blocks, teach by dragging the gripper, have it imitated, stop it.

It prints two addresses when it starts: one for the operator, and one for all who may only look on. Each has a token,
without which nobody gets in, and there is one operator at a time. While the gripper is dragged or turned, or the
fingers move, the page commands as teleoperation does. An operator whose page is closed, frozen or gone lets go of the
arm within a second.

Subscribes: ``joint_states``, ``block_poses``, ``controller/status``.
Publishes: ``teleop/gripper_twist_command`` (geometry_msgs/TwistStamped, frame "gripper"), one a control period while
something is held, and one of zero at the end; ``teleop/gripper_command`` (std_msgs/Bool, true: close).
Calls the services of the recorder, ``controller/stop`` and ``resume``, ``policy/understand``, and the action
``policy/imitate``.
Parameters: see ``PageParameters`` and ``config/page.yaml``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import TwistStamped
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_msgs.msg import Bool

from osil.core import CONTROL_PERIOD, Action
from osil.errors import ObservationError
from osil.robots.joint_states import JointStates
from osil.robots.kinematics import GripperPose
from osil.robots.recency import seconds_since
from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil.ros.joint_topic import hear_joints
from osil.ros.page.control_law import ControlLaw
from osil.ros.page.errands import Errands
from osil.ros.page.guard import Guard, Role
from osil.ros.page.hand import Hand
from osil.ros.page.imitation_panel import ImitationPanel
from osil.ros.page.inbox import Inbox
from osil.ros.page.page_parameters import PageParameters
from osil.ros.page.safety_panel import SafetyPanel
from osil.ros.page.scene_drawing import SceneDrawing
from osil.ros.page.teaching_panel import TeachingPanel
from osil.ros.parameters import declare
from osil.ros.run_node import run_node
from osil.tasks.blocks import Blocks
from osil_interfaces.msg import BlockPoseArray, ControllerStatus

PICTURE_PERIOD = 1 / 30
"""Seconds of the machine's clock from one picture to the next."""

WORDS_PERIOD = 0.2
"""Seconds of the machine's clock after which words on the page may change."""

CONTROLLER_SILENT = 3.0
"""Seconds of the machine's clock after which a controller that says nothing is not running."""

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
        self._gate: ControllerStatus | None = None
        self._gate_told, self._held = 0.0, False
        self._inbox, self._hand = Inbox(), Hand(ControlLaw(max_speed=settings.max_speed))
        self._errands = Errands(self)
        guard = Guard(lambda: self._inbox.put(self._hand.let_go))
        self._server = guard.open(settings.listen_address, settings.listen_port)
        self._scene = SceneDrawing(self._server, self._robot, blocks)
        self._make_panels(settings.confirm)
        hear_joints(self, self._store_joints)
        self.create_subscription(BlockPoseArray, topics.BLOCK_POSES, self._store_blocks, topics.NEWEST)
        self.create_subscription(ControllerStatus, topics.CONTROLLER_STATUS, self._store_gate, topics.LATCHED)
        self._twist = self.create_publisher(TwistStamped, topics.TELEOP_GRIPPER_TWIST, 1)
        self._gripper = self.create_publisher(Bool, topics.TELEOP_GRIPPER, 1)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(CONTROL_PERIOD, self._command)
        self.create_timer(PICTURE_PERIOD, self._draw, clock=steady)
        self.create_timer(WORDS_PERIOD, self._speak, clock=steady)
        self._open = True
        # Not logged, because logs are kept, and the address opens the page.
        for role, what in ((Role.OPERATOR, "operate"), (Role.ONLOOKER, "look on")):
            address = f"http://{settings.listen_address}:{self._server.get_port()}/{guard.tokens[role]}/"
            print(f"to {what}, open {address}", flush=True)

    def destroy_node(self) -> None:
        """Let go of the arm, and close the page."""
        if self._open:
            self._open = False
            self._hand.let_go()
            self._command()
            self._server.stop()
            self._imitation.close()
        super().destroy_node()

    def _make_panels(self, confirm: bool) -> None:
        gui = self._server.gui
        gui.set_panel_label("osil")
        gui.configure_theme(show_logo=False, show_share_button=False)
        self._safety = SafetyPanel(gui, self._inbox, self._errands)
        tabs = gui.add_tab_group()
        with tabs.add_tab("Teach"):
            self._teaching = TeachingPanel(
                self._server, self._inbox, self._hand, self._errands, self._now, lambda: self._imitation.refresh()
            )
        with tabs.add_tab("Imitate"):
            self._imitation = ImitationPanel(gui, self._inbox, self._errands, self, confirm)

    def _now(self) -> int:
        return self.get_clock().now().nanoseconds

    def _store_joints(self, now: int, stamp: int, positions: dict[str, float]) -> None:
        self._joint_states.add(now, stamp, positions)
        self._joints |= positions

    def _store_blocks(self, message: BlockPoseArray) -> None:
        try:
            convert.to_scene(message.blocks)
        except ObservationError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)
        else:
            self._seen = message

    def _store_gate(self, status: ControllerStatus) -> None:
        self._gate, self._gate_told = status, time.monotonic()

    def _measured(self) -> GripperPose:
        """Where the gripper is. Raises ObservationError if that is not known."""
        robot, now = self._robot, self._now()
        joints = self._joint_states.newest(now, robot.arm_joints)
        lift = self._joint_states.newest(now, [robot.lift_joint])[0] if robot.lift_joint else robot.lift
        return robot.kinematics.forward(joints, lift)

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
        heard = time.monotonic() - self._gate_told < CONTROLLER_SILENT
        self._safety.show_gate(self._gate if heard else None)
        self._say_what_is_seen()
        self._teaching.look()
        self._imitation.look()
        self._scene.mark(self._imitation.roles)

    def _say_what_is_seen(self) -> None:
        if self._seen is None:
            self._safety.show_seen([], 0.0, f"Nothing has come on {topics.BLOCK_POSES}. Is the tracker running?")
            return
        age = seconds_since(convert.to_nanoseconds(self._seen.header.stamp), self._now())
        self._safety.show_seen([block.name for block in self._seen.blocks], age, "")


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(PageNode, "page.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
