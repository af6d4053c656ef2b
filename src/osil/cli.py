"""The command ``osil``: arguments only. Each command imports what it needs when it runs, so that help is quick."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from osil.errors import ConfigError, OsilError

TASKS_HELP = "train, test (the lists in config/tasks), or a file with one task a line, such as: ab cde +f"
STACKING_WORLDS = ("pybullet", "kinematic")

FILM_STRIDE = 2
"""A film shows every second control step: 10 pictures a second."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns the exit status: 0, or 2 after an error of the user's that is told in one line."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(words)
    options.command_line = shlex.join(["osil", *words])
    try:
        options.run(options)
    except OsilError as error:
        print(f"osil: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("osil: stopped", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="osil", description="One-shot imitation learning: show a task once, and a simulated Fetch repeats it."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_evaluate(commands)
    _add_train(commands)
    _add_collect(commands)
    _add_demonstration(commands)
    _add_particle(commands)
    _add_reproduce(commands)
    return parser


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # argparse has no public name for it


def _add(commands: Commands, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"example:\n{example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_common(parser: argparse.ArgumentParser, worlds: Sequence[str], episodes: int, seed_of: str) -> None:
    parser.add_argument("--world", choices=worlds, default="pybullet", help="default: %(default)s")
    parser.add_argument("--tasks", default="test", metavar="LIST", help=f"{TASKS_HELP}; default: %(default)s")
    parser.add_argument(
        "--operator", choices=("expert", "human"), default="expert", help="who demonstrates; default: %(default)s"
    )
    parser.add_argument("--max-blocks", type=int, metavar="B", help="only tasks of at most B blocks")
    parser.add_argument(
        "--episodes", type=_positive, default=episodes, metavar="N", help="a task; default: %(default)s"
    )
    parser.add_argument("--seed", type=_natural, default=0, metavar="S", help=f"{seed_of}; default: %(default)s")
    parser.add_argument(
        "--jobs", type=_positive, default=os.cpu_count() or 1, metavar="J", help="processes; default: one a core"
    )


def _add_evaluate(commands: Commands) -> None:
    parser = _add(
        commands,
        "evaluate",
        "measure how often a policy finishes whole tasks",
        "  osil evaluate models/stacking --tasks test --max-blocks 5 --episodes 25 --json result.json\n"
        "  osil evaluate models/stacking --operator human --push 0.10\n"
        "  osil evaluate models/stacking --friction 0.9 --mass 1.1 --size 1.1 --latency 1 --noise 0.002\n"
        "  osil evaluate expert --world kinematic --tasks train --episodes 10\n"
        "  osil evaluate models/particle/lstm_attention --world particle --landmarks 10 --episodes 1000\n\n"
        "Each episode has a fresh demonstration, and then the policy acts in a new random scene. No seed gives a\n"
        "scene that training has seen. A demonstration that itself misses its layout is drawn again, and counted.",
    )
    parser.add_argument("model", metavar="MODEL", help="folder of a model, or 'expert' for the scripted expert")
    _add_common(parser, (*STACKING_WORLDS, "particle"), episodes=10, seed_of="chooses the episodes")
    parser.add_argument(
        "--landmarks", type=_positive, default=10, metavar="N", help="in the particle world; default: %(default)s"
    )
    stacking = parser.add_argument_group("block stacking")
    push = "push a free block this far at most, once in every episode between stages; without a number: %(const)s"
    stacking.add_argument("--push", type=float, nargs="?", const=0.10, default=0.0, metavar="METRES", help=push)
    stacking.add_argument("--no-yaw", dest="yaw", action="store_false", help="no block is turned, as in the paper")
    physics = parser.add_argument_group("conditions of the PyBullet world")
    for name, what in (("friction", "friction"), ("mass", "mass"), ("size", "edge length")):
        physics.add_argument(f"--{name}", type=float, default=1.0, metavar="X", help=f"factor on the blocks' {what}")
    physics.add_argument("--latency", type=_natural, default=0, metavar="STEPS", help="actions act so much later")
    physics.add_argument("--noise", type=float, default=0.0, metavar="METRES", help="standard deviation of positions")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all numbers and the failed episodes here")
    parser.add_argument(
        "--failures", type=Path, metavar="DIR", help="keep failed episodes here, for osil demonstration replay"
    )
    parser.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    report: dict[str, Any] = {"command": options.command_line}
    if options.world == "particle":
        from osil.evaluation.reaching import evaluate_reaching, lines

        report |= evaluate_reaching(options.model, options.landmarks, options.episodes, options.seed)
        print(lines([(f"{options.landmarks} landmarks", report["all"])]))
    else:
        from osil.evaluation.evaluate import evaluate
        from osil.evaluation.report import table
        from osil.evaluation.setting import Setting
        from osil.tasks.splits import load_tasks
        from osil.worlds.conditions import Conditions

        tasks = load_tasks(options.tasks, options.max_blocks)
        conditions = Conditions(options.friction, options.mass, options.size, options.latency, options.noise)
        setting = Setting(options.world, options.operator, options.push, conditions, options.yaw)
        report |= {"tasks": options.tasks}
        report |= evaluate(
            options.model, setting, tasks, options.episodes, options.seed, options.jobs, options.failures
        )
        print(table(report))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _add_train(commands: Commands) -> None:
    parser = _add(
        commands,
        "train",
        "train a policy and save it as a model folder",
        "  osil train config/training/stacking.yaml --output runs/stacking\n"
        "  osil train config/training/stacking.yaml --output runs/stacking --resume",
    )
    parser.add_argument("config", type=Path, metavar="CONFIG.yaml", help="settings of the run")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="checkpoints, curves and the model")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in DIR")
    parser.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> None:
    from osil.settings import from_yaml
    from osil.training.stacking import StackingTraining, run

    run(from_yaml(StackingTraining, options.config), options.output, options.resume)


def _add_particle(commands: Commands) -> None:
    parser = _add(
        commands,
        "particle",
        "show one-shot imitation with a point robot, in under a minute",
        "  osil particle\n  osil particle --model plain_lstm --seed 3 --output film.mp4\n\n"
        "Prints how often the three shipped policies reach the landmark that one demonstration showed them, and films\n"
        "one of them: what it was shown, and what it then does in other scenes.",
    )
    parser.add_argument(
        "--model",
        choices=("plain_lstm", "lstm_attention", "final_state"),
        default="lstm_attention",
        help="which one to film; default: %(default)s",
    )
    parser.add_argument("--episodes", type=_positive, default=500, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--seed", type=_natural, default=0, metavar="S", help="chooses the scenes; default: %(default)s"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("particle.gif"), metavar="FILM", help=".gif or .mp4; default: %(default)s"
    )
    parser.set_defaults(run=_particle)


def _particle(options: argparse.Namespace) -> None:
    from osil.evaluation.show_reaching import show

    print(show(options.model, options.episodes, options.seed, options.output))
    print(f"a demonstration and what the policy makes of it: {options.output}")


def _add_reproduce(commands: Commands) -> None:
    parser = _add(
        commands,
        "reproduce",
        "train and judge everything behind the published tables and figures",
        "  osil reproduce particle\n  osil reproduce particle --recipe better\n"
        "  osil reproduce stacking --model models/stacking\n"
        "  osil reproduce learning --run runs/stacking\n"
        "  osil reproduce comparison\n\n"
        "Runs that are done are kept, and an interrupted one goes on, so the same command resumes.",
    )
    parser.add_argument(
        "experiment", choices=("particle", "stacking", "learning", "comparison"), help="which experiment"
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="default: results/particle or results/stacking")
    parser.add_argument(
        "--jobs", type=_positive, default=os.cpu_count() or 1, metavar="J", help="processes; default: one a core"
    )
    particle = parser.add_argument_group("particle")
    particle.add_argument(
        "--recipe", choices=("paper", "better"), default="paper", help="of config/training; default: %(default)s"
    )
    particle.add_argument("--runs", type=Path, default=Path("runs/particle"), metavar="DIR", help="checkpoints, models")
    learning = parser.add_argument_group("learning")
    learning.add_argument(
        "--run", dest="training", type=Path, default=Path("runs/stacking"), metavar="DIR", help="of osil train"
    )
    stacking = parser.add_argument_group("stacking")
    stacking.add_argument("--model", type=Path, default=Path("models/stacking"), help="default: %(default)s")
    stacking.add_argument("--seed", type=_natural, default=0, metavar="S", help="chooses the episodes")
    stacking.add_argument("--only", nargs="+", default=(), metavar="NAME", help="of evaluations; default: all")
    parser.set_defaults(run=_reproduce)


def _reproduce(options: argparse.Namespace) -> None:
    output = options.output or Path("results") / ("particle" if options.experiment == "particle" else "stacking")
    if options.experiment == "comparison":
        from osil.training.reproduce_comparison import reproduce as reproduce_comparison

        reproduce_comparison(output / "comparison", Path("runs/comparison"), options.seed, options.jobs)
    elif options.experiment == "learning":
        from osil.training.reproduce_learning import reproduce as reproduce_learning

        reproduce_learning(options.training, output, options.seed, options.jobs)
    elif options.experiment == "stacking":
        from osil.evaluation.reproduce_stacking import reproduce as reproduce_stacking

        reproduce_stacking(options.model, output, options.seed, options.jobs, options.only)
    else:
        from osil.training.reproduce_reaching import reproduce

        reproduce(options.recipe, output, options.runs, options.jobs)


def _add_collect(commands: Commands) -> None:
    parser = _add(
        commands,
        "collect",
        "let the scripted expert, or a human-like operator, show tasks, and keep what they show",
        "  osil collect data/shown --world pybullet --tasks train --max-blocks 5 --episodes 3\n"
        "  osil collect data/slow --operator human\n"
        "  osil collect data/train --format hdf5 --world kinematic --tasks train --episodes 1000\n\n"
        "mcap: one file a demonstration, as a person records them. hdf5: trajectories for training with noise and the\n"
        "expert's labels, hundreds in a file. What is already there is kept, so the same command resumes.\n"
        "(osil train makes its own fresh trajectories and needs no files.)",
    )
    parser.add_argument("output", type=Path, metavar="DIR", help="in it a folder for each task")
    _add_common(parser, STACKING_WORLDS, episodes=1, seed_of="chooses the scenes")
    parser.add_argument("--format", choices=("mcap", "hdf5"), default="mcap", help="default: %(default)s")
    noise = "of hdf5: as in the paper, or mixed: with bursts and delays; default: mixed for the expert, none for people"
    parser.add_argument("--noise", choices=("mixed", "paper", "none"), help=noise)
    parser.set_defaults(run=_collect)


def _collect(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from osil.demonstrations.scripted import write_demonstrations
    from osil.demonstrations.trajectories import USUAL_NOISE, Recipe, collect_dataset
    from osil.tasks.splits import load_tasks

    if options.noise and options.format != "hdf5":
        raise ConfigError("--noise: demonstrations in MCAP files have none; add --format hdf5")
    tasks = load_tasks(options.tasks, options.max_blocks)
    total, new = len(tasks) * options.episodes, 0
    with tqdm(total=total, unit="demonstration", smoothing=0.05) as progress:
        if options.format == "hdf5":
            noise = options.noise or USUAL_NOISE[options.operator]
            recipe = Recipe(options.world, options.operator, noise, options.seed)
            done = collect_dataset(recipe, tasks, options.episodes, options.output, options.jobs)
        else:
            done = write_demonstrations(
                options.world, tasks, options.episodes, options.seed, options.output, options.operator, options.jobs
            )
        for count, is_new in done:
            new += count * is_new
            progress.update(count)
    print(f"{new} demonstrations written, {total - new} were there already: {options.output}")


def _add_demonstration(commands: Commands) -> None:
    parser = _add(
        commands,
        "demonstration",
        "look at a demonstration file",
        "  osil demonstration info demo_output/demonstration.mcap\n"
        "  osil demonstration replay demo_output/demonstration.mcap --output shown.mp4",
    )
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    info = _add(actions, "info", "print what a demonstration file holds", "  osil demonstration info shown.mcap")
    info.add_argument("file", type=Path, metavar="FILE")
    info.set_defaults(run=_info)

    replay = _add(
        actions,
        "replay",
        "show a demonstration in PyBullet's window, or film it",
        "  osil demonstration replay shown.mcap\n  osil demonstration replay shown.mcap --output shown.gif",
    )
    replay.add_argument("file", type=Path, metavar="FILE")
    replay.add_argument("--output", type=Path, metavar="FILM", help="an .mp4 or .gif file instead of the window")
    replay.add_argument("--speed", type=_speed, default=1.0, metavar="X", help="times real time; default: %(default)s")
    replay.set_defaults(run=_replay)


def _info(options: argparse.Namespace) -> None:
    from osil.demonstrations.storage import load

    print(load(options.file).description())


def _replay(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from osil.core import CONTROL_PERIOD
    from osil.demonstrations.replay import play, snapshots
    from osil.demonstrations.storage import load
    from osil.figures.video import write_video
    from osil.worlds.render import SceneRenderer

    steps = snapshots(load(options.file).demonstration)
    if options.output is None:
        play(steps, options.speed)
        return
    renderer = SceneRenderer(len(steps[0].block_positions))
    shown = steps[::FILM_STRIDE]
    pictures = (renderer.render(step) for step in tqdm(shown, unit="picture"))
    write_video(options.output, pictures, options.speed / (CONTROL_PERIOD * FILM_STRIDE))
    renderer.close()


def _positive(text: str) -> int:
    return _at_least(1, text)


def _natural(text: str) -> int:
    return _at_least(0, text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.0 < speed <= 100.0:
        raise argparse.ArgumentTypeError(f"expected a number between 0 and 100, got {text!r}")
    return speed


def _at_least(least: int, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least {least}, got {text!r}")
    return number


if __name__ == "__main__":
    sys.exit(main())
