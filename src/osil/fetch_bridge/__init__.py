"""What the bridge to a real Fetch knows of its ROS 1 side; ``ros/fetch_bridge_node.py`` joins it to ROS 2."""
