"""The message definition that travels inside each demonstration file, so that any ROS 2 or MCAP tool can read it.

Files are written without ROS, so the text is kept here; a test holds it against ``osil_interfaces`` and against the
standard messages of an installed ROS 2.
"""

MESSAGE_TYPE = "osil_interfaces/msg/DemonstrationStep"

STEP_DEFINITION = """\
std_msgs/Header header
geometry_msgs/Point[] block_positions
float64[] block_yaws
float64 gripper_opening
geometry_msgs/Vector3 displacement
float64 yaw_step
bool close_gripper
"""

HEADER_DEFINITION = """\
builtin_interfaces/Time stamp
string frame_id
"""

TIME_DEFINITION = """\
int32 sec
uint32 nanosec
"""

XYZ_DEFINITION = """\
float64 x
float64 y
float64 z
"""

DEPENDENCIES = {
    "std_msgs/Header": HEADER_DEFINITION,
    "builtin_interfaces/Time": TIME_DEFINITION,
    "geometry_msgs/Point": XYZ_DEFINITION,
    "geometry_msgs/Vector3": XYZ_DEFINITION,
}

MESSAGE_DEFINITION = STEP_DEFINITION + "".join(
    f"{'=' * 80}\nMSG: {name}\n{definition}" for name, definition in DEPENDENCIES.items()
)
"""The whole definition in the ``ros2msg`` encoding of the MCAP format registry."""
