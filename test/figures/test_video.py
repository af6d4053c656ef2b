"""Films: what is written is what a player reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import imageio.v2 as imageio
import numpy as np
import pytest
from PIL import Image, ImageSequence

from osil.errors import ConfigError
from osil.figures.video import Picture, side_by_side, write_video


def film(count: int, colour: tuple[int, int, int]) -> Iterator[Picture]:
    return (np.full((120, 160, 3), colour, dtype=np.uint8) for _ in range(count))


def duration(path: Path) -> float:
    """Seconds for which a film plays. In a .gif equal pictures are merged into one that is shown longer."""
    if path.suffix == ".gif":
        with Image.open(path) as image:
            return sum(frame.info["duration"] for frame in ImageSequence.Iterator(image)) / 1000
    return float(imageio.get_reader(path).get_meta_data()["duration"])


@pytest.mark.parametrize("ending", ["mp4", "gif"])
def test_player_reads_both_halves(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "films" / f"film.{ending}"
    both = side_by_side(film(4, (200, 30, 30)), film(9, (30, 30, 200)), ("taught", "repeated"))
    write_video(path, both, rate=20)
    with imageio.get_reader(path) as reader:
        pictures = [picture[..., :3].astype(int) for picture in reader]
    assert duration(path) == pytest.approx(9 / 20)
    height, width = pictures[-1].shape[:2]
    left, right = pictures[-1][height // 2, width // 4], pictures[-1][height // 2, 3 * width // 4]
    assert left[0] > 150 > left[2], "the shorter film waits at its last picture"
    assert right[2] > 150 > right[0]
    assert pictures[0][:20].min() < 120, "a caption stands above"


def test_unknown_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.mp4 or \.gif"):
        write_video(tmp_path / "film.avi", film(2, (0, 0, 0)), rate=20)
