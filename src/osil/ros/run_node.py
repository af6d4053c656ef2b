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
from rclpy.exceptions import InvalidParameterTypeException
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from osil.errors import ConfigError, OsilError
from osil.resources import resource_path
from osil.ros.arguments import Parameters, add_file, to_yaml, without_parameters
from osil.ros.claim import claimed_name
from osil.ros.lifeline import hold_lifeline
from osil.ros.managed_node import ManagedNode
from osil.ros.parameters import check_all_known

TOLD_PERIOD = 0.1
"""Seconds after which a node that was told to leave notices. It is not thrown out of what it does, and ROS goes on
until it has left, so that it can still say how a goal ended."""

RELATIVE_CLOCK = ("--remap", "/clock:=clock")
"""So that each namespace has a time of its own. In no namespace it still is ``/clock``."""


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
    words = without_parameters(args, parameters)
    with tempfile.NamedTemporaryFile("w", suffix=f"_{config}", encoding="utf-8") as file:
        file.write(to_yaml(parameters))
        file.flush()
        words += ["--ros-args", "--params-file", file.name, *RELATIVE_CLOCK]
        try:
            rclpy.init(args=words, context=context, signal_handler_options=SignalHandlerOptions.NO)
        except RuntimeError as error:  # of rcl, which refuses what it does not understand
            raise ConfigError(f"wrong ROS arguments: {error}") from error
    try:
        yield names
    finally:
        rclpy.try_shutdown(context=context)


def run_node(make_node: Callable[[], Node], config: str, args: Sequence[str] | None = None) -> int:
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
    # ROS takes UTF-8, whatever the locale in which Python read the command line.
    given = sys.argv[1:] if args is None else args
    words = [word.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for word in given]
    try:
        _check_no_others(words)
        with initialized(config, words) as names:
            _run(make_node, names)
    except KeyboardInterrupt:
        pass
    except (OsilError, InvalidParameterTypeException) as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 1
    except Exception:
        traceback.print_exc()
        return os.EX_SOFTWARE
    return 0


def _check_no_others(args: Sequence[str]) -> None:
    """Raise ConfigError for arguments that are none of ROS: nobody would heed them."""
    if others := remove_ros_args(args=["", *args])[1:]:
        raise ConfigError(
            f"arguments {' '.join(others)}: a node takes ROS's own alone, such as --ros-args -p NAME:=VALUE; its "
            "parameters stand in config/"
        )


def _within_rclpy(error: Exception) -> bool:
    """Whether it was raised by what rclpy does by itself: parameters, clock, discovery."""
    package = Path(__file__).parents[1]
    return not any(
        package in Path(frame.filename).parents and frame.filename != __file__
        for frame in traceback.extract_tb(error.__traceback__)
    )


def _run(make_node: Callable[[], Node], names: set[str]) -> None:
    told: list[int] = []
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda signum, frame: told.append(signum))  # again and again, as under ros2 launch

    def look() -> None:
        if told:
            timer.cancel()  # once, so that the node can take leave
            raise KeyboardInterrupt

    node = make_node()
    executor = SingleThreadedExecutor()
    try:
        check_all_known(node, names)
        timer = node.create_timer(TOLD_PERIOD, look, clock=Clock(clock_type=ClockType.STEADY_TIME))
        with claimed_name(node):
            executor.add_node(node)
            if isinstance(node, ManagedNode):
                node.start()
            while True:
                try:
                    executor.spin()
                except Exception as error:
                    if not _within_rclpy(error):
                        raise
                    what = f"a message that rclpy cannot take was dropped: {error}"
                    node.get_logger().error(what, throttle_duration_sec=1.0)
    finally:
        node.destroy_node()
        executor.shutdown()
