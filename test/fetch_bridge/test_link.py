"""What the connection to rosbridge says in the log can be read by people."""

from __future__ import annotations

import logging

import pytest

import osil.fetch_bridge.link  # noqa: F401  which sees to it


def test_junk_from_the_robot_is_told_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("roslibpy")
    try:
        raise KeyError("op")
    except KeyError:
        log.exception("cannot read a %s", "message")
    (record,) = caplog.records
    assert caplog.handler.format(record).count("\n") == 0
    assert record.getMessage() == "cannot read a message KeyError('op')"
