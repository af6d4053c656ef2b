"""What a set of tags says of itself, and what the finder makes of pictures that are not as they should be."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from osil.core import FloatArray
from osil.errors import ConfigError
from osil.resources import resource_path
from osil.settings import from_yaml
from osil.tracking.tags import TagFinder, TagSet

TAGS = from_yaml(TagSet, resource_path("config", "tags.yaml"))
FACE, PIXELS, PLACE = 0.04, 80, (60, 100)
"""Edge of the white square in metres and in pixels, and where its upper left pixel is, row and column."""


def picture(tag: int, tags: TagSet = TAGS) -> np.ndarray:
    """Grey, with one tag."""
    scene = np.full((200, 300), 150, dtype=np.uint8)
    row, column = PLACE
    scene[row : row + PIXELS, column : column + PIXELS] = tags.draw(tag, FACE, PIXELS)
    return scene


def corners() -> FloatArray:
    """Of the black square, in the order of the finder."""
    rim = (PIXELS - round(PIXELS * TAGS.tag_size / FACE)) // 2 - 0.5
    row, column = PLACE
    low, high = rim, PIXELS - 1 - rim
    return np.array([[low, low], [high, low], [high, high], [low, high]]) + np.array([column, row])


def test_corners_are_found_to_a_fraction_of_a_pixel() -> None:
    (found,) = TagFinder(TAGS).find(picture(1)).items()
    assert found[0] == TAGS.names[1]
    assert np.abs(found[1] - corners()).max() < 0.25


def test_colours_make_no_difference() -> None:
    grey = picture(1)
    assert TagFinder(TAGS).find(np.repeat(grey[..., None], 3, axis=-1)).keys() == {TAGS.names[1]}


@pytest.mark.parametrize("tag", [100, 586])
def test_tags_of_no_block_are_passed_over(tag: int) -> None:
    assert TagFinder(TAGS).find(picture(tag)) == {}


def test_a_tag_that_is_there_twice_tells_nothing() -> None:
    twice = np.concatenate([picture(1), picture(1)])
    assert TagFinder(TAGS).find(twice) == {}
    assert TagFinder(TAGS).find(np.concatenate([picture(1), picture(2)])).keys() == {TAGS.names[1], TAGS.names[2]}


def test_mirrored_tags_are_not_found() -> None:
    finder = TagFinder(TAGS)
    assert not any(finder.find(np.ascontiguousarray(picture(tag)[:, ::-1])) for tag in TAGS.names)


def test_what_is_too_blurred_is_not_found_and_what_is_found_is_where_it_is() -> None:
    found = 0
    for blur in np.linspace(0.5, 20.0, 20):
        tags = TagFinder(TAGS).find(cv2.GaussianBlur(picture(1), (0, 0), blur))
        assert tags.keys() <= {TAGS.names[1]}
        for there in tags.values():
            found += 1
            assert np.linalg.norm(there.mean(0) - corners().mean(0)) < 0.5
    assert 1 <= found < 15


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"dictionary": "DICT_36h11"}, "expected one of"),
        ({"names": {587: "a"}}, "has tags 0 to 586"),
        ({"names": {0: "a", 1: "a"}}, "expected one tag each"),
        ({"tag_size": 0.0}, "tag_size"),
    ],
)
def test_sets_that_cannot_be_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        replace(TAGS, **wrong)


def test_tags_that_leave_no_rim_are_refused() -> None:
    TAGS.check_fits(0.04)
    with pytest.raises(ConfigError, match="white rim"):
        TAGS.check_fits(0.035)
