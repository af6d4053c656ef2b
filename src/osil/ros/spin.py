"""How every node lives: configured, spun in the main thread, and gone cleanly on SIGINT and SIGTERM."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from osil.errors import ConfigError, OsilError
from osil.resources import resource_path
from osil.ros.arguments import Parameters, add_file, to_yaml, without_parameters
from osil.ros.claim import claimed_name
from osil.ros.lifeline import hold_lifeline
from osil.ros.parameters import check_all_known

RELATIVE_CLOCK = ("--remap", "/clock:=clock")
"""So that stacks in several namespaces have a time each. In no namespace it still is ``/clock``."""


@contextmanager
def initialized(config: str, args: Sequence[str] = (), context: rclpy.Context | None = None) -> Iterator[set[str]]:
    """ROS with the parameters of ``config/<config>``, which ``args`` of the command line override.

    Args:
        config: a file in ``config/``.
        args: of the command line.
        context: left out: rclpy's own.

    Yields:
        The names of the parameters in ``config``.

    Raises:
        ConfigError: an argument cannot be read.
    """
    parameters: Parameters = {}
    add_file(resource_path("config", config), parameters)
    names = {name for values in parameters.values() for name in values}
    # ROS takes UTF-8, whatever the locale in which Python read the command line.
    args = [word.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for word in args]
    words = without_parameters(args, parameters)
    with tempfile.NamedTemporaryFile("w", suffix=f"_{config}", encoding="utf-8") as file:
        file.write(to_yaml(parameters))
        file.flush()
        words += ["--ros-args", "--params-file", file.name, *RELATIVE_CLOCK]
        try:
            rclpy.init(args=words, context=context)
        except RuntimeError as error:  # of rcl, which refuses what it does not understand
            raise ConfigError(f"wrong ROS arguments: {error}") from error
    try:
        yield names
    finally:
        rclpy.try_shutdown(context=context)


def spin(make_node: Callable[[], Node], config: str, args: Sequence[str] | None = None) -> int:
    """Make the node and run it until it is told to stop.

    Args:
        make_node: usually the node's class.
        config: its file in ``config/``.
        args: of the command line; left out: those of this process.

    Returns:
        The exit status: 0 after a shutdown, 1 if the node could not be made or failed by a named error, which it would
        do again, and os.EX_SOFTWARE after any other failure.
    """
    hold_lifeline()
    try:
        with initialized(config, sys.argv[1:] if args is None else args) as names:
            _run(make_node, names)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except OsilError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 1
    except Exception:
        traceback.print_exc()
        return os.EX_SOFTWARE
    return 0


def _within_rclpy(error: Exception) -> bool:
    """Whether it was raised by what rclpy does by itself: parameters, clock, discovery."""
    package = Path(__file__).parents[1]
    return not any(
        package in Path(frame.filename).parents and frame.filename != __file__
        for frame in traceback.extract_tb(error.__traceback__)
    )


def _run(make_node: Callable[[], Node], names: set[str]) -> None:
    executor = node = None
    try:
        executor = SingleThreadedExecutor()
        node = make_node()
        check_all_known(node, names)
        # rclpy misses a signal that comes between its look at the context and its wait, and nothing may ever end that
        # wait, timers of simulated time least of all. So something happens every second of the machine's time.
        node.create_timer(1.0, lambda: None, clock=Clock(clock_type=ClockType.STEADY_TIME))
        with claimed_name(node):
            executor.add_node(node)
            while rclpy.ok():
                try:
                    executor.spin()
                except Exception as error:
                    if not rclpy.ok() or not _within_rclpy(error):
                        raise
                    what = f"a message that rclpy cannot take was dropped: {error}"
                    node.get_logger().error(what, throttle_duration_sec=1.0)
    except OsilError:
        raise
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
