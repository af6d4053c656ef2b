"""Under which circumstances a stacking policy is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from osil.choices import Arrangement, MishapKind, TeacherKind, WorldKind
from osil.core import CONTROL_PERIOD
from osil.errors import ConfigError
from osil.experts.stacking import ExpertConfig
from osil.robots.robot import Robot, load_robot
from osil.tasks.block_stacking import StackingTask
from osil.worlds.conditions import Conditions


@dataclass(frozen=True)
class EvaluationConfig:
    """What every episode of an evaluation has in common.

    Attributes:
        world: kind of world, the same for demonstrations and for the policy.
        robot: that acts, a name in ``config/robots``.
        teacher: who demonstrates.
        push: longest distance by which a free block is pushed once in every episode, metres; 0: never.
        mishap: what happens once in every episode to whoever is judged.
        conditions: of the world, for the demonstration and for the policy alike, but for the speed behind a gate.
        shown_latency: control steps by which actions act late in the demonstration; None: as in the episode.
        arrangement: how the blocks lie. Policies that see positions alone need them parallel, as in the paper.
        begun: episode and demonstration begin with the same first stages done, some or none, so that blocks are stacked
            from the start.
        spacing: least distance between their centres, metres; None: as is usual at the robot's table.

    Raises:
        ConfigError: conditions that this kind of world does not know, or no such robot.
    """

    world: WorldKind = "pybullet"
    teacher: TeacherKind = "expert"
    push: float = 0.0
    conditions: Conditions = field(default_factory=Conditions)
    arrangement: Arrangement = "random"
    spacing: float | None = None
    mishap: MishapKind | Literal["none"] = "none"
    robot: str = "fetch"
    shown_latency: int | None = None
    begun: bool = False

    @property
    def expert(self) -> ExpertConfig:
        """What the scripted expert and the teacher know of the blocks and of the hand."""
        return ExpertConfig(self.arm.gripper, blocks=self.conditions.blocks)

    @property
    def arm(self) -> Robot:
        """The robot, its hand open as wide as the blocks need it, at a table with blocks arranged so."""
        robot = load_robot(self.robot).opened_for(self.conditions.blocks)
        return robot.at_table(self.arrangement, self.spacing)

    def __post_init__(self) -> None:
        self.conditions.check_world(self.world)
        self.shown_conditions.check_world(self.world)
        if self.spacing is not None and not 0.0 < self.spacing <= 1.0:
            raise ConfigError(f"spacing {self.spacing:g} m: expected more than 0, and at most 1")
        _ = self.arm  # which there has to be, with a hand wide enough
        if not 0.0 <= self.push <= 0.3:
            raise ConfigError(f"push of {self.push} m: expected 0 to 0.3 m")

    @property
    def shown_conditions(self) -> Conditions:
        """Of the world in which the demonstration is made."""
        latency = self.conditions.latency if self.shown_latency is None else self.shown_latency
        return replace(self.conditions, latency=latency, max_speed=None)

    def reaches(self, task: StackingTask) -> bool:
        """Whether the hand comes as high as it lets go the top block of the highest tower."""
        _, let_go_above, _ = self.expert.release_tolerance
        return (task.tallest - 0.5) * self.conditions.blocks.size + let_go_above <= self.arm.limits.max_height

    def check_reach(self, tasks: Sequence[StackingTask]) -> None:
        """Raise ConfigError where a tower is too high for the arm."""
        if beyond := [str(task) for task in tasks if not self.reaches(task)]:
            raise ConfigError(
                f"towers of {', '.join(beyond)}: too high with cubes of {1000 * self.conditions.blocks.size:.0f} mm; "
                f"the grasp centre comes {self.arm.limits.max_height} m above the table"
            )

    @property
    def patience(self) -> float:
        """How much more time there is, because the arm is slowed down."""
        full = self.arm.limits.max_step / CONTROL_PERIOD
        return max(1.0, full / (self.conditions.max_speed or full))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)
