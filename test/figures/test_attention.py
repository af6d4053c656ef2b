"""The attention figure: it is drawn, and it shows the weights given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import imageio.v2 as imageio
import numpy as np
import pytest

from osil.figures.attention import draw_attention, draw_block_heads, draw_moment_heads


@dataclass(frozen=True)
class Attention:
    over_time: np.ndarray
    source: np.ndarray
    target: np.ndarray


def following(blocks: int, steps: int = 60) -> list[Attention]:
    """A policy that looks at each block in turn, and follows the demonstration."""
    return [
        Attention(np.eye(100)[step], np.eye(blocks)[blocks * step // steps], np.full(blocks, 1 / blocks))
        for step in range(steps)
    ]


@pytest.mark.parametrize("blocks", [2, 10])
def test_draws_any_number_of_blocks(tmp_path: Path, blocks: int) -> None:
    draw_attention(following(blocks), tmp_path / "deep" / "attention.png")
    picture = imageio.imread(tmp_path / "deep" / "attention.png")[..., :3].astype(int)
    height, width = picture.shape[:2]
    assert width > 1000
    assert height > 500
    blue = (picture[..., 2] - picture[..., 0] > 60)[: height // 3, : int(0.85 * width)]
    columns = np.flatnonzero(blue.any(0))
    first_rows = [np.flatnonzero(blue[:, column]).mean() for column in (columns[5], columns[-5])]
    assert first_rows[0] < first_rows[1], "the first block is the upper row and comes first"


def test_vector_graphics_name_the_blocks(tmp_path: Path) -> None:
    draw_attention(following(3), tmp_path / "attention.svg", block_names=("red", "green", "blue"))
    assert (tmp_path / "attention.svg").read_text().count("<!-- green -->") == 2


def test_every_head_has_a_panel(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    draw_block_heads(rng.dirichlet(np.ones(3), (50, 6)), tmp_path / "blocks.svg", [f"head {n}" for n in range(6)])
    draw_moment_heads(rng.dirichlet(np.ones(80), (50, 6)), tmp_path / "moments.svg", [f"reading {n}" for n in range(6)])
    for name, title in (("blocks", "head"), ("moments", "reading")):
        text = (tmp_path / f"{name}.svg").read_text()
        assert all(f"<!-- {title} {n} -->" in text for n in range(6))
