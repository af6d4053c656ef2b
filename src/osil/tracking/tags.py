"""The tags on the blocks: which they are, how they look, and where they are in a picture."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osil.core import FloatArray
from osil.errors import ConfigError
from osil.settings import check_at_least
from osil.tracking.opencv import cv2

APRILTAG_ORIGIN = 0.5
"""The detector's sub-pixel corners are counted from the corner of the first pixel, not from its centre."""


@dataclass(frozen=True)
class TagSet:
    """The tags of a set of blocks, each on the top of one; see ``config/tags.yaml``.

    Attributes:
        dictionary: a name of OpenCV's, such as ``DICT_APRILTAG_36h11`` or ``DICT_4X4_50``.
        tag_size: edge of the black square, metres.
        names: of the block that carries the tag of each id.

    Raises:
        ConfigError: an unknown dictionary, an id that is not in it, a size of 0, or two tags for one block.
    """

    dictionary: str
    tag_size: float
    names: dict[int, str]

    def __post_init__(self) -> None:
        known = sorted(name for name in vars(cv2.aruco) if name.startswith("DICT_"))
        if self.dictionary not in known:
            raise ConfigError(f"dictionary {self.dictionary!r}: expected one of {', '.join(known)}")
        if wrong := [tag for tag in self.names if not 0 <= tag < len(self.predefined.bytesList)]:
            raise ConfigError(f"{self.dictionary} has tags 0 to {len(self.predefined.bytesList) - 1}, got {wrong}")
        if twice := [name for name, count in Counter(self.names.values()).items() if count > 1]:
            raise ConfigError(f"blocks {', '.join(twice)}: expected one tag each, got several")
        check_at_least(self, tag_size=0.005)

    @property
    def predefined(self) -> cv2.aruco.Dictionary:
        """The dictionary itself."""
        return cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, self.dictionary))

    @property
    def cells(self) -> int:
        """Cells along the edge of the black square."""
        return int(self.predefined.markerSize) + 2

    def first(self, count: int) -> dict[int, str]:
        """The first tags and their blocks. Raises ConfigError if there are fewer than ``count``."""
        if count > len(self.names):
            raise ConfigError(f"expected tags for {count} blocks, got {len(self.names)}; add some to the set")
        return dict(list(self.names.items())[:count])

    def check_fits(self, block_size: float) -> None:
        """Raise ConfigError unless tag and white rim fit on blocks with this edge, metres."""
        largest = block_size * self.cells / (self.cells + 2)
        if self.tag_size > largest + 1e-9:
            raise ConfigError(
                f"tag_size {self.tag_size:g} m: expected at most {largest:.4f} m on blocks of {block_size:g} m, so "
                "that a white rim as wide as a cell stays around it; print smaller tags"
            )

    @property
    def corners(self) -> FloatArray:
        """``[4, 3]`` corners of the black square in the frame of the tag, metres, in the order of the detector.

        The frame's origin is the centre, z points out of the tag, y up and x right in its picture.
        """
        signs = np.array([[-1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [1.0, -1.0, 0.0], [-1.0, -1.0, 0.0]])
        return 0.5 * self.tag_size * signs

    def draw(self, tag: int, face: float, pixels: int) -> NDArray[np.uint8]:
        """The picture ``[pixels, pixels]`` of a white square of edge ``face`` (metres) with a tag in its middle."""
        inner = round(pixels * self.tag_size / face)
        rim = (pixels - inner) // 2
        black = cv2.aruco.generateImageMarker(self.predefined, tag, pixels - 2 * rim)
        return np.asarray(cv2.copyMakeBorder(black, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=255), dtype=np.uint8)


class TagFinder:
    """Finds the tags of a set in pictures."""

    def __init__(self, tags: TagSet) -> None:
        self._tags = tags
        settings = cv2.aruco.DetectorParameters()
        # The one refinement that fits lines to the edges of the square: with tags as small in the picture as on blocks
        # its corners are five times as exact as those of the others.
        settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_APRILTAG
        self._detector = cv2.aruco.ArucoDetector(tags.predefined, settings)

    def find(self, picture: NDArray[np.uint8]) -> dict[str, FloatArray]:
        """Corners ``[4, 2]`` (pixels, in the order of ``TagSet.corners``) by the name of the block.

        A tag that is there twice tells nothing and is left out, as one of another set is.

        Args:
            picture: ``[height, width, 3]`` RGB, or ``[height, width]`` of grey values.
        """
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else picture
        corners, ids, _ = self._detector.detectMarkers(grey)
        found = [] if ids is None else [int(tag) for tag in ids.ravel()]
        once = {tag for tag, count in Counter(found).items() if count == 1 and tag in self._tags.names}
        return {
            self._tags.names[tag]: square.reshape(4, 2).astype(float) - APRILTAG_ORIGIN
            for tag, square in zip(found, corners, strict=True)
            if tag in once
        }
