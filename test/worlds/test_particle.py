"""The arena of particle reaching."""

from __future__ import annotations

import numpy as np
import pytest

from osil.errors import ObservationError, SceneError, TaskError
from osil.tasks.particle_reaching import Arena, ParticleAction, ParticleObservation, ReachingTask, reached
from osil.worlds.particle import ParticleWorld


@pytest.mark.parametrize("num_landmarks", [2, 10, 20])
def test_random_scenes_are_in_the_arena_and_landmarks_apart(num_landmarks: int) -> None:
    arena = Arena()
    scenes = arena.random_scenes(500, num_landmarks, np.random.default_rng(0))
    assert scenes.leading_shape == (500,)
    assert scenes.num_landmarks == num_landmarks
    offset = scenes.landmark_positions[:, :, None] - scenes.landmark_positions[:, None]
    distance = np.hypot(offset[..., 0], offset[..., 1]) + 9.0 * np.eye(num_landmarks)
    assert distance.min() >= arena.spacing
    assert np.abs(scenes.landmark_positions).max() <= arena.half_size
    assert not scenes.robot_velocity.any()
    assert scenes.robot_position.std() > 0.5


def test_too_many_landmarks_are_refused() -> None:
    with pytest.raises(SceneError, match="do not fit"):
        Arena().random_scenes(2, 200, np.random.default_rng(0))


def test_a_force_accelerates_and_is_limited() -> None:
    arena = Arena()
    world = ParticleWorld(arena)
    scene = ParticleObservation(np.zeros((2, 1, 2)), np.zeros((2, 2)), np.zeros((2, 2)))
    world.reset(scene)
    after = world.step(ParticleAction(np.array([[1.0, 0.0], [0.0, -100.0]])))
    np.testing.assert_allclose(after.robot_velocity, [[0.2, 0.0], [0.0, -0.2 * arena.max_force]])
    np.testing.assert_allclose(after.robot_position, 0.2 * after.robot_velocity)
    coasting = world.step(ParticleAction(np.zeros((2, 2))))
    np.testing.assert_allclose(coasting.robot_velocity, after.robot_velocity)


def test_one_world_and_many_agree() -> None:
    rng = np.random.default_rng(1)
    scenes = Arena().random_scenes(3, 4, rng)
    forces = ParticleAction(rng.normal(size=(3, 2)))
    many, one = ParticleWorld(), ParticleWorld()
    many.reset(scenes)
    one.reset(scenes[1])
    np.testing.assert_array_equal(many.step(forces)[1].robot_position, one.step(forces[1]).robot_position)


def test_noise_perturbs_and_needs_a_generator() -> None:
    with pytest.raises(ValueError, match="rng"):
        ParticleWorld(noise=0.1)
    world = ParticleWorld(noise=0.1, rng=np.random.default_rng(0))
    world.reset(Arena().random_scenes(1000, 2, np.random.default_rng(0)))
    after = world.step(ParticleAction(np.zeros((1000, 2))))
    assert after.robot_velocity.std() == pytest.approx(0.1 * 0.2, rel=0.1)


def test_reached_means_stopped_on_the_landmark() -> None:
    landmarks = np.broadcast_to([[0.0, 0.0], [1.0, 0.0]], (4, 2, 2))
    position = np.array([[0.99, 0.0], [0.99, 0.0], [0.01, 0.0], [0.8, 0.0]])
    velocity = np.array([[0.0, 0.1], [0.0, 0.5], [0.0, 0.0], [0.0, 0.0]])
    scene = ParticleObservation(landmarks, position, velocity)
    assert reached(scene, np.array([1, 1, 1, 1])).tolist() == [True, False, False, False]
    assert reached(scene[2], 0)


def test_wrong_values_are_refused() -> None:
    with pytest.raises(ObservationError, match="leading dimensions"):
        ParticleObservation(np.zeros((3, 2, 2)), np.zeros((3, 2)), np.zeros(2))
    with pytest.raises(ObservationError, match="finite"):
        ParticleAction(np.array([np.nan, 0.0]))
    with pytest.raises(TaskError, match="from 0 to 4"):
        ReachingTask(5, 5)
