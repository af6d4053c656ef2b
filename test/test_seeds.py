"""Random streams: repeatable, and never shared between training and testing."""

from __future__ import annotations

from osil.seeds import generator


def test_same_purpose_seed_and_key_give_the_same_stream() -> None:
    assert generator("test", 3, 1, 2).random() == generator("test", 3, 1, 2).random()


def test_no_two_of_many_streams_begin_alike() -> None:
    keys = [(), (0,), (1,), (0, 0), (0, 1), (1, 0)]
    first = [
        generator(purpose, seed, *key).random()
        for purpose in ("train", "test", "demonstrate")
        for seed in range(50)
        for key in keys
    ]
    assert len(set(first)) == len(first)
