"""How a contact-physics world differs from the nominal one, for tests of robustness."""

from __future__ import annotations

from dataclasses import dataclass, field

from osil.choices import WorldKind
from osil.errors import ConfigError
from osil.tasks.blocks import NOMINAL, Blocks
from osil.worlds.bullet_scene import Physics
from osil.worlds.tracker import TrackerConfig

LATEST = 20
"""Control steps, a second: nobody stacks blocks with an arm that acts later."""

SLOWEST, FASTEST = 0.05, 1.0
"""Metres a second of a gripper behind the safety gate."""


@dataclass(frozen=True)
class Conditions:
    """Conditions of an evaluation. Demonstrations and episodes are under the same ones.

    Attributes:
        friction: factor on the friction of the blocks, and so of every contact with one.
        mass: factor on the mass of the blocks.
        size: factor on their edge length.
        latency: control steps, 0 to ``LATEST``, by which actions act late.
        tracker: how the blocks are seen.
        max_speed: to which the safety gate slows the gripper on a robot, metres a second; None: no gate. Demonstrations
            are made without one.

    Raises:
        ConfigError: a number out of range.
    """

    friction: float = 1.0
    mass: float = 1.0
    size: float = 1.0
    latency: int = 0
    tracker: TrackerConfig = field(default_factory=TrackerConfig)
    max_speed: float | None = None

    def __post_init__(self) -> None:
        if not all(0.2 <= factor <= 5.0 for factor in (self.friction, self.mass)):
            raise ConfigError(f"{self}: expected factors of 0.2 to 5 on friction and mass")
        if not 0 <= self.latency <= LATEST:
            raise ConfigError(f"latency {self.latency}: expected a whole number of control steps, 0 to {LATEST}")
        if self.max_speed is not None and not SLOWEST <= self.max_speed <= FASTEST:
            raise ConfigError(f"max_speed {self.max_speed:g} m/s: expected {SLOWEST:g} to {FASTEST:g}")
        Blocks(self.size * NOMINAL.size)  # which refuses sizes that no block has

    @property
    def blocks(self) -> Blocks:
        """How large the blocks are."""
        return Blocks(self.size * NOMINAL.size)

    @property
    def geometric(self) -> bool:
        """Whether all is nominal but the size of the blocks, so that it takes no contact physics."""
        return self == Conditions(size=self.size)

    def check_world(self, kind: WorldKind) -> None:
        """Raise ConfigError if a world of this kind does not know these conditions."""
        if kind == "kinematic" and not self.geometric:
            raise ConfigError(
                "the kinematic world knows no conditions such as friction, mass or noise; use the world pybullet"
            )

    def physics(self) -> Physics:
        """What the simulated things are like."""
        nominal = Physics()
        return Physics(
            block_mass=self.mass * nominal.block_mass,
            blocks=self.blocks,
            block_friction=self.friction * nominal.block_friction,
        )
