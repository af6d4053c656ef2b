"""What a driver tells of its robot, as whoever commands it hears it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from osil.robots.stop_reasons import StopReason
from osil.ros import topics
from osil.ros.robot_status import SILENCE, RobotStatusWatch
from osil_interfaces.msg import RobotStatus


class Driver(Node):
    """Tells, and listens to itself."""

    def __init__(self) -> None:
        super().__init__("driver")
        self.watch = RobotStatusWatch(self)
        self._publisher = self.create_publisher(RobotStatus, topics.ROBOT_STATUS, topics.LATCHED)
        self._spinner = SingleThreadedExecutor()
        self._spinner.add_node(self)

    def close(self) -> None:
        self._spinner.shutdown()
        self.destroy_node()

    def tell(self, reason_name: str, reason: str = "") -> None:
        self._publisher.publish(RobotStatus(reason_name=reason_name, reason=reason))

    def hears(self, expected: dict[StopReason, str], seconds: float = 10.0) -> bool:
        """Whether these problems, and no others, are heard of in time."""
        heard = lambda: {reason: text for reason, text in self.watch.problems().items() if text} == expected  # noqa: E731
        deadline = time.monotonic() + seconds
        while not heard() and time.monotonic() < deadline:
            self._spinner.spin_once(0.05)
        return heard()


@pytest.fixture
def driver(ros: None) -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


def test_where_nobody_speaks_nothing_is_wrong(driver: Driver) -> None:
    time.sleep(SILENCE)
    assert driver.hears({})


def test_a_reason_holds_until_it_is_taken_back(driver: Driver) -> None:
    driver.tell("RUN_STOP", "somebody has pressed it")
    assert driver.hears({StopReason.RUN_STOP: "somebody has pressed it"})
    driver.tell("LOST_CONNECTION", "nothing comes")
    assert driver.hears({StopReason.LOST_CONNECTION: "nothing comes"})
    driver.tell("")
    assert driver.hears({})
    assert StopReason.RUN_STOP in driver.watch.problems(), "which says that it is no longer so"


@pytest.mark.parametrize("name", ["ON_FIRE", "STALE_COMMAND"])
def test_a_reason_that_no_robot_has_is_a_fault(driver: Driver, name: str) -> None:
    driver.tell(name)
    assert driver.hears({StopReason.FAULT: name})


def test_a_driver_that_falls_silent_is_lost(driver: Driver) -> None:
    driver.tell("")
    assert driver.hears(
        {
            StopReason.LOST_CONNECTION: f"{topics.ROBOT_STATUS} has been silent for {SILENCE:g} s; "
            "is the robot's driver or bridge running?"
        }
    )
