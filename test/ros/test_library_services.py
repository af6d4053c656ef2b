"""Stored demonstrations are listed without reading again what has not changed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from osil.core import Action, Demonstration, Observation
from osil.demonstrations import storage
from osil.demonstrations.library import Library
from osil.ros.library_services import LibraryServices
from osil_interfaces.srv import ListDemonstrations


def store(path: Path, steps: int) -> None:
    seen = Observation(np.zeros((steps, 1, 3)), np.zeros(steps), np.zeros((steps, 1)))
    done = Action(np.zeros((steps, 3)), np.zeros(steps, dtype=np.bool_), np.zeros(steps))
    storage.save(Demonstration(seen, done), path, path.stem, "a")


def test_only_what_is_new_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services: dict[str, Any] = {}
    warned: list[str] = []
    node: Any = SimpleNamespace(
        get_logger=lambda: SimpleNamespace(warning=warned.append),
        create_service=lambda kind, name, answer: services.update({name: answer}),
    )
    read: list[str] = []
    load = storage.load
    monkeypatch.setattr(storage, "load", lambda path: read.append(path.stem) or load(path))

    def listed() -> dict[str, int]:
        read.clear()
        warned.clear()
        response = services["~/list"](ListDemonstrations.Request(), ListDemonstrations.Response())
        return dict(zip(response.names, response.steps, strict=True))

    store(tmp_path / "one.mcap", 3)
    (tmp_path / "damaged.mcap").write_bytes(b"nothing")
    LibraryServices(node, Library(tmp_path), lambda: "")
    assert read == ["damaged", "one"]
    assert listed() == {"one": 3}
    assert read == []
    assert "damaged.mcap is not a whole demonstration file" in warned[0]

    store(tmp_path / "one.mcap", 5)
    store(tmp_path / "two.mcap", 2)
    assert listed() == {"one": 5, "two": 2}
    assert sorted(read) == ["one", "two"]
    (tmp_path / "gone.mcap").symlink_to("nowhere")
    assert listed() == {"one": 5, "two": 2}
    assert any("gone.mcap: No such file" in words for words in warned)
