"""The topics of a demonstration file. Their definitions travel inside each file, so that any ROS 2 or MCAP tool can
read it. Files are written without ROS, so the texts are kept here; tests hold them against an installed ROS 2."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from mcap.records import Schema
from mcap.well_known import MessageEncoding, SchemaEncoding
from mcap_ros2.decoder import DecoderFactory

STEP_DEFINITION = """\
std_msgs/Header header
geometry_msgs/Point[] block_positions
float64[] block_yaws
float64 gripper_opening
geometry_msgs/Vector3 displacement
float64 yaw_step
bool close_gripper
"""

JOINT_STATE_DEFINITION = """\
std_msgs/Header header
string[] name
float64[] position
float64[] velocity
float64[] effort
"""

TF_DEFINITION = "geometry_msgs/TransformStamped[] transforms\n"

STRING_DEFINITION = "string data\n"

_XYZ = "float64 x\nfloat64 y\nfloat64 z\n"

_DEPENDENCIES = {
    "std_msgs/Header": "builtin_interfaces/Time stamp\nstring frame_id\n",
    "builtin_interfaces/Time": "int32 sec\nuint32 nanosec\n",
    "geometry_msgs/Point": _XYZ,
    "geometry_msgs/Vector3": _XYZ,
    "geometry_msgs/Quaternion": f"{_XYZ}float64 w\n",
    "geometry_msgs/Transform": "geometry_msgs/Vector3 translation\ngeometry_msgs/Quaternion rotation\n",
    "geometry_msgs/TransformStamped": (
        "std_msgs/Header header\nstring child_frame_id\ngeometry_msgs/Transform transform\n"
    ),
}


def _whole(definition: str, *dependencies: str) -> str:
    """The whole definition in the ``ros2msg`` encoding of the MCAP format registry."""
    return definition + "".join(f"{'=' * 80}\nMSG: {name}\n{_DEPENDENCIES[name]}" for name in dependencies)


@dataclass(frozen=True)
class FileTopic:
    """A topic.

    Attributes:
        name: of the topic.
        message: type of its messages.
        definition: of the type, whole.
        latched: whether who listens later wants the last message, too; ``ros2 bag play`` sees to that.
    """

    name: str
    message: str
    definition: str
    latched: bool = False

    @property
    def metadata(self) -> dict[str, str]:
        """Of its channel, as rosbag2 writes and reads it."""
        return {"offered_qos_profiles": json.dumps([_LATCHED])} if self.latched else {}


_HEADER = ("std_msgs/Header", "builtin_interfaces/Time")
_TF_PARTS = (
    "geometry_msgs/TransformStamped",
    "geometry_msgs/Transform",
    "geometry_msgs/Vector3",
    "geometry_msgs/Quaternion",
)

_FOREVER = {"sec": 9223372036, "nsec": 854775807}
_LATCHED = {
    "history": 1,  # the last ones
    "depth": 1,
    "reliability": 1,  # reliable
    "durability": 1,  # transient local
    "deadline": _FOREVER,
    "lifespan": _FOREVER,
    "liveliness": 1,  # automatic
    "liveliness_lease_duration": _FOREVER,
    "avoid_ros_namespace_conventions": False,
}

STEPS = FileTopic(
    "/demonstration",
    "osil_interfaces/msg/DemonstrationStep",
    _whole(STEP_DEFINITION, *_HEADER, "geometry_msgs/Point", "geometry_msgs/Vector3"),
)
JOINT_STATES = FileTopic("/joint_states", "sensor_msgs/msg/JointState", _whole(JOINT_STATE_DEFINITION, *_HEADER))
TF = FileTopic("/tf", "tf2_msgs/msg/TFMessage", _whole(TF_DEFINITION, *_HEADER, *_TF_PARTS))
TF_STATIC = FileTopic("/tf_static", TF.message, TF.definition, latched=True)
ROBOT_DESCRIPTION = FileTopic("/robot_description", "std_msgs/msg/String", STRING_DEFINITION, latched=True)

TOPICS = {topic.name: topic for topic in (STEPS, JOINT_STATES, TF, TF_STATIC, ROBOT_DESCRIPTION)}
"""By name. Only the first is in every file; the others show robot and blocks."""


@cache
def decoder(topic: FileTopic) -> Callable[[bytes], Any]:
    """What makes messages of the bytes on a topic."""
    schema = Schema(id=1, name=topic.message, encoding=SchemaEncoding.ROS2, data=topic.definition.encode())
    decode = DecoderFactory().decoder_for(MessageEncoding.CDR, schema)
    assert decode is not None
    return decode
