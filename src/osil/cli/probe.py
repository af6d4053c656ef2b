"""``osil probe``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from osil.choices import MODEL
from osil.cli.arguments import Commands, add_command, add_jobs, add_robot, natural, positive


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "probe",
        "search for states in which a policy would stand still for ever",
        "  osil probe stacking --json probe.json --picture probe.png\n"
        "  osil probe runs/mine --states 5000\n\n"
        "Hands are put into the middle of tasks, without physics: at every height, over blocks, beside them and\n"
        "between, with the right block, a wrong one or none, among 2 to 10 blocks as people put them down. Each is\n"
        "followed until it has picked, placed or put aside one.\n"
        "A hand that is found to stand still (fixed point) or to move to and fro (cycle) will do so on a robot.",
    )
    parser.add_argument("model", metavar="MODEL", help=f"{MODEL}, or 'expert' for the scripted expert")
    parser.add_argument(
        "--states", type=positive, default=100_000, metavar="N", help="in groups of 250; default: %(default)s"
    )
    parser.add_argument("--seed", type=natural, default=0, metavar="S", help="chooses the states; default: %(default)s")
    add_robot(parser)
    add_jobs(parser)
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the numbers and the worst states here")
    picture = "draw the states here, .png or .svg"
    parser.add_argument("--picture", type=Path, metavar="OUT", help=picture)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from osil.evaluation.probe import Outcome, probe
    from osil.evaluation.probe_states import Doing
    from osil.figures.probe import check_picture, draw_probe
    from osil.files import check_output_file

    check_output_file(options.json)
    check_picture(options.picture)
    check_output_file(options.picture)
    report, probed = probe(options.model, options.states, options.seed, options.robot, options.jobs)
    low, high = report["wilson_95"]
    nowhere = report["fixed_points"] + report["cycles"]
    print(
        f"{nowhere} of {report['states']} states lead nowhere (Wilson 95 %: {low:.3%} to {high:.3%}): "
        f"{report['fixed_points']} fixed points, {report['cycles']} cycles\n"
        f"{report['astray']} lead to another block or place than the demonstration's"
    )
    if options.json:
        report = {"command": options.command_line, **report}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if options.picture:
        marked = {one.name.lower().replace("_", " "): probed.outcome == one for one in Outcome if one}
        titles = {
            Doing.PICK: "the block to pick",
            Doing.PLACE: "the block to place on",
            Doing.PUT_ASIDE: "the block to pick in place of the one held",
        }
        draw_probe(
            probed.goal, {title: probed.doing == doing for doing, title in titles.items()}, marked, options.picture
        )
