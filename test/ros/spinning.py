"""A node that lives beside the test, in a thread of its own."""

from __future__ import annotations

import threading

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node


class SpinningNode(Node):
    """Call ``spin`` once all is made, and ``close`` at the end."""

    def spin(self) -> None:
        self._spinner = SingleThreadedExecutor()
        self._spinner.add_node(self)
        self._thread = threading.Thread(target=self._spinner.spin, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._spinner.shutdown()
        self._thread.join()
        self.destroy_node()
