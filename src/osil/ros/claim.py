"""One node of a name: two controllers in one ROS graph would both command the arm."""

from __future__ import annotations

import errno
import hashlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from rclpy.node import Node

from osil.errors import OsilError


class NameTakenError(OsilError):
    """Another node of this name runs already."""


@contextmanager
def claimed_name(node: Node) -> Iterator[None]:
    """Keep the node's name, namespace included, from other nodes of this machine in its ROS domain.

    Raises:
        NameTakenError: another one has it.
    """
    name, domain = node.get_fully_qualified_name(), node.context.get_domain_id()
    # The kernel frees an abstract socket when its process ends in whatever way, while the ROS graph still shows a
    # killed node for 20 s, in which one that is started anew would be refused.
    address = f"\0osil {hashlib.sha256(f'{domain} {name}'.encode()).hexdigest()}"
    with socket.socket(socket.AF_UNIX) as claim:
        try:
            claim.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise NameTakenError(
                f"node {name} runs already in ROS domain {domain}: end it first, or start this one in another "
                "namespace (--ros-args -r __ns:=/other) or with another ROS_DOMAIN_ID"
            ) from error
        yield
