"""The core types refuse what does not fit and keep what does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import pytest

from osil import Action, Demonstration, Observation
from osil.arrays import Numbers
from osil.errors import DemonstrationError, ObservationError, OsilError
from osil.tasks.particle_reaching import ParticleAction, ParticleObservation

LEADING = [(), (4,), (7, 4)]


def observation(*leading: int, blocks: int = 3) -> Observation:
    rng = np.random.default_rng(0)
    return Observation(rng.normal(size=(*leading, blocks, 3)), rng.random(leading), rng.normal(size=(*leading, blocks)))


def action(*leading: int) -> Action:
    rng = np.random.default_rng(1)
    return Action(rng.normal(size=(*leading, 3)), rng.random(leading) < 0.5, rng.normal(size=leading))


@pytest.mark.parametrize("leading", LEADING)
def test_leading_dimensions_and_defaults(leading: tuple[int, ...]) -> None:
    seen = Observation(np.ones((*leading, 5, 3)), np.ones(leading))
    assert (seen.leading_shape, seen.num_blocks) == (leading, 5)
    assert seen.block_yaws.shape == (*leading, 5)
    assert not seen.block_yaws.any()
    done = Action(np.ones((*leading, 3)), np.ones(leading))
    assert done.yaw_step.shape == leading
    assert done.close_gripper.dtype == np.bool_


def test_lists_and_whole_numbers_will_do() -> None:
    seen = Observation([[0, 0, 1], [1, 0, 0]], 0)  # type: ignore[arg-type]
    assert seen.block_positions.dtype == np.float64
    assert seen.leading_shape == ()


@pytest.mark.parametrize("kind", [observation, action])
def test_stacking_and_indexing_are_inverse(kind: Callable[..., Observation | Action]) -> None:
    items = [kind(4)[n] for n in range(4)]
    again = type(items[0]).stack(items)  # type: ignore[arg-type]
    for name, array in vars(kind(4)).items():
        np.testing.assert_array_equal(getattr(again, name), array)
        np.testing.assert_array_equal(getattr(kind(4)[1:3], name), array[1:3])


@pytest.mark.parametrize("kind", [observation, action])
def test_whatever_is_done_is_done_to_every_array(kind: Callable[..., Observation | Action]) -> None:
    one, other = kind(4), kind(4).map(np.negative) if kind is observation else kind(5)[1:]
    first = np.array([True, False, False, True])
    chosen = type(one).where(first, one, other)  # type: ignore[arg-type]
    for name, array in vars(one).items():
        np.testing.assert_array_equal(getattr(one.map(np.square), name), np.square(array))
        np.testing.assert_array_equal(getattr(chosen, name)[first], array[first])
        np.testing.assert_array_equal(getattr(chosen, name)[~first], getattr(other, name)[~first])


@dataclass(frozen=True, eq=False)
class Touching(Observation):
    """An observation with one more line."""

    touches: Annotated[np.ndarray, Numbers(("B", "F"), 1.0, "newtons")] = None  # type: ignore[assignment]


def test_a_new_field_is_one_line() -> None:
    seen = Touching(**vars(observation(4)), touches=np.full((4, 3, 2), 0.5))
    seen.check_plausible()
    assert Touching.stack([seen, seen])[0, 1].touches.shape == (3, 2)
    assert Demonstration(seen, action(4))[1:].observations.touches.shape == (3, 3, 2)
    with pytest.raises(ObservationError, match="touches: expected at most 1 newtons"):
        seen.map(lambda array: 0.01 * array + 4.0 * (array == 0.5)).check_plausible()
    with pytest.raises(ObservationError, match=r"touches \[\.\.\., B, F\].*got.*touches \[4, 2, 2\]"):
        replace(seen, touches=np.zeros((4, 2, 2)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(bad: float) -> None:
    for name in ("block_positions", "gripper_opening", "block_yaws"):
        values = {key: np.array(value) for key, value in vars(observation(2)).items()}
        values[name].flat[-1] = bad
        with pytest.raises(ObservationError, match=f"{name}: expected finite numbers"):
            Observation(**values)
    for name in ("displacement", "yaw_step"):
        values = {key: np.array(value) for key, value in vars(action(2)).items()}
        values[name].flat[-1] = bad
        with pytest.raises(ObservationError, match=f"{name}: expected finite numbers"):
            Action(**values)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Observation(np.zeros((3, 2)), np.zeros(())),
        lambda: Observation(np.zeros(3), np.zeros(())),
        lambda: Observation(np.zeros((4, 3, 3)), np.zeros(5)),
        lambda: Observation(np.zeros((3, 3)), np.zeros(()), np.zeros(2)),
        lambda: Action(np.zeros(2), np.array(False)),
        lambda: Action(np.zeros((4, 3)), np.zeros(3, dtype=bool)),
        lambda: Action(np.zeros((4, 3)), np.zeros(4, dtype=bool), np.zeros(())),
    ],
)
def test_shapes_that_do_not_fit_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ObservationError, match="expected"):
        make()


def test_demonstration_has_a_length_and_can_be_cut() -> None:
    shown = Demonstration(observation(9), action(9))
    assert len(shown) == 9
    cut = shown[np.array([0, 4, 8])]
    np.testing.assert_array_equal(cut.observations.block_positions[1], observation(9).block_positions[4])
    np.testing.assert_array_equal(cut.actions.displacement[2], action(9).displacement[8])


@pytest.mark.parametrize(
    ("seen", "done"), [(observation(), action()), (observation(1), action(1)), (observation(3, 4), action(3, 4))]
)
def test_demonstration_needs_one_time_dimension(seen: Observation, done: Action) -> None:
    with pytest.raises(DemonstrationError, match="time dimension"):
        Demonstration(seen, done)


@pytest.mark.parametrize(
    ("done", "message"),
    [(action(8), "fewer actions"), (action(10), "more actions"), (action(9, 2), "more actions"), (action(), "fewer")],
)
def test_demonstration_needs_an_action_for_each_observation(done: Action, message: str) -> None:
    with pytest.raises(DemonstrationError, match=f"9 observations but {message}"):
        Demonstration(observation(9), done)


def test_a_demonstration_of_reaching_needs_a_force_for_each_observation() -> None:
    seen = ParticleObservation(np.zeros((9, 2, 2)), np.zeros((9, 2)), np.zeros((9, 2)))
    assert len(Demonstration(seen, ParticleAction(np.zeros((9, 2))))) == 9
    with pytest.raises(DemonstrationError, match="more actions"):
        Demonstration(seen, ParticleAction(np.zeros((10, 2))))


def test_all_errors_can_be_caught_as_one() -> None:
    with pytest.raises(OsilError):
        Observation(np.zeros(3), np.zeros(()))


@pytest.mark.parametrize("close", [np.nan, 0.5, -0.3, "False", None])
def test_a_gripper_command_is_true_or_false(close: object) -> None:
    with pytest.raises(ObservationError, match="close_gripper: expected True or False"):
        Action(np.zeros(3), close)
    for good in (True, np.True_, 1, 1.0):
        assert Action(np.zeros(3), good).close_gripper


NO_NUMBERS = ([[1, 2, 3], [1, 2]], "abc", [["a", "b", "c"]], [[None] * 3], [[1j, 0, 0]], {}, object())


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_array_of_numbers_is_named(value: object) -> None:
    for name in vars(observation()):
        with pytest.raises(ObservationError, match=f"{name}: expected an array"):
            Observation(**{**vars(observation()), name: value})
    for name in vars(action()):
        with pytest.raises(ObservationError, match=f"{name}: expected"):
            Action(**{**vars(action()), name: value})
    with pytest.raises(ObservationError, match="landmark_positions: expected an array"):
        ParticleObservation(value, np.zeros(2), np.zeros(2))  # type: ignore[arg-type]
    with pytest.raises(ObservationError, match="force: expected an array"):
        ParticleAction(value)  # type: ignore[arg-type]


def test_a_scene_of_nothing_is_refused() -> None:
    with pytest.raises(ObservationError, match=r"block_positions: expected shape .*1 or more, 3"):
        Observation(np.zeros((0, 3)), np.zeros(()))
    with pytest.raises(ObservationError, match=r"landmark_positions: expected shape .*1 or more, 2"):
        ParticleObservation(np.zeros((5, 0, 2)), np.zeros((5, 2)), np.zeros((5, 2)))


@pytest.mark.parametrize("other", [None, np.zeros((9, 3)), "abc", [observation()]])
def test_a_demonstration_is_made_of_observations_and_actions(other: object) -> None:
    for parts in ((other, action(9)), (observation(9), other)):
        with pytest.raises(DemonstrationError, match=f"expected observations and actions.*{type(other).__name__}"):
            Demonstration(*parts)  # type: ignore[type-var]
