"""How every node lives: configured, spun in the main thread, and gone cleanly on SIGINT and SIGTERM."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from osil.errors import OsilError
from osil.resources import resource_path


def configured(config: str, args: Sequence[str] = ()) -> list[str]:
    """ROS arguments that load ``config/<config>`` first, so that ``args`` can override its values."""
    words = ["--ros-args", "--params-file", str(resource_path("config", config)), "--", *args]
    # ROS takes UTF-8, whatever the locale in which Python read the command line.
    return [word.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for word in words]


def spin(make_node: Callable[[], Node], config: str, args: Sequence[str] | None = None) -> int:
    """Make the node and run it until it is told to stop.

    Args:
        make_node: usually the node's class.
        config: its file in ``config/``.
        args: of the command line; left out: those of this process.

    Returns:
        The exit status: 0 after a shutdown, 1 if the node could not be made or failed by a named error.
    """
    rclpy.init(args=configured(config, sys.argv[1:] if args is None else args))
    executor = node = None
    try:
        executor = SingleThreadedExecutor()
        node = make_node()
        executor.add_node(node)
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except OsilError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 1
    except Exception:
        if rclpy.ok():
            raise
        # Else it was told to stop while it was still starting, and could not make what it needs.
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C comes twice under ros2 launch; once is enough
        if executor is not None:
            executor.shutdown()
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0
