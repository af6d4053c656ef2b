"""Block-stacking tasks: ``ab cde +f`` says which towers shall stand, in the paper's notation (section 3.2.2).

In a tower the first letter is the top block, so ``ab`` is a on b. Towers are built in the order in which they are
written, each from the bottom up; one move of a block onto another is a stage. A block after ``+`` is a distractor,
which stays where it lies. Letters are block indices: a is 0, b is 1.
"""

from __future__ import annotations

import string
import textwrap
from dataclasses import dataclass

import numpy as np

from osil.core import CONTROL_PERIOD, BoolArray, FloatArray, Scene
from osil.errors import TaskError
from osil.tasks.blocks import Blocks

STABLE_STEPS = round(0.5 / CONTROL_PERIOD)
"""A layout is reached once it has stood for so many control steps in a row, let go."""


@dataclass(frozen=True)
class StackingTask:
    """A desired layout and the order in which its stages are shown.

    Attributes:
        num_blocks: blocks on the table, distractors included.
        stages: ``(source, target)`` block indices, in order: the source is to be put on the target.

    Raises:
        TaskError: a block is used twice, stacked on itself, or does not exist.
    """

    num_blocks: int
    stages: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        sources = [source for source, _ in self.stages]
        targets = [target for _, target in self.stages]
        used = sources + targets
        if any(not 0 <= block < self.num_blocks for block in used):
            raise TaskError(f"stages {self.stages} name a block outside 0..{self.num_blocks - 1}")
        if len(set(sources)) != len(sources) or len(set(targets)) != len(targets):
            raise TaskError(f"stages {self.stages} move a block twice or put two blocks on one")
        for index, (source, target) in enumerate(self.stages):
            if source == target or source in targets[:index] or target in sources[index:]:
                raise TaskError(f"stages {self.stages} move a block that something already stands on")

    @classmethod
    def parse(cls, text: str) -> StackingTask:
        """Read a task string such as ``ab cde +f +g``.

        Raises:
            TaskError: a character is not a lower-case letter, or the letters are not a, b, c ... each used once.
        """
        words = text.split()
        letters = "".join(words).replace("+", "")
        expected = string.ascii_lowercase[: len(letters)]
        wrong_plus = any("+" in word and (word[0] != "+" or len(word) != 2) for word in words)
        if not letters or wrong_plus or "".join(sorted(letters)) != expected:
            raise TaskError(
                f"task {textwrap.shorten(text, 80)!r}: expected towers of the letters a, b, c ... each used once, "
                f"top block first, and distractors as +x, for example 'ab cde +f'"
            )
        towers = [[string.ascii_lowercase.index(letter) for letter in word.lstrip("+")] for word in words]
        stages = tuple((tower[level - 1], tower[level]) for tower in towers for level in range(len(tower) - 1, 0, -1))
        return cls(len(letters), stages)

    @property
    def num_stages(self) -> int:
        return len(self.stages)

    @property
    def below(self) -> tuple[int, ...]:
        """For each block the block it shall stand on, or -1 for the table."""
        below = [-1] * self.num_blocks
        for source, target in self.stages:
            below[source] = target
        return tuple(below)

    @property
    def tallest(self) -> int:
        """Blocks in the highest tower."""
        heights = [1] * self.num_blocks
        for source, target in self.stages:  # each target is where it belongs by then
            heights[source] = heights[target] + 1
        return max(heights)

    def __str__(self) -> str:
        """The task string. Towers appear in the order of their first stage."""
        above = {target: source for source, target in self.stages}
        below = self.below
        bottoms = [target for _, target in self.stages if below[target] < 0]
        words = []
        for bottom in dict.fromkeys(bottoms):
            tower = [bottom]
            while tower[-1] in above:
                tower.append(above[tower[-1]])
            words.append("".join(string.ascii_lowercase[block] for block in reversed(tower)))
        used = {block for stage in self.stages for block in stage}
        words += [f"+{string.ascii_lowercase[block]}" for block in range(self.num_blocks) if block not in used]
        return " ".join(words)


def stacked_on(block_positions: FloatArray, blocks: Blocks) -> BoolArray:
    """Which block stands on which, read from positions alone.

    Args:
        block_positions: ``[..., B, 3]`` centres in any frame whose z points up, metres.
        blocks: how large they are.

    Returns:
        ``[..., B, B]``: element ``[i, j]`` is True where block i stands directly on block j.
    """
    offset = block_positions[..., :, None, :] - block_positions[..., None, :, :]
    lateral = np.hypot(offset[..., 0], offset[..., 1])
    deviation = np.abs(offset[..., 2] - blocks.size)
    result: BoolArray = (lateral < blocks.lateral_tolerance) & (deviation < blocks.height_tolerance)
    return result


def layout_below(block_positions: FloatArray, blocks: Blocks) -> np.ndarray:
    """For each block the index of the block it stands on, or -1: ``[..., B]``, from positions ``[..., B, 3]``."""
    on = stacked_on(block_positions, blocks)
    return np.where(on.any(-1), on.argmax(-1), -1)


def stages_done(task: StackingTask, scene: Scene, blocks: Blocks) -> np.ndarray:
    """How many of the task's stages hold in the scene: ``[...]`` integers."""
    if not task.stages:
        return np.zeros(scene.block_positions.shape[:-2], dtype=np.int64)
    source, target = np.array(task.stages).T
    result: np.ndarray = stacked_on(scene.block_positions, blocks)[..., source, target].sum(-1)
    return result


def layout_reached(task: StackingTask, scene: Scene, blocks: Blocks) -> BoolArray:
    """True where the scene's layout is exactly the task's: every stage holds and nothing else is stacked."""
    result: BoolArray = (layout_below(scene.block_positions, blocks) == np.array(task.below)).all(-1)
    return result


def layout_compatible(task: StackingTask, scene: Scene, blocks: Blocks) -> BoolArray:
    """True where every stacked pair of the scene is one that the task wants (else: a wrong move, section 5.2.4)."""
    below = layout_below(scene.block_positions, blocks)
    result: BoolArray = ((below == -1) | (below == np.array(task.below))).all(-1)
    return result
