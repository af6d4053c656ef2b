"""The connection to rosbridge on the robot: comes back by itself, and never keeps what it could not send."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from roslibpy import Message, Ros
from roslibpy.core import RosTimeoutError

from osil.fetch_bridge.joint_merger import to_nanoseconds

LONGEST_PAUSE = 2.0
"""Seconds between two attempts to connect, at most."""

PING = 1.0
"""Seconds from one ping to the next, and for the answer, after which the connection is given up."""

QUEUE_LENGTH = 10
"""Messages of a topic that rosbridge keeps for a slow reader. With 1 one kind of joint states displaces the other."""

CONNECTED, TIME = "connected", "time"
"""Events that are no messages of a topic: a new connection; nanoseconds of our clock when the robot was asked for the
time, and of its own when it answered."""


def _in_one_line(record: logging.LogRecord) -> bool:
    """What roslibpy says of a message that it cannot read, without where in its code it was."""
    if record.exc_info:
        record.msg, record.args = f"{record.getMessage()} {record.exc_info[1]!r}", ()
        record.exc_info = record.exc_text = None
    return True


logging.getLogger("roslibpy").addFilter(_in_one_line)


@dataclass(frozen=True)
class Event:
    """Something that came from the robot.

    Attributes:
        name: of the topic, or ``CONNECTED`` or ``TIME``.
        content: of the message.
        arrived: nanoseconds of the machine's clock.
    """

    name: str
    content: Any
    arrived: int


class Link:
    """Call everything from one thread. What comes from the robot waits in ``events``.

    roslibpy's own topics keep what is published on a dead connection and send it with the next one; an arm would then
    go where it was told to go long ago. So each message goes out with the connection of its time, or not at all.
    """

    def __init__(
        self,
        host: str,
        port: int,
        published: Mapping[str, str],
        subscribed: Mapping[str, str],
        wake: Callable[[], None],
    ) -> None:
        """Begin to connect.

        Args:
            host, port: of rosbridge's websocket.
            published, subscribed: types of the topics to talk on and to listen to, by name.
            wake: called from another thread when there are new events.
        """
        self._greetings: list[Mapping[str, Any]] = [
            {"op": "advertise", "topic": topic, "type": kind} for topic, kind in published.items()
        ]
        self._greetings += [
            {"op": "subscribe", "topic": topic, "type": kind, "queue_length": QUEUE_LENGTH}
            for topic, kind in subscribed.items()
        ]
        self._wake = wake
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._connection: Any = None  # of roslibpy; None: there is none
        self._heard = 0.0
        self._asked = 0
        self._ros = Ros(host, port)
        self._ros.factory.set_max_delay(LONGEST_PAUSE)
        self._ros.factory.setProtocolOptions(autoPingInterval=PING, autoPingTimeout=PING)  # else a dead one stays
        self._ros.on("ready", self._begin)
        self._ros.on("close", self._end)
        for topic in subscribed:
            self._ros.on(topic, lambda message, topic=topic: self._add(topic, message))
        self._ros.factory.manager.run()

    def close(self) -> None:
        """Disconnect for good; roslibpy cannot connect again in this process."""
        with suppress(RosTimeoutError):  # the robot does not answer the farewell
            self._ros.terminate()

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return self._connection is not None

    @property
    def silence(self) -> float:
        """Seconds since something came."""
        return time.monotonic() - self._heard

    def events(self) -> Iterator[Event]:
        """What has come, oldest first."""
        with suppress(Empty):
            while True:
                yield self._events.get_nowait()

    def send(self, topic: str, message: Mapping[str, Any]) -> bool:
        """Publish; says whether there is a connection on which it went out."""
        return self._say({"op": "publish", "topic": topic, "msg": message})

    def ask_time(self) -> None:
        """Ask for the time of the robot's clock; the answer is an event."""
        connection, asked = self._connection, time.time_ns()
        if connection is not None:
            self._asked += 1
            request = {"op": "call_service", "id": f"time:{self._asked}", "service": "/rosapi/get_time", "args": {}}
            answer = lambda values: self._add(TIME, (asked, to_nanoseconds(values["time"])))  # noqa: E731
            connection.send_ros_service_request(Message(request), answer, None)

    def _say(self, message: Mapping[str, Any]) -> bool:
        connection = self._connection
        if connection is not None:
            connection.send_ros_message(Message(message))
        return connection is not None

    def _begin(self, connection: Any) -> None:
        self._connection = connection
        for greeting in self._greetings:
            self._say(greeting)
        self._add(CONNECTED, None)

    def _end(self, connection: Any) -> None:
        self._connection = None
        self._wake()

    def _add(self, name: str, content: Any) -> None:
        self._heard = time.monotonic()
        self._events.put(Event(name, content, time.time_ns()))
        self._wake()
