"""``osil evaluate``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from osil.choices import MODEL, Arrangement, BaselineKind, MishapKind, names
from osil.cli.arguments import (
    STACKING_WORLDS,
    Commands,
    add_command,
    add_common,
    check_special,
    natural,
    positive,
    special,
)
from osil.errors import ConfigError


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "evaluate",
        "measure how often a policy finishes whole tasks",
        "  osil evaluate stacking --tasks test --max-blocks 5 --episodes 25 --json result.json\n"
        "  osil evaluate stacking --teacher human --push 0.10\n"
        "  osil evaluate stacking --mishap drop\n"
        "  osil evaluate stacking --friction 0.9 --mass 1.1 --size 1.1 --latency 1 --noise 0.002\n"
        "  osil evaluate stacking --robot panda\n"
        "  osil evaluate expert --world kinematic --tasks train --episodes 10\n"
        "  osil evaluate replay --push\n"
        "  osil evaluate particle/lstm_attention --world particle --landmarks 10 --episodes 1000\n\n"
        "Each episode has a fresh demonstration, and then the policy acts in a new random scene. No seed gives a\n"
        "scene that training has seen. A demonstration that itself misses its layout is drawn again, and counted.",
    )
    judged = (
        f"{MODEL}; 'expert' for the scripted expert; 'replay' or 'layout' for a policy without a network, which goes "
        "along the path shown again, or reads off the layout shown and lets the expert build it"
    )
    parser.add_argument("model", metavar="MODEL", help=judged)
    of_stacking, of_pybullet = special(STACKING_WORLDS), special(("pybullet",))
    worlds = (*STACKING_WORLDS, "particle")
    add_common(parser, worlds, episodes=10, seed_of="chooses the episodes", stacking=of_stacking)
    landmarks = "in the particle world; default: %(default)s"
    parser.add_argument("--landmarks", type=positive, default=10, metavar="N", help=landmarks, **special(("particle",)))
    stacking = parser.add_argument_group("block stacking")
    push = "push a free block this far at most, once in every episode between stages; without a number: %(const)s"
    stacking.add_argument(
        "--push", type=float, nargs="?", const=0.10, default=0.0, metavar="METRES", help=push, **of_stacking
    )
    mishap = "once in every episode: a block drops, or a wrong one gets into the fingers; default: %(default)s"
    mishaps = ("none", *names(MishapKind))
    stacking.add_argument("--mishap", choices=mishaps, default="none", help=mishap, **of_stacking)
    lie = "how the blocks lie: anyhow, parallel (as in the paper), on a grid, or any of these; default: %(default)s"
    stacking.add_argument(
        "--yaws", choices=names(Arrangement), default="random", dest="arrangement", help=lie, **of_stacking
    )
    apart = "least distance between the centres of two blocks; default: as the robot's table says"
    stacking.add_argument("--spacing", type=float, metavar="METRES", help=apart, **of_stacking)
    begun = "the first stages, some or none, are done at the start, in the demonstration as in the episode"
    stacking.add_argument("--begun", nargs=0, const=True, default=False, help=begun, **of_stacking)
    size = "factor on the blocks' edge length"
    stacking.add_argument("--size", type=float, default=1.0, metavar="X", help=size, **of_stacking)
    physics = parser.add_argument_group("conditions of the PyBullet world")
    for name in ("friction", "mass"):
        factor = f"factor on the blocks' {name}"
        physics.add_argument(f"--{name}", type=float, default=1.0, metavar="X", help=factor, **of_pybullet)
    late = "actions act so much later"
    physics.add_argument("--latency", type=natural, default=0, metavar="STEPS", help=late, **of_pybullet)
    shown = "the same in the demonstration; default: as in the episode"
    physics.add_argument("--shown-latency", type=natural, metavar="STEPS", help=shown, **of_pybullet)
    slow = "behind the safety gate, which slows the gripper to so much, with the accelerations of a robot"
    physics.add_argument("--max-speed", type=float, metavar="M/S", help=slow, **of_pybullet)
    tracker = parser.add_argument_group("how the tracker sees the blocks, in the PyBullet world")
    seen: dict[str, Any] = {"type": float, **of_pybullet}
    tracker.add_argument("--noise", default=0.0, metavar="METRES", help="standard deviation of positions", **seen)
    tracker.add_argument("--rate", default=20.0, metavar="HZ", help="frames a second; default: %(default)s", **seen)
    tracker.add_argument("--delay", default=0.0, metavar="SECONDS", help="frames arrive up to so late", **seen)
    unseen = "now and then a block is not seen for up to so long"
    tracker.add_argument("--unseen", default=0.0, metavar="SECONDS", help=unseen, **seen)
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all numbers and the failed episodes here")
    failures = "keep failed episodes here, for osil demonstration replay"
    parser.add_argument("--failures", type=Path, metavar="DIR", help=failures, **of_stacking)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from osil.files import check_output_file, check_output_folder

    check_special(options, options.world)
    report: dict[str, Any] = {"command": options.command_line}
    if options.world == "particle":
        from osil.evaluation.reaching import evaluate_reaching, lines

        if options.model in ("expert", *names(BaselineKind)):
            raise ConfigError(f"{options.model!r} stacks blocks: give --world {' or '.join(STACKING_WORLDS)}")
        check_output_file(options.json)
        report |= evaluate_reaching(options.model, options.landmarks, options.episodes, options.seed)
        print(lines([(f"{options.landmarks} landmarks", report["all"])]))
    else:
        from osil.evaluation.evaluate import evaluate, load
        from osil.evaluation.evaluation_config import EvaluationConfig
        from osil.evaluation.report import table
        from osil.tasks.splits import load_tasks
        from osil.worlds.conditions import Conditions
        from osil.worlds.tracker import TrackerConfig

        tracker = TrackerConfig(options.noise, options.rate, options.delay, options.unseen)
        conditions = Conditions(
            options.friction, options.mass, options.size, options.latency, tracker, options.max_speed
        )
        config = EvaluationConfig(
            options.world,
            options.teacher,
            options.push,
            conditions,
            options.arrangement,
            options.spacing,
            options.mishap,
            options.robot,
            options.shown_latency,
            options.begun,
        )
        load(options.model, config.arm.gripper)  # what was named first is found wanting before the rest
        tasks = load_tasks(options.tasks, options.max_blocks)
        check_output_file(options.json)
        check_output_folder(options.failures)
        report |= {"tasks": options.tasks}
        report |= evaluate(options.model, config, tasks, options.episodes, options.seed, options.jobs, options.failures)
        print(table(report))
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
