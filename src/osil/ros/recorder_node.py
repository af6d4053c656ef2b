"""Records what an operator shows by teleoperation as demonstrations, one file each.

A step is recorded when a command comes: the command, and the newest that was seen of the robot and the blocks. Commands
come while the operator holds the dead-man button, so idle time before, after and between is not part of a
demonstration. A stream faster than the control rate is thinned out to it. (A timer of its own would drift against the
commands, and take some twice and others not at all.)

Subscribes: ``joint_states``, ``block_poses``, ``teleop/gripper_twist_command``, ``teleop/gripper_command``. To record
anything else than teleoperation, remap the last two.
Services: ``~/start`` (StartRecording), ``~/stop`` (StopRecording), ``~/discard`` (std_srvs/Trigger), ``~/status``
(RecordingStatus), ``~/list`` (ListDemonstrations).
Parameters: see ``RecorderParameters`` and ``config/recorder.yaml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from osil.core import CONTROL_PERIOD
from osil.demonstrations import storage
from osil.errors import DemonstrationError, ObservationError
from osil.ros import convert, topics
from osil.ros.observing import SceneView, Seen
from osil.ros.parameters import declare, parameter, require
from osil.ros.recording import Recording
from osil.ros.spin import spin
from osil_interfaces.srv import ListDemonstrations, RecordingStatus, StartRecording, StopRecording

RELEASED = 0.15
"""Seconds without a command after which the dead-man button counts as let go."""

JITTER = 0.4
"""Control periods by which a command may come too early and still be a step."""

BACKLOG = 20
"""Commands that wait for a recorder which the machine has kept from running: a second of them."""


@dataclass(frozen=True)
class RecorderParameters:
    """Where demonstrations are kept."""

    demonstrations: str = parameter("folder of the demonstration files; made if missing")
    max_age: float = parameter("seconds after which a joint state or block pose counts as lost")

    def __post_init__(self) -> None:
        require(self.max_age > 0, f"max_age {self.max_age}: expected more than 0 seconds")


class RecorderNode(Node):
    """Start, stop, and a file lies there."""

    def __init__(self) -> None:
        super().__init__("recorder")
        parameters = declare(self, RecorderParameters)
        self._folder = Path(parameters.demonstrations).expanduser().resolve()
        self._view = SceneView(self, parameters.max_age)
        self._close, self._arrived, self._due = False, 0, 0
        self._recording: Recording | None = None
        # The gripper first, as it is sent: of two messages that wait, the one subscribed first is read first.
        self.create_subscription(Bool, topics.TELEOP_GRIPPER, self._store_gripper, BACKLOG)
        self.create_subscription(TwistStamped, topics.TELEOP_GRIPPER_TWIST, self._step, BACKLOG)
        self.create_service(StartRecording, "~/start", self._start)
        self.create_service(StopRecording, "~/stop", self._stop)
        self.create_service(Trigger, "~/discard", self._discard)
        self.create_service(RecordingStatus, "~/status", self._status)
        self.create_service(ListDemonstrations, "~/list", self._list)

    def _store_gripper(self, close: Bool) -> None:
        self._close = close.data

    def _step(self, twist: TwistStamped) -> None:
        self._arrived = self.get_clock().now().nanoseconds
        if self._recording is None or not self._is_due(convert.to_nanoseconds(twist.header.stamp) or self._arrived):
            return
        try:
            action = convert.to_action(twist, self._close, CONTROL_PERIOD)
            seen = self._look()
        except ObservationError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)
        else:
            self._recording.seen.append(seen)
            self._recording.actions.append(action)

    def _is_due(self, stamp: int) -> bool:
        """Whether a command of this time (nanoseconds) begins a control step; if so, the next is due a period later."""
        period = round(CONTROL_PERIOD * convert.NANOSECONDS)
        jitter, early = round(JITTER * period), self._due - stamp
        if jitter < early < 2 * period:  # any earlier, and it is the clock that was set back
            return False
        self._due = (self._due if abs(early) <= jitter else stamp) + period
        return True

    def _held(self) -> bool:
        """Whether the operator holds the dead-man button."""
        return self.get_clock().now().nanoseconds - self._arrived < RELEASED * convert.NANOSECONDS

    def _look(self) -> Seen:
        names = self._recording.seen[0].block_names if self._recording and self._recording.seen else None
        return self._view.look(names)

    def _missing(self) -> str:
        """What is missing for steps to be recorded now; empty if nothing is."""
        try:
            self._look()
        except ObservationError as error:
            return str(error)
        return "" if self._held() else "waiting for teleoperation: hold the dead-man button"

    def _start(self, request: StartRecording.Request, response: StartRecording.Response) -> StartRecording.Response:
        name = request.name or datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
        if self._recording is not None:
            response.message = f"{self._recording.name!r} is being recorded; stop or discard it first"
        elif Path(name).name != name or name.startswith("."):
            response.message = f"{name!r} cannot be a file name; choose one without slashes or a leading dot"
        elif self._path(name).exists():
            response.message = f"{self._path(name)} exists; choose another name"
        else:
            self._recording, self._due = Recording(name), 0
            response.success, response.message = True, f"recording {name!r}"
        return response

    def _stop(self, request: StopRecording.Request, response: StopRecording.Response) -> StopRecording.Response:
        recording = self._recording
        if recording is None:
            response.message = "nothing is being recorded; start first"
            return response
        response.steps, response.duration = len(recording.seen), recording.duration
        if len(recording.seen) < 2:
            why = self._missing() or "it was stopped too soon"
            response.message = f"nothing was recorded: {why}. {recording.name!r} goes on: show the task, or discard it"
            return response
        path = self._path(recording.name)
        try:
            recording.save(path)
        except DemonstrationError as error:
            response.message = f"{error}. {recording.name!r} goes on: stop again, or discard it"
            return response
        self._recording = None
        response.success, response.path = True, str(path)
        response.message = f"{response.steps} steps in {response.duration:.1f} s written to {path}"
        return response

    def _discard(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if self._recording is None:
            response.message = "nothing is being recorded"
        else:
            response.success, response.message = True, f"{self._recording.name!r} was discarded"
            self._recording = None
        return response

    def _status(self, request: RecordingStatus.Request, response: RecordingStatus.Response) -> RecordingStatus.Response:
        recording = self._recording
        if recording is None:
            response.message = "nothing is being recorded"
            return response
        response.recording, response.name = True, recording.name
        response.steps, response.duration = len(recording.seen), recording.duration
        response.message = self._missing() or f"recording {recording.name!r}"
        return response

    def _list(
        self, request: ListDemonstrations.Request, response: ListDemonstrations.Response
    ) -> ListDemonstrations.Response:
        found = []
        for path in self._folder.glob("*.mcap"):
            try:
                found.append((path, storage.load(path)))
            except DemonstrationError as error:
                self.get_logger().warning(str(error))
        for path, stored in sorted(found, key=lambda item: item[1].created):
            response.names.append(path.stem)
            response.paths.append(str(path))
            response.steps.append(len(stored.demonstration))
            response.durations.append(stored.duration)
        return response

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.mcap"


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return spin(RecorderNode, "recorder.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
