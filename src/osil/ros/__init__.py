"""The ROS 2 nodes. Nothing else in osil imports ROS."""
