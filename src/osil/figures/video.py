"""Films of episodes, as .mp4 or .gif."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import imageio.v2 as imageio
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from osil.errors import ConfigError
from osil.files import check_output_file

Picture = NDArray[np.uint8]
"""``[height, width, 3]`` RGB."""

_GAP = 8


def check_video(path: str | Path) -> None:
    """Make sure that a film can be written, before there are pictures for it.

    Raises:
        ConfigError: an ending other than ``.mp4`` and ``.gif``, or it cannot be written.
    """
    if Path(path).suffix not in (".mp4", ".gif"):
        raise ConfigError(f"{path}: expected a name that ends in .mp4 or .gif")
    check_output_file(Path(path))


def write_video(path: str | Path, pictures: Iterable[Picture], rate: float) -> None:
    """Write pictures of equal size as a film.

    Args:
        path: ends in ``.mp4`` (H.264, plays in every browser) or ``.gif`` (loops for ever).
        pictures: the film; may be a generator, so that long ones need no memory.
        rate: pictures a second.

    Raises:
        ConfigError: as ``check_video``.
    """
    path = Path(path)
    check_video(path)
    settings: dict[str, Any] = {"duration": 1000.0 / rate, "loop": 0}
    if path.suffix == ".mp4":
        settings = {"fps": rate, "codec": "libx264", "quality": 7, "macro_block_size": 2}
    with imageio.get_writer(path, **settings) as writer:
        for picture in pictures:
            writer.append_data(picture)  # type: ignore[attr-defined]  # its stubs lack the method


def side_by_side(left: Iterable[Picture], right: Iterable[Picture], captions: tuple[str, str]) -> Iterator[Picture]:
    """Two films as one, each under its caption. The shorter one waits at its last picture for the other to end."""
    last: list[Picture | None] = [None, None]
    for pair in zip_longest(left, right):
        last = [new if new is not None else old for new, old in zip(pair, last, strict=True)]
        halves = [_captioned(one, caption) for one, caption in zip(last, captions, strict=True) if one is not None]
        gap = np.full((halves[0].shape[0], _GAP, 3), 255, dtype=np.uint8)
        yield np.concatenate([halves[0], gap, halves[-1]], axis=1)


def _captioned(picture: Picture, caption: str) -> Picture:
    height, width = picture.shape[:2]
    strip = max(24, height // 14) // 2 * 2
    image = Image.new("RGB", (width, height + strip), "white")
    image.paste(Image.fromarray(picture), (0, strip))
    font = ImageFont.load_default(0.6 * strip)
    ImageDraw.Draw(image).text((0.3 * strip, 0.5 * strip), caption, fill="#333333", font=font, anchor="lm")
    return np.asarray(image)
