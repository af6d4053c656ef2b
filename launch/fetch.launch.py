"""The nodes without the simulation, for a real Fetch. Not tried on one: there was none at hand.

The vendor's software is ROS 1, so a bridge has to stand between, which offers
  * /joint_states (sensor_msgs/JointState) with the joints of arm, lift and fingers that config/robots/fetch.yaml names;
  * /arm_controller/joint_trajectory (trajectory_msgs/JointTrajectory, with velocities, ending at rest), each passed on
    whole as a FollowJointTrajectory goal with stamp 0, and /gripper_controller/joint_trajectory as GripperCommand;
and a tracker that publishes /block_poses (osil_interfaces/BlockPoseArray in base_link), at 20 Hz or more and at most
0.2 s late, or at 5 Hz and at most 0.05 s late (parameter max_age of policy and recorder: 0.3 s in all).

Stamps must come from one synchronised clock: a joint state that is older than a quarter of a second, or any stamp that
lies 0.1 s in the future, is not acted upon, and controller/status says by how much the clocks differ. The height of the
table is a parameter of the controller, or stands in config/robots/fetch.yaml, beside the height of the torso from which
that table is best reached.

All motion is slowed down to a gripper speed of 0.25 m/s, and joints keep to the accelerations that the vendor advises.
At full speed the policy asks for more than these allow.

ros2 launch osil_bringup fetch.launch.py demonstrations:=$HOME/demonstrations
"""

from launch import LaunchDescription

from osil.ros.launching import ARGUMENTS, describe
from osil.ros.node_processes import ROBOT_NODES

PARAMETERS = {"use_sim_time": False, "max_speed": 0.25, "acceleration_scaling": 1.0}


def generate_launch_description() -> LaunchDescription:
    return describe(ROBOT_NODES, ARGUMENTS, parameters=PARAMETERS)
