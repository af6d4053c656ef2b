"""Blocks in three dimensions: cubes with their names, which come and go."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence

import numpy as np
from viser import FrameHandle, LabelHandle, SceneApi

from osil import rotations
from osil.core import FloatArray
from osil.tasks.blocks import BLOCK_COLOURS

Colour = tuple[int, int, int]


def block_colour(name: str) -> Colour:
    """Of the block with this letter."""
    red, green, blue = BLOCK_COLOURS[string.ascii_lowercase.find(name) % len(BLOCK_COLOURS)]
    return round(255 * red), round(255 * green), round(255 * blue)


class BlocksDrawing:
    """Draws the blocks that it is told of, and no others."""

    def __init__(self, scene: SceneApi, path: str, opacity: float | None = None) -> None:
        """Draw them under ``path`` of the scene; ``opacity``: left out, they are no ghosts."""
        self._scene, self._path, self._opacity = scene, path, opacity
        self._blocks: dict[str, tuple[FrameHandle, LabelHandle]] = {}
        self._size = 0.0

    def show(self, names: Sequence[str], positions: FloatArray, quaternions: FloatArray, size: float) -> None:
        """Show these blocks.

        Args:
            names: B of them.
            positions: ``[B, 3]`` metres, base frame.
            quaternions: ``[B, 4]`` x y z w, base frame.
            size: edge length, metres.
        """
        for gone in [name for name in self._blocks if name not in names or size != self._size]:
            frame, _ = self._blocks.pop(gone)
            frame.remove()  # and what is in it
        self._size = size
        for name, position, xyzw in zip(names, positions, quaternions, strict=True):
            if name not in self._blocks:
                self._blocks[name] = self._add(name)
            frame, _ = self._blocks[name]
            if not np.array_equal(frame.position, position):
                frame.position = position
            if not np.array_equal(frame.wxyz, wxyz := rotations.wxyz(xyzw)):
                frame.wxyz = wxyz

    def clear(self) -> None:
        """Show none."""
        self.show((), np.zeros((0, 3)), np.zeros((0, 4)), self._size)

    def mark(self, roles: Mapping[str, str]) -> None:
        """Write beside blocks, by name, what part they have in what is going on; beside all others nothing."""
        for name, (_, label) in self._blocks.items():
            text = f"{name} {roles[name]}" if name in roles else name
            if label.text != text:
                label.text = text

    def _add(self, name: str) -> tuple[FrameHandle, LabelHandle]:
        path = f"{self._path}/{name}"
        frame = self._scene.add_frame(path, show_axes=False)
        self._scene.add_box(f"{path}/cube", block_colour(name), (self._size,) * 3, opacity=self._opacity)
        label = self._scene.add_label(
            f"{path}/name", name, position=(0.0, 0.0, self._size), anchor="center-center", visible=self._opacity is None
        )
        return frame, label
