"""The controller before a robot whose readings, clock or commands go wrong on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import TwistStamped
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from osil.core import CONTROL_PERIOD, Action
from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil_interfaces.msg import ControllerStatus

from .relay import Relay

FETCH = load_robot("fetch")

NAMESPACE = "relayed"
POLICY, TELEOP = f"{NAMESPACE}/{topics.GRIPPER_TWIST}", f"{NAMESPACE}/{topics.TELEOP_GRIPPER_TWIST}"
LEFT, DOWN = np.array([0.0, 0.01, 0.0]), np.array([0.0, 0.0, -0.01])


class Commander:
    """Commands the controller in the namespace and hears its status."""

    def __init__(self, hand, relay: Relay, client: Client) -> None:
        self._hand, self._relay, self._client = hand, relay, client
        self.heard: list[ControllerStatus] = []
        self._twists = {topic: hand.create_publisher(TwistStamped, topic, 1) for topic in (POLICY, TELEOP)}
        self._gripper = hand.create_publisher(Bool, f"{NAMESPACE}/{topics.GRIPPER}", 1)
        status = f"{NAMESPACE}/{topics.CONTROLLER_STATUS}"
        hand.create_subscription(ControllerStatus, status, self._store, topics.LATCHED)
        publishers = [*self._twists.values(), self._gripper]
        assert hand.until(lambda: all(publisher.get_subscription_count() for publisher in publishers))
        assert hand.until(lambda: bool(hand.joints) and hand.stamp > 0)

    def _store(self, status: ControllerStatus) -> None:
        self.heard.append(status)

    def move(self, displacement: np.ndarray, steps: int, topic: str = POLICY, ahead: float = 0.0) -> float:
        """Command a displacement (metres a control period); says how far the gripper moved, metres."""
        start = self._hand.gripper().position
        self.heard.clear()
        for _ in range(steps):
            stamp = self._hand.stamp + round((ahead + self._relay.clock_offset) * convert.NANOSECONDS)
            self._twists[topic].publish(
                convert.from_action(Action(displacement, np.bool_(False)), stamp, CONTROL_PERIOD)
            )
            self._hand.wait(CONTROL_PERIOD)
        return float(np.linalg.norm(self._hand.gripper().position - start))

    def follows(self, displacement: np.ndarray, topic: str = POLICY) -> bool:
        """Whether the gripper goes along; on a busy machine commands come in fits and starts, so this tries again."""
        return any(self.move(displacement, 5, topic) > 0.02 for _ in range(10))

    def grip(self, close: bool) -> None:
        self.heard.clear()
        self._gripper.publish(Bool(data=close))

    def told(self, state: int, reason: str = "", seconds: float = 10.0) -> bool:
        """Wait until the status says so, or has said so since the last command."""
        said = lambda: any(one.state == state and reason in one.reason for one in self.heard)  # noqa: E731
        return self._hand.until(said, seconds)

    def resume(self) -> Trigger.Response:
        return self.call("resume")

    def call(self, service: str) -> Trigger.Response:
        return self._client.call(f"{NAMESPACE}/controller/{service}", Trigger)


@pytest.fixture(scope="module")
def relay(processes: NodeProcesses, client: Client) -> Iterator[Relay]:
    relay = Relay(nodes=f"{NAMESPACE}/")
    processes.start("simulation", {"num_blocks": 2})
    processes.start("controller", namespace=NAMESPACE)
    client.reset_scene(2, 0)
    yield relay
    relay.close()


@pytest.fixture(scope="module")
def commander(relay: Relay, hand, client: Client) -> Commander:
    return Commander(hand, relay, client)


@pytest.fixture(autouse=True)
def at_start(relay: Relay, client: Client, hand, commander: Commander) -> None:
    """The arm in its start pose, nobody in charge, nothing falsified."""
    relay.honest()
    client.reset_scene(2, 0)
    hand.wait(3.5)  # the reset's own two seconds, and one in which readings settle
    assert commander.resume().success
    assert commander.told(ControllerStatus.HOLDING)
    relay.sent.clear()


def change(**positions: float) -> Callable[[JointState], None]:
    """Set joints to other positions; a relative one is given as a complex number."""

    def falsify(message: JointState) -> None:
        for name, position in positions.items():
            index = message.name.index(name)
            offset = message.position[index] if isinstance(position, complex) else 0.0
            message.position[index] = offset + abs(position) if isinstance(position, complex) else position

    return falsify


@pytest.mark.parametrize("topic", [POLICY, TELEOP])
@pytest.mark.parametrize("ahead", [5.0, 600.0, -5.0])
def test_a_stamp_of_another_time_is_named_and_does_not_deafen(commander: Commander, topic: str, ahead: float) -> None:
    assert commander.move(LEFT, 5, topic, ahead) < 1e-3
    assert commander.told(ControllerStatus.HOLDING, f"the clocks differ by {abs(ahead):.1f} s")
    assert commander.follows(LEFT, topic), "and the next one of the present is followed"


def test_a_clock_that_is_set_back_does_not_deafen(commander: Commander, relay: Relay, hand) -> None:
    relay.clock_offset = 100.0
    hand.wait(0.5)
    assert commander.follows(LEFT, TELEOP)
    relay.clock_offset = 0.0
    hand.wait(0.5)
    assert commander.follows(-LEFT, POLICY), "nor is the policy locked out for ever"


@pytest.mark.parametrize(
    "falsify",
    [
        change(elbow_flex_joint=1e9),
        change(elbow_flex_joint=1.0j),
        change(**dict.fromkeys([*FETCH.arm_joints, FETCH.lift_joint], 0.0)),
        change(shoulder_pan_joint=50.0),
        change(torso_lift_joint=0.05),
    ],
    ids=["huge", "jump", "zeros", "beyond", "torso"],
)
def test_readings_that_cannot_be_true_stop_the_arm_until_resume(
    commander: Commander, relay: Relay, hand, falsify: Callable[[JointState], None]
) -> None:
    assert commander.follows(LEFT)
    relay.joints = falsify
    assert commander.told(ControllerStatus.STOPPED, "joint states cannot be true")
    hand.wait(0.3)  # it brakes
    sent = len(relay.sent)
    refused = commander.resume()
    assert not refused.success
    assert "cannot be true" in refused.message
    commander.move(LEFT, 5)
    relay.joints = None
    hand.wait(1.5)
    assert commander.move(LEFT, 5) < 5e-3, "nothing moves by itself once the readings are true again"
    assert len(relay.sent) == sent
    assert (np.abs(np.diff(relay.targets(), axis=0)) <= 1.01 * FETCH.speed * CONTROL_PERIOD).all()
    assert commander.resume().success
    assert commander.follows(LEFT)


def test_an_arm_that_does_not_point_down_is_not_swung_round(commander: Commander, relay: Relay, hand) -> None:
    relay.joints = lambda message: message.name.clear()  # first silence, so that the new pose is no jump
    hand.wait(1.5)
    relay.joints = change(**dict.fromkeys(FETCH.arm_joints, 0.0))
    hand.wait(1.5)
    commander.resume()
    sent = len(relay.sent)
    commander.move(LEFT, 5)
    assert commander.told(ControllerStatus.HOLDING, "from pointing straight down")
    assert len(relay.sent) == sent


def test_finger_tips_stay_above_the_table_with_a_lower_torso(commander: Commander, relay: Relay, hand) -> None:
    torso = 0.15
    relay.joints = lambda message: message.name.clear()
    hand.wait(1.5)
    relay.joints = change(torso_lift_joint=torso)
    hand.wait(1.5)
    commander.resume()
    commander.move(DOWN, 40)
    tips = FETCH.kinematics.forward(relay.targets(), torso).position[:, 2] - FETCH.gripper.tip
    assert len(tips) > 20
    assert tips.min() > 0.40


def test_a_reading_that_wraps_does_not_turn_the_wrist(commander: Commander, relay: Relay, hand) -> None:
    commander.move(LEFT, 5)
    roll = FETCH.arm_joints.index("wrist_roll_joint")
    before = relay.targets()[-1]

    def wrap(message: JointState) -> None:
        message.position[message.name.index("wrist_roll_joint")] -= 2 * np.pi

    relay.joints = wrap
    assert commander.follows(LEFT), "no jump either"
    hand.wait(1.0)
    assert commander.follows(LEFT), "a new stream neither"
    assert np.abs(relay.targets()[:, roll] - before[roll]).max() < 0.5


def test_an_arm_that_is_commanded_and_does_not_move_is_stopped_by_name(
    commander: Commander, relay: Relay, hand
) -> None:
    relay.cut = True
    commander.move(LEFT, 40)
    assert commander.told(ControllerStatus.STOPPED, "does not move")
    relay.cut = False
    assert commander.move(LEFT, 20) < 5e-3, "it does not move by itself once commands get through again"
    hand.wait(1.0)
    assert commander.told(ControllerStatus.HOLDING)
    assert commander.follows(LEFT), "after letting go it does"


def test_a_gripper_that_is_commanded_and_does_not_move_is_stopped_by_name(
    commander: Commander, relay: Relay, hand
) -> None:
    commander.grip(close=False)
    hand.wait(0.3)
    relay.cut = True
    commander.grip(close=True)
    assert commander.told(ControllerStatus.STOPPED, "gripper has been told to close")
    relay.cut = False
    hand.wait(1.0)
    assert hand.opening() > 0.06
    commander.grip(close=True)
    assert hand.until(lambda: hand.opening() < 0.01)


def test_the_operators_stop_lasts_until_resume_and_is_told_to_the_tools(
    commander: Commander, relay: Relay, hand
) -> None:
    told: list[DiagnosticStatus] = []
    subscription = hand.create_subscription(DiagnosticArray, "/diagnostics", lambda one: told.extend(one.status), 10)
    assert commander.follows(LEFT)
    commander.call("stop")
    assert commander.told(ControllerStatus.STOPPED, "the operator has stopped the arm")
    assert commander.heard[-1].reason_name == "OPERATOR_STOP"
    hand.wait(1.0)
    sent = len(relay.sent)
    assert commander.move(LEFT, 5, TELEOP) < 1e-3
    assert len(relay.sent) == sent
    assert hand.until(lambda: bool(told) and told[-1].level == DiagnosticStatus.ERROR)
    assert "the operator has stopped the arm" in told[-1].message
    assert commander.resume().success
    assert commander.follows(LEFT)
    hand.destroy_subscription(subscription)


def test_joint_states_of_another_time_are_not_acted_upon(commander: Commander, relay: Relay, hand) -> None:
    def later(message: JointState) -> None:
        message.header.stamp = convert.to_stamp(convert.to_nanoseconds(message.header.stamp) + 10 * convert.NANOSECONDS)

    relay.joints = later
    hand.wait(0.5)
    assert commander.move(LEFT, 5) < 5e-3
    assert commander.told(ControllerStatus.HOLDING, "the clocks differ by 10.0 s")
    relay.joints = None
    hand.wait(0.5)
    assert commander.follows(LEFT)
