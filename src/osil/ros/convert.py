"""Messages to core types and back: the only place where the two meet, but for what viewers are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Point, Pose, PoseStamped, Quaternion, TwistStamped, Vector3
from sensor_msgs.msg import JointState
from std_msgs.msg import Header
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from osil import rotations
from osil.core import CONTROL_PERIOD, NANOSECONDS, Action, FloatArray, Scene
from osil.errors import ObservationError
from osil.policies import understanding
from osil.robots.frames import BASE_FRAME, GRIPPER_FRAME
from osil.robots.joint_states import check_reported
from osil.robots.kinematics import GripperPose
from osil.robots.sensing import cube_yaws
from osil.robots.steering import Command
from osil.robots.trajectory import Trajectory
from osil_interfaces.msg import BlockPose, BlockPoseArray, UnderstoodStage

UNIT_TOLERANCE = 0.05
"""A quaternion whose length differs by more from 1 is not an orientation; the usual unset one is all zeros."""

REACHABLE = ((-1.5, -1.5, -0.2), (1.5, 1.5, 1.6))
"""Lower and upper corner (metres, base frame) of the space in which a block near the robot can be."""

RESTING = 1e-3
"""Joints that are slower (rad/s) than this rest."""

MOST_POINTS, LONGEST = 2000, 600.0
"""A planned motion has at most so many points and lasts at most so many seconds. To look at more takes the controller's
loop too long; planners send some hundred."""

SAME_PLACE = 0.005
"""Blocks whose centres are nearer together (metres) than this are taken for one another by the tracker."""


def to_nanoseconds(stamp: Time | Duration) -> int:
    """Nanoseconds of a stamp or a duration."""
    return int(stamp.sec) * NANOSECONDS + int(stamp.nanosec)


def to_stamp(nanoseconds: int) -> Time:
    """The stamp of so many nanoseconds."""
    sec, nanosec = divmod(nanoseconds, NANOSECONDS)
    return Time(sec=sec, nanosec=nanosec)


def from_poses(positions: FloatArray, quaternions: FloatArray, names: Sequence[str]) -> list[BlockPose]:
    """One message a block, in the frame of positions ``[B, 3]`` (metres) and quaternions ``[B, 4]`` (x y z w)."""
    return [
        BlockPose(name=name, pose=Pose(position=Point(x=x, y=y, z=z), orientation=Quaternion(x=i, y=j, z=k, w=w)))
        for name, (x, y, z), (i, j, k, w) in zip(names, positions.tolist(), quaternions.tolist(), strict=True)
    ]


def from_scene(scene: Scene, names: Sequence[str]) -> list[BlockPose]:
    """One message a block, in the base frame, of blocks that lie flat."""
    turns = [rotations.from_rpy(0.0, 0.0, yaw) for yaw in scene.block_yaws]
    return from_poses(scene.block_positions, np.array(turns), names)


def from_gripper_pose(pose: GripperPose, nanoseconds: int) -> PoseStamped:
    """A pose of the gripper, which points down, in the base frame."""
    (block,) = from_scene(Scene(pose.position[None], np.reshape(pose.yaw, 1)), [GRIPPER_FRAME])
    return PoseStamped(header=Header(stamp=to_stamp(nanoseconds), frame_id=BASE_FRAME), pose=block.pose)


def to_poses(blocks: Sequence[BlockPose]) -> tuple[FloatArray, FloatArray]:
    """Positions ``[B, 3]`` (metres) and quaternions ``[B, 4]`` (x y z w), in the frame and order of the messages."""
    places, turns = [block.pose.position for block in blocks], [block.pose.orientation for block in blocks]
    positions = np.array([[place.x, place.y, place.z] for place in places])
    return positions, np.array([[turn.x, turn.y, turn.z, turn.w] for turn in turns])


def to_scene(blocks: Sequence[BlockPose], names: Sequence[str] | None = None) -> Scene:
    """Where the blocks are, base frame, in the order of ``names`` (left out: in the order of the message).

    Raises:
        ObservationError: no block, a name that is missing, surplus or twice there, or a pose that cannot be.
    """
    by_name = {block.name: block for block in blocks}
    wanted = [block.name for block in blocks] if names is None else list(names)
    if not blocks or len(by_name) != len(blocks) or sorted(by_name) != sorted(wanted):
        raise ObservationError(
            f"expected the poses of blocks {' '.join(wanted) or '(any)'}, each once, "
            f"got {' '.join(block.name for block in blocks) or 'none'}"
        )
    positions, quaternions = to_poses([by_name[name] for name in wanted])
    _check_poses(positions, quaternions, wanted)
    return Scene(positions, cube_yaws(quaternions))


def check_base_frame(message: BlockPoseArray) -> None:
    """Raise ObservationError unless block poses are given in the base frame."""
    if message.header.frame_id != BASE_FRAME:
        raise ObservationError(f"block poses: expected frame {BASE_FRAME!r}, got {message.header.frame_id!r}")


def _check_poses(positions: FloatArray, quaternions: FloatArray, names: Sequence[str]) -> None:
    """Raise ObservationError if blocks cannot be where they are said to be."""
    if not (np.isfinite(positions).all() and np.isfinite(quaternions).all()):
        raise ObservationError("block poses: expected finite numbers, got NaN or infinity")
    norms = np.linalg.norm(quaternions, axis=-1)
    if (bent := np.abs(norms - 1.0) > UNIT_TOLERANCE).any():
        block = bent.argmax()
        raise ObservationError(
            f"block {names[block]}: expected a unit quaternion, got {quaternions[block].round(3).tolist()} "
            f"of length {norms[block]:.3g}; whoever sends it must set the orientation"
        )
    lower, upper = np.array(REACHABLE)
    if (far := ~((lower <= positions) & (positions <= upper)).all(-1)).any():
        block = far.argmax()
        raise ObservationError(
            f"block {names[block]} is said to be at {positions[block].round(3).tolist()} m in {BASE_FRAME}, "
            f"beyond {lower.tolist()} to {upper.tolist()}; are these metres, in that frame?"
        )
    distances = np.linalg.norm(positions[:, None] - positions, axis=-1) + np.diag([np.inf] * len(positions))
    if distances.min() < SAME_PLACE:
        first, second = np.unravel_index(distances.argmin(), distances.shape)
        raise ObservationError(
            f"blocks {names[first]} and {names[second]} are said to be in the same place; are their names mixed up?"
        )


def from_blocks(blocks: Sequence[BlockPose], nanoseconds: int) -> BlockPoseArray:
    """Blocks seen in the base frame, as a tracker publishes them."""
    return BlockPoseArray(header=Header(stamp=to_stamp(nanoseconds), frame_id=BASE_FRAME), blocks=list(blocks))


def to_joint_positions(message: JointState) -> dict[str, float]:
    """Joint positions by name, radians or metres.

    Raises:
        ObservationError: as many positions as names are not there, or one is not finite.
    """
    _check_numbers("joint states", message.name, message.position)
    return dict(zip(message.name, message.position, strict=True))


def _check_numbers(what: str, names: Sequence[str], positions: Sequence[float]) -> None:
    """Raise ObservationError unless there is a finite position for each name."""
    if len(positions) != len(names):
        raise ObservationError(f"{what}: expected {len(names)} positions, one for each joint, got {len(positions)}")
    if not np.isfinite(positions).all():
        wrong = ", ".join(
            f"{value} for {name}" for name, value in zip(names, positions, strict=True) if not isfinite(value)
        )
        raise ObservationError(f"{what}: expected finite positions, got {wrong}")


def from_joints(
    names: Sequence[str], positions: FloatArray, velocities: FloatArray, efforts: FloatArray, nanoseconds: int
) -> JointState:
    """Joint states as a robot publishes them, arrays ``[J]`` in the order of ``names``."""
    return JointState(
        header=Header(stamp=to_stamp(nanoseconds)),
        name=list(names),
        position=positions.tolist(),
        velocity=velocities.tolist(),
        effort=efforts.tolist(),
    )


def pick(joints: Mapping[str, float], names: Sequence[str]) -> FloatArray:
    """Positions ``[len(names)]`` of some joints, radians or metres.

    Raises:
        MissingReadingError: one of them has never been reported.
    """
    check_reported(joints, names)
    return np.array([joints[name] for name in names])


def to_joint_targets(message: JointTrajectory) -> tuple[dict[str, float], float]:
    """Targets by joint name (radians or metres) at the trajectory's last point, and the seconds to get there.

    Raises:
        ObservationError: no point, as many positions as joints are not there, or one is not finite.
    """
    if not message.joint_names or not message.points:
        raise ObservationError("joint trajectory: expected joints and a point, got none; the command is dropped")
    point = message.points[-1]
    _check_numbers("joint trajectory", message.joint_names, point.positions)
    seconds = point.time_from_start.sec + point.time_from_start.nanosec / NANOSECONDS
    return dict(zip(message.joint_names, point.positions, strict=True)), seconds


def to_trajectory(
    message: JointTrajectory, names: Sequence[str], position: FloatArray, velocity: FloatArray
) -> Trajectory:
    """The trajectory of joints ``names`` that continues from a position and velocity ``[J]``.

    Where no velocities are given every joint moves evenly from point to point.

    Raises:
        ObservationError: no point, not a finite position for each joint, or times that do not ascend from 0.
    """
    to_joint_targets(message)  # the same checks of the last point
    points = message.points
    times = np.array([0.0, *(to_nanoseconds(point.time_from_start) / NANOSECONDS for point in points)])
    if (np.diff(times) <= 0.0).any():
        raise ObservationError(f"joint trajectory: expected times that ascend from 0 s, got {times[1:]}")
    for point in points:
        _check_numbers("joint trajectory", message.joint_names, point.positions)
    positions = [pick(dict(zip(message.joint_names, point.positions, strict=True)), names) for point in points]
    steps = np.diff([position, *positions], axis=0) / np.diff(times)[:, None]
    if len(points[-1].velocities) == 0:
        return Trajectory(times, np.array([position, *positions]), np.array([steps[0], *steps]))
    for point in points:
        _check_numbers("joint trajectory, velocities", message.joint_names, point.velocities)
    velocities = [pick(dict(zip(message.joint_names, point.velocities, strict=True)), names) for point in points]
    return Trajectory(times, np.array([position, *positions]), np.array([velocity, *velocities]))


class JointsError(ObservationError):
    """A motion of other joints than the arm's, or not of all of them."""


def to_planned_trajectory(message: JointTrajectory, names: Sequence[str]) -> Trajectory:
    """A trajectory of joints ``names`` that was planned as a whole, from rest to rest.

    Raises:
        JointsError: not each of the joints once, and no other.
        ObservationError: fewer than two points, or more than ``MOST_POINTS``, the first not at 0 s, the last later than
            ``LONGEST``, one without a finite position and velocity of each joint, or one at an end that is not at rest.
    """
    given = message.joint_names
    if sorted(given) != sorted(names):
        other = sorted(set(given) ^ set(names)) or sorted({name for name in given if given.count(name) > 1})
        raise JointsError(f"planned motion: expected each of {', '.join(names)} once; this differs: {', '.join(other)}")
    if len(message.points) > MOST_POINTS:
        raise ObservationError(f"planned motion of {len(message.points)} points: expected at most {MOST_POINTS}")
    if message.points and (seconds := to_nanoseconds(message.points[-1].time_from_start) / NANOSECONDS) > LONGEST:
        raise ObservationError(f"planned motion of {seconds:.0f} s: expected at most {LONGEST:.0f} s")
    if len(message.points) < 2 or to_nanoseconds(message.points[0].time_from_start) != 0:
        raise ObservationError("planned motion: expected two points or more, the first at 0 s, where the arm is")
    if any(len(point.velocities) != len(message.joint_names) for point in message.points):
        raise ObservationError("planned motion: expected velocities of every joint at each point")
    first = message.points[0]
    _check_numbers("planned motion", message.joint_names, first.positions)
    _check_numbers("planned motion, velocities", message.joint_names, first.velocities)
    start = pick(dict(zip(message.joint_names, first.positions, strict=True)), names)
    rest = JointTrajectory(joint_names=message.joint_names, points=message.points[1:])
    trajectory = to_trajectory(rest, names, start, np.zeros(len(names)))
    if max(np.abs(first.velocities).max(), np.abs(trajectory.velocities[-1]).max()) > RESTING:
        raise ObservationError("planned motion: expected to begin and to end at rest")
    return trajectory


def from_planned_trajectory(names: Sequence[str], trajectory: Trajectory) -> JointTrajectory:
    """A trajectory that was planned as a whole, its first point included."""
    points = [
        JointTrajectoryPoint(
            positions=position.tolist(), velocities=velocity.tolist(), time_from_start=_to_duration(seconds)
        )
        for seconds, position, velocity in zip(
            trajectory.times, trajectory.positions, trajectory.velocities, strict=True
        )
    ]
    return JointTrajectory(joint_names=list(names), points=points)


def from_trajectory(names: Sequence[str], trajectory: Trajectory) -> JointTrajectory:
    """A trajectory that starts at once (stamp 0), without its first point, which is where the arm is told to be."""
    message = from_planned_trajectory(names, trajectory)
    return JointTrajectory(joint_names=message.joint_names, points=message.points[1:])


def _to_duration(seconds: float) -> Duration:
    whole, fraction = divmod(round(seconds * NANOSECONDS), NANOSECONDS)
    return Duration(sec=whole, nanosec=fraction)


def from_joint_targets(names: Sequence[str], targets: FloatArray, seconds: float) -> JointTrajectory:
    """A trajectory of one point ``[J]``, to be reached after so many seconds, starting at once (stamp 0)."""
    point = JointTrajectoryPoint(positions=targets.tolist(), time_from_start=_to_duration(seconds))
    return JointTrajectory(joint_names=list(names), points=[point])


def to_action(twist: TwistStamped, close_gripper: bool, seconds: float) -> Action:
    """What the gripper shall do during the next ``seconds`` if it moves with this twist.

    Raises:
        ObservationError: another frame than the gripper's, or a number that is not finite.
    """
    _check_frame(twist)
    linear = twist.twist.linear
    displacement = seconds * np.array([linear.x, linear.y, linear.z])
    return Action(displacement, np.array(close_gripper), np.array(seconds * twist.twist.angular.z))


def to_command(twist: TwistStamped) -> Command:
    """What the safety gate is asked to do.

    Raises:
        ObservationError: another frame than the gripper's.
    """
    _check_frame(twist)
    linear = twist.twist.linear
    return Command(
        to_nanoseconds(twist.header.stamp), np.array([linear.x, linear.y, linear.z]), float(twist.twist.angular.z)
    )


def _check_frame(twist: TwistStamped) -> None:
    if twist.header.frame_id != GRIPPER_FRAME:
        raise ObservationError(f"expected a twist in frame {GRIPPER_FRAME!r}, got {twist.header.frame_id!r}; dropped")


def from_action(action: Action, nanoseconds: int, seconds: float) -> TwistStamped:
    """The twist (m/s, rad/s, gripper frame) that does the action's motion in ``seconds``."""
    message = TwistStamped(header=Header(stamp=to_stamp(nanoseconds), frame_id=GRIPPER_FRAME))
    x, y, z = (action.displacement / seconds).tolist()
    message.twist.linear = Vector3(x=x, y=y, z=z)
    message.twist.angular.z = float(action.yaw_step) / seconds
    return message


def from_understood(stages: Sequence[understanding.UnderstoodStage], names: Sequence[str]) -> list[UnderstoodStage]:
    """One message a stage, of blocks with these names."""
    return [
        UnderstoodStage(
            source=names[stage.source],
            target=names[stage.target],
            begin=stage.begin * CONTROL_PERIOD,
            end=stage.end * CONTROL_PERIOD,
            confidence=stage.confidence,
        )
        for stage in stages
    ]
