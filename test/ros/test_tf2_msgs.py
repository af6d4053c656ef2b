"""What is used of tf2_msgs has the published fields, ours where there are only wheels, and the real one alike."""

from __future__ import annotations

from tf2_msgs.msg import TFMessage


def test_fields_are_the_published_ones() -> None:
    assert TFMessage.get_fields_and_field_types() == {"transforms": "sequence<geometry_msgs/TransformStamped>"}
