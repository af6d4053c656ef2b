"""Where tagged blocks are, from pictures of a camera that is calibrated to the robot. Neither ROS nor a clock."""
