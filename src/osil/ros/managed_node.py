"""Nodes that can be put aside and taken up again while they run: managed nodes, which ``ros2 lifecycle`` speaks to."""

from __future__ import annotations

import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from osil.errors import OsilError
from osil.ros.parameters import declare, parameter

KINDS = ("timer", "service", "client", "subscription", "publisher")
"""What a node makes and can take back, by rclpy's names."""


@dataclass(frozen=True)
class Management:
    """How a managed node begins."""

    autostart: bool = parameter("true: active as soon as it is configured; false: when somebody activates it")


class ManagedNode(LifecycleNode, ABC):
    """Configured when it starts; does its work while it is active, and refuses it by name while it is inactive.

    A subclass declares its parameters when it is made, and makes all else in ``configure``. In the state unconfigured,
    after cleanup, nothing of that is there.

    Attributes:
        inactive: why it does nothing just now, and what to do; empty while it is active.
    """

    inactive = "it has not begun yet"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._autostart = declare(self, Management).autostart
        self._failure: Exception | None = None
        self._made_before: set[object] = set()
        self._lie_idle()

    @abstractmethod
    def configure(self) -> None:
        """Read all that may be missing or wrong, and make topics, services and timers.

        Raises:
            OsilError: something cannot be read. The node stays unconfigured, and says why.
        """

    def activate(self) -> None:
        """Begin, where it takes more than to look at ``inactive``."""

    @abstractmethod
    def deactivate(self, why: str) -> None:
        """End what is under way, in order. The node ``why``, such as "was deactivated"."""

    def start(self) -> None:
        """Configure the node, and activate it unless that is left to somebody else.

        Raises:
            OsilError: it cannot be configured.
        """
        self.trigger_configure()
        if self._autostart and self._failure is None:
            self.trigger_activate()
        if self._failure is not None:
            raise self._failure
        if self.inactive:
            self.get_logger().info(self.inactive)

    def destroy_node(self) -> None:
        """Leave in order."""
        if not self.inactive:
            self.deactivate("was told to leave")
        super().destroy_node()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """See rclpy, as for the others."""
        self._made_before = self._made()
        return self._attempt(self.configure)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.inactive = ""
        return self._attempt(self.activate)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._lie_idle()
        return self._attempt(lambda: self.deactivate("was deactivated"))

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._take_back()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        # What was made stays, to tell whoever waits for it how it ended.
        active = not self.inactive
        self.inactive = f"{self.get_name()} was shut down; end its process, and start it anew"
        return self._attempt(lambda: self.deactivate("was shut down")) if active else TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._lie_idle()
        self._take_back()
        return TransitionCallbackReturn.SUCCESS  # which means: unconfigured

    def _lie_idle(self) -> None:
        name = self.get_fully_qualified_name()
        self.inactive = f"{self.get_name()} is not active; to begin: ros2 lifecycle set {name} activate"

    def _attempt(self, step: Callable[[], None]) -> TransitionCallbackReturn:
        """Do a step of a transition. rclpy itself would pass over an error in silence."""
        self._failure = None
        try:
            step()
        except Exception as error:
            self._failure = error
            if not isinstance(error, OsilError):
                traceback.print_exc()
            self.get_logger().error(f"unconfigured: {error}")
            return TransitionCallbackReturn.ERROR
        return TransitionCallbackReturn.SUCCESS

    def _made(self) -> set[object]:
        """All that takes part in ROS."""
        return {one for kind in KINDS for one in getattr(self, f"{kind}s")} | set(self.waitables)

    def _take_back(self) -> None:
        """Take back what ``configure`` made."""
        for kind in KINDS:
            for one in set(getattr(self, f"{kind}s")) - self._made_before:
                getattr(self, f"destroy_{kind}")(one)
        for action in set(self.waitables) - self._made_before:  # the others have gone with their subscription
            action.destroy()
