"""What Gazebo and its ros2_control are told, made of what the project knows of a robot, its table and its blocks."""
