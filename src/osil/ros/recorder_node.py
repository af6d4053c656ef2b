"""Records what an operator shows by teleoperation as demonstrations, one file each.

A step is recorded when a command comes: the command, and the newest that was seen of the robot and the blocks. Commands
come while the operator holds the dead-man button, so idle time before, after and between is not part of a
demonstration. A stream faster than the control rate is thinned out to it. (A timer of its own would drift against the
commands, and take some twice and others not at all.)

Steps are on disk as they come, in a hidden file beside the demonstrations. When the node is told to leave, an
unfinished recording is stored as ``NAME-recovered``; after a kill the next start does it. A recording ends, and cannot
be stored by ``~/stop``, once the scene did not stay the same: blocks or gripper jumped (a scene set up anew), blocks
were lost for half a second of commands (parameter ``missed_commands``), or the clock was set.

Subscribes: ``joint_states``, ``block_poses``, ``teleop/gripper_twist_command``, ``teleop/gripper_command``. To record
anything else than teleoperation, remap the last two.
Services: ``~/start`` (StartRecording), ``~/stop`` (StopRecording), ``~/discard`` (std_srvs/Trigger), ``~/status``
(RecordingStatus); of what is stored ``~/list``, ``~/read``, ``~/write``, ``~/rename`` and ``~/delete``
(ListDemonstrations and so on).
Parameters: see ``RecorderParameters`` and ``config/recorder.yaml``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from geometry_msgs.msg import TwistStamped
from rclpy.subscription import MessageInfo
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from osil.choices import ROBOT
from osil.core import CONTROL_PERIOD, NANOSECONDS, Action
from osil.demonstrations.library import Library, absolute, recovered
from osil.demonstrations.names import checked_name, to_text
from osil.demonstrations.partial import FEWEST, recover
from osil.errors import DemonstrationError, ObservationError
from osil.robots.description import robot_description
from osil.robots.recency import Received, check_recent, recent
from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil.ros.library_services import LibraryServices
from osil.ros.managed_node import ManagedNode
from osil.ros.observing import SceneView, Seen
from osil.ros.parameters import declare, parameter
from osil.ros.recording import Recording
from osil.ros.run_node import run_node
from osil.ros.sources import Sources
from osil.tasks.blocks import LARGEST, SMALLEST, Blocks
from osil_interfaces.msg import BlockPoseArray
from osil_interfaces.srv import RecordingStatus, StartRecording, StopRecording

JITTER = 0.4
"""Control periods by which a command may come too early and still be a step. No parameter: with half a period or more a
command could not be told from the next."""

BACKLOG = 20
"""Commands that wait for a recorder which the machine has kept from running: a second of them."""

LATE = BACKLOG * CONTROL_PERIOD
"""Seconds after which a command is not one of the present any more: it cannot have waited here for so long."""


@dataclass(frozen=True)
class RecorderParameters:
    """Where demonstrations are kept."""

    robot: str = parameter(ROBOT)
    demonstrations: str = parameter("folder of the demonstration files; made if missing")
    max_age: float = parameter("seconds after which a joint state or block pose counts as lost", 0.01, 5.0)
    command_timeout: float = parameter("seconds without a command: the dead-man button is let go", 0.05, 5.0, live=True)
    missed_commands: int = parameter("commands in a row that may fail to become steps", 0, 1000, live=True)
    block_size: float = parameter("edge length of the blocks, metres", SMALLEST, LARGEST)


class RecorderNode(ManagedNode):
    """Start, stop, and a file lies there."""

    def __init__(self) -> None:
        super().__init__("recorder")
        self._settings = declare(self, RecorderParameters, self._adopt)

    def configure(self) -> None:
        """See ``ManagedNode``."""
        self._recording: Recording | None = None
        self._library = Library(absolute(self._settings.demonstrations))
        self._blocks = Blocks(self._settings.block_size)
        self._close: bool | None = None
        self._arrived = self._due = 0
        self._recover()
        robot = load_robot(self._settings.robot)
        self._description = robot_description(robot)
        self._view = SceneView(self, robot, self._settings.max_age)
        self._sources = Sources(self, topics.TELEOP_GRIPPER_TWIST)
        # The gripper first, as it is sent: of two messages that wait, the one subscribed first is read first.
        self.create_subscription(Bool, topics.TELEOP_GRIPPER, self._store_gripper, BACKLOG)
        self.create_subscription(TwistStamped, topics.TELEOP_GRIPPER_TWIST, self._step, BACKLOG)
        self.create_subscription(BlockPoseArray, topics.BLOCK_POSES, self._watch, topics.NEWEST)
        self.create_service(StartRecording, "~/start", self._start)
        self.create_service(StopRecording, "~/stop", self._stop)
        self.create_service(Trigger, "~/discard", self._discard)
        self.create_service(RecordingStatus, "~/status", self._status)
        LibraryServices(self, self._library, lambda: self._recording.name if self._recording else "")

    def _adopt(self, settings: RecorderParameters) -> None:
        self._settings = settings

    def _recover(self) -> None:
        """Make demonstrations of the recordings that a killed recorder left behind."""
        for path in self._library.unfinished():
            try:
                new = recover(path)
            except DemonstrationError as error:
                self.get_logger().warning(f"not recovered: {error}")
            else:
                what = f"is now {to_text(new)}" if new else "had hardly begun, and is removed"
                self.get_logger().warning(f"the unfinished recording {to_text(path)} {what}")

    def deactivate(self, why: str) -> None:
        """Keep what was recorded, if a recording is under way."""
        recording, self._recording = self._recording, None
        if recording is not None:
            kept = self._keep(recording)
            print(f"{recording.name!r} was not stopped: {kept}", file=sys.stderr, flush=True)  # ROS may be gone already

    def _keep(self, recording: Recording) -> str:
        """Store an unfinished recording; says where it is."""
        if len(recording.seen) < FEWEST:
            recording.discard()
            return "it had hardly begun, and is removed"
        path = recovered(self._library.path(recording.name), recording.name)
        try:
            recording.save(path)
        except DemonstrationError as error:
            recording.close()
            return f"{error}. It is in {to_text(recording.partial)}, and recovered when the recorder is started again"
        return f"its {len(recording.seen)} steps are in {to_text(path)}"

    def _store_gripper(self, close: Bool) -> None:
        self._close = close.data

    def _step(self, twist: TwistStamped, info: MessageInfo) -> None:
        self._sources.hear_the_only(info)
        now = self._arrived = self.get_clock().now().nanoseconds
        stamp = convert.to_nanoseconds(twist.header.stamp) or now
        recording = self._recording
        if recording is None:
            return
        try:
            check_recent("teleoperation commands", Received(stamp, now), now, LATE)
            if not self._is_due(stamp):
                return
            seen = self._look()
            recording.add(seen, self._action(twist, seen))
        except ObservationError as error:
            recording.miss(str(error))
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)

    def _action(self, twist: TwistStamped, seen: Seen) -> Action:
        """What is commanded. Fingers that were not commanded yet are as they are: closed, if no block fits between."""
        close = bool(seen.observation.gripper_opening < self._blocks.open_width) if self._close is None else self._close
        return convert.to_action(twist, close, CONTROL_PERIOD)

    def _watch(self, blocks: BlockPoseArray) -> None:
        """See to it that the scene goes on while nobody steers."""
        recording = self._recording
        if recording is None or not recording.seen:
            return
        with suppress(ObservationError):  # matters when a step is due, and is told then
            recording.watch(self._look())

    def _is_due(self, stamp: int) -> bool:
        """Whether a command of this time (nanoseconds) begins a control step; if so, the next is due a period later."""
        period = round(CONTROL_PERIOD * NANOSECONDS)
        jitter, early = round(JITTER * period), self._due - stamp
        if jitter < early < 2 * period:  # any earlier, and it is the clock that was set back
            return False
        self._due = (self._due if abs(early) <= jitter else stamp) + period
        return True

    def _held(self) -> bool:
        """Whether the operator holds the dead-man button."""
        return recent(self._arrived, self.get_clock().now().nanoseconds, self._settings.command_timeout)

    def _look(self) -> Seen:
        return self._view.look(self._recording.block_names if self._recording else None, self._blocks)

    def _missing(self) -> str:
        """What is missing for steps to be recorded now; empty if nothing is."""
        try:
            self._look()
        except ObservationError as error:
            return str(error)
        return "" if self._held() else "waiting for teleoperation: hold the dead-man button"

    def _start(self, request: StartRecording.Request, response: StartRecording.Response) -> StartRecording.Response:
        if self._recording is not None:
            response.message = f"{self._recording.name!r} is being recorded; stop or discard it first"
            return response
        if self.inactive:
            response.message = self.inactive
            return response
        try:
            name = checked_name(request.name or datetime.now().strftime("%Y-%m-%d_%H-%M-%S"))
            self._library.free_path(name)
            partial, missed = self._library.partial(name), self._settings.missed_commands
            self._recording = Recording(name, partial, self._description, missed, self.get_logger().error)
        except DemonstrationError as error:
            response.message = str(error)
            return response
        self._due, self._close = 0, None
        response.success, response.message = True, f"recording {name!r}"
        return response

    def _stop(self, request: StopRecording.Request, response: StopRecording.Response) -> StopRecording.Response:
        recording = self._recording
        if recording is None:
            response.message = self.inactive or "nothing is being recorded; start first"
            return response
        response.steps, response.duration = len(recording.seen), recording.duration
        if recording.problem:
            response.message = recording.problem
            return response
        if len(recording.seen) < FEWEST:
            why = self._missing() or "it was stopped too soon"
            response.message = f"nothing was recorded: {why}. {recording.name!r} goes on: show the task, or discard it"
            return response
        try:
            path = self._library.free_path(recording.name)
            recording.save(path)
        except DemonstrationError as error:
            response.message = f"{error}. {recording.name!r} goes on: stop again, or discard it"
            return response
        self._recording = None
        response.success, response.path = True, to_text(path)
        response.message = f"{response.steps} steps in {response.duration:.1f} s written to {response.path}"
        return response

    def _discard(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if self._recording is None:
            response.message = self.inactive or "nothing is being recorded"
        else:
            self._recording.discard()
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
        response.message = recording.problem or recording.unsafe or self._missing() or f"recording {recording.name!r}"
        return response


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(RecorderNode, "recorder.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
