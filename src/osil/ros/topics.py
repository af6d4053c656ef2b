"""Names of the topics, and how their messages are delivered. Remap them as usual in ROS.

The policy commands on ``GRIPPER_TWIST`` and ``GRIPPER``, teleoperation on the same names under ``teleop/``. The
controller follows teleoperation for as long as its dead-man button is held, else the policy.
"""

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

JOINT_STATES = "joint_states"
"""sensor_msgs/JointState, from the robot."""

ROBOT_DESCRIPTION = "robot_description"
"""std_msgs/String, latched: the URDF, with the frames of ``robots/frames.py`` as links."""

TF, TF_STATIC = "tf", "tf_static"
"""tf2_msgs/TFMessage, the second latched. tf2 knows them as ``/tf`` and ``/tf_static`` alone: in a namespace, run what
listens through it with ``--ros-args -r /tf:=tf -r /tf_static:=tf_static``."""

BLOCK_POSES = "block_poses"
"""osil_interfaces/BlockPoseArray, base_link, from the tracker."""

TRUE_BLOCK_POSES = "simulation/block_poses"
"""The same from the simulation, when a tracker has the word."""

DETECTIONS = "detections"
"""vision_msgs/Detection3DArray, base_link, from a detector that tells block poses in this way."""

CAMERA_IMAGE = "camera/image_raw"
"""sensor_msgs/Image, from a camera that sees the tags on the blocks."""

CAMERA_INFO = "camera/camera_info"
"""sensor_msgs/CameraInfo, of the same camera."""

BLOCK_MARKERS = "block_markers"
"""visualization_msgs/MarkerArray: a cube a block, for viewers."""

ARM_TRAJECTORY = "arm_controller/joint_trajectory"
GRIPPER_TRAJECTORY = "gripper_controller/joint_trajectory"
"""trajectory_msgs/JointTrajectory, to the robot; the interface of ros2_control's trajectory controller."""

ARM_ACTION = "arm_controller/follow_joint_trajectory"
GRIPPER_ACTION = "gripper_controller/gripper_cmd"
"""control_msgs/FollowJointTrajectory and GripperCommand, the same by actions, if the controller is told to use them."""

PLANNED_MOTION = "controller/follow_joint_trajectory"
"""control_msgs/FollowJointTrajectory, to the controller: a motion that was planned as a whole."""

GRIPPER_TWIST = "gripper_twist_command"
"""geometry_msgs/TwistStamped, frame "gripper", m/s and rad/s of an arm that is not slowed down by the controller's
``max_speed``, one message a control period."""

GRIPPER = "gripper_command"
"""std_msgs/Bool: true closes the fingers, false opens them."""

TELEOP_GRIPPER_TWIST = f"teleop/{GRIPPER_TWIST}"
TELEOP_GRIPPER = f"teleop/{GRIPPER}"

JOY = "joy"
"""sensor_msgs/Joy, from a joystick, the keyboard or the scripted operator."""

CONTROLLER_STATUS = "controller/status"
"""osil_interfaces/ControllerStatus, latched: whether the arm follows commands, and why not."""

GRIPPER_TARGET = "controller/gripper_target"
"""geometry_msgs/PoseStamped, base_link: where the trajectory that the arm was sent last brings the gripper."""

ROBOT_STATUS = "robot_status"
"""osil_interfaces/RobotStatus, latched, from a driver or bridge that knows: whether the robot can be commanded."""

POLICY_STATUS = "policy/status"
"""osil_interfaces/PolicyStatus, latched."""

POLICY_ATTENTION = "policy/attention"
"""osil_interfaces/PolicyAttention: where the policy looks while it imitates."""

CLOCK = "clock"
"""rosgraph_msgs/Clock, from the simulation."""

ABSOLUTE = (CLOCK, TF, TF_STATIC, ROBOT_DESCRIPTION, BLOCK_MARKERS, GRIPPER_TARGET)
"""What ROS's own programs, or config/osil.rviz, look for outside of all namespaces unless these are remapped."""

NEWEST = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
"""For a reader that wants the newest message and never an old one; fits every publisher."""

EVERY = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
"""For a reader of a topic on which several messages come at once: joint states of an arm and of a gripper."""

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""For a state: who comes later is told the newest at once."""
