"""Where the policy looks, told each time that it acts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rclpy.node import Node

from osil.policies.stacking import Attention
from osil.ros import convert, topics
from osil_interfaces.msg import PolicyAttention

PARTS = 100
"""Of a demonstration at most, for each of which attention is told: it may have any number of steps."""


class AttentionTopic:
    """Publishes on ``topics.POLICY_ATTENTION``."""

    def __init__(self, node: Node) -> None:
        self._publisher = node.create_publisher(PolicyAttention, topics.POLICY_ATTENTION, 1)

    def tell(self, attention: Attention, block_names: Sequence[str], nanoseconds: int) -> None:
        """Tell where the policy looked when it acted, at ``nanoseconds`` of its clock."""
        steps = len(attention.over_time)
        begins = np.linspace(0, steps, min(steps, PARTS), endpoint=False).astype(int)
        message = PolicyAttention(
            blocks=list(block_names),
            source=attention.source.tolist(),
            target=attention.target.tolist(),
            moments=np.add.reduceat(attention.over_time, begins).tolist(),
        )
        message.header.stamp = convert.to_stamp(nanoseconds)
        self._publisher.publish(message)
