"""The one episode loop. Whoever wants to record, film or judge an episode watches it as an observer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from osil.core import A, Actor, Demonstration, O, World

S = TypeVar("S")
O_contra = TypeVar("O_contra", contravariant=True)
A_contra = TypeVar("A_contra", contravariant=True)
S_contra = TypeVar("S_contra", contravariant=True)


class Observer(Protocol[O_contra, A_contra, S_contra]):
    """Watches an episode."""

    def on_step(self, observation: O_contra, action: A_contra, scene: S_contra) -> None:
        """Called after each step with what was seen, what was done, and the true scene that followed."""

    @property
    def done(self) -> bool:
        """True once this observer wants the episode to end."""


class Recorder(Generic[O, A]):
    """Observer that keeps the trajectory, so that an episode can serve as a demonstration."""

    done = False

    def __init__(self) -> None:
        self._observations: list[O] = []
        self._actions: list[A] = []

    def on_step(self, observation: O, action: A, scene: object) -> None:
        self._observations.append(observation)
        self._actions.append(action)

    def trajectory(self) -> tuple[O, A]:
        """Observations and actions so far, each with a new first dimension ``[T]``."""
        observation, action = type(self._observations[0]), type(self._actions[0])
        return observation.stack(self._observations), action.stack(self._actions)

    def demonstration(self) -> Demonstration[O, A]:
        """The trajectory so far, of a single world."""
        return Demonstration(*self.trajectory())


def rollout(
    world: World[O, A, S],
    actor: Actor[O, A],
    observation: O,
    max_steps: int,
    observers: Sequence[Observer[O, A, S]] = (),
) -> int:
    """Step ``actor`` in ``world`` from ``observation`` until an observer is done.

    Returns:
        The number of control steps taken, at most ``max_steps``.
    """
    for step in range(max_steps):
        action = actor.act(observation)
        following = world.step(action)
        scene = world.scene
        for observer in observers:
            observer.on_step(observation, action, scene)
        if any(observer.done for observer in observers):
            return step + 1
        observation = following
    return max_steps
