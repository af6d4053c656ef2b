"""What the policy attends to while it imitates, and what the gripper does, drawn over time."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from viser import GuiApi, GuiUplotHandle, uplot

from osil.robots.kinematics import GripperPose
from osil.ros.page.blocks_drawing import block_colour
from osil_interfaces.msg import PolicyAttention

LENGTH = 240
"""Moments that are drawn at most: of two minutes."""

INK = "#456"


class ImitationPlots:
    """Attention over blocks, attention over the demonstration, height of the gripper and opening of the fingers."""

    def __init__(self, gui: GuiApi) -> None:
        """Make them in the current container of ``gui``; they are seen once something is imitated."""
        self._gui, self._folder = gui, gui.add_folder("Attention and gripper", visible=False)
        self._plots: tuple[GuiUplotHandle, ...] = ()
        self._blocks: tuple[str, ...] = ()
        self._moments: deque[tuple[float, Sequence[float], Sequence[float], float, float]] = deque(maxlen=LENGTH)

    def add(self, attention: PolicyAttention, seconds: float, gripper: GripperPose, opening: float) -> None:
        """Draw one moment more.

        Args:
            attention: of the policy.
            seconds: since the imitation began.
            gripper: where it is, base frame.
            opening: distance between the finger pads, metres.
        """
        if tuple(attention.blocks) != self._blocks:
            self._make(tuple(attention.blocks))
        if self._moments and seconds < self._moments[-1][0]:  # another imitation
            self._moments.clear()
        self._moments.append((seconds, attention.source, attention.target, float(gripper.position[2]), opening))
        times, source, target, height, openings = (np.array(column) for column in zip(*self._moments, strict=True))
        to_move, to_put_on, over_time, hand = self._plots
        to_move.data = (times, *source.T)
        to_put_on.data = (times, *target.T)
        over_time.data = (np.linspace(0.0, 100.0, len(attention.moments)), np.array(attention.moments))
        hand.data = (times, 100.0 * height, 100.0 * openings)

    def _make(self, blocks: tuple[str, ...]) -> None:
        """Make plots for these blocks."""
        for plot in self._plots:
            plot.remove()
        self._blocks, self._folder.visible = blocks, True
        self._moments.clear()
        each = tuple(uplot.Series(label=name, stroke=f"rgb{block_colour(name)}", width=2) for name in blocks)
        part = uplot.Series(label="attention", stroke=INK, width=2)
        hand = (
            uplot.Series(label="height of the gripper [cm]", stroke=INK, width=2),
            uplot.Series(label="opening of the fingers [cm]", stroke="#d62", width=2),
        )
        with self._folder:
            self._plots = (
                self._plot("Block to move", "seconds", *each),
                self._plot("Block to put it on", "seconds", *each),
                self._plot("Moment of the demonstration", "% of it", part),
                self._plot("Gripper", "seconds", *hand),
            )

    def _plot(self, title: str, x: str, *series: uplot.Series) -> GuiUplotHandle:
        nothing = (np.zeros(1),) * (1 + len(series))
        numbers = {"x": uplot.Scale(time=False)}  # else x were taken for a date
        legend = uplot.Legend(show=True, live=False)
        return self._gui.add_uplot(
            nothing, (uplot.Series(label=x), *series), title=title, scales=numbers, legend=legend, aspect=2.2
        )
