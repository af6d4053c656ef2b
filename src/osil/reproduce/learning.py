"""How fast a training run learned: success on unseen tasks over minutes, from the models that it kept on the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from osil.errors import ConfigError
from osil.evaluation.evaluate import evaluate
from osil.evaluation.evaluation_config import EvaluationConfig
from osil.figures.stacking import draw_learning
from osil.files import read_json, read_json_lines
from osil.tasks.splits import load_tasks
from osil.training.run_folder import CURVE
from osil.training.stacking import step_folder

EPISODES = 3
"""For each of the test tasks at each point of the curve."""

RESULT, FIGURE = "learning.json", "learning.png"


def reproduce(run: Path, output: Path, seed: int, jobs: int) -> None:
    """Judge the kept models on the test tasks in the kinematic world; write ``learning.json`` and ``learning.png``.

    Training never sees these tasks, and nothing of this flows back: the last model is the one that is released.

    Args:
        run: folder of a training run.
        output: where results go. Points that are there already are kept.
        seed: chooses the episodes.
        jobs: processes.

    Raises:
        ConfigError: the folder is not that of a training run.
    """
    curve = run / CURVE
    if not curve.exists():
        raise ConfigError(f"{run}: expected the folder of a training run, with {CURVE}; give another --run")
    path = output / RESULT
    points: dict[str, Any] = read_json(path) if path.exists() else {}
    for line in read_json_lines(curve):
        model = step_folder(run, line["step"])
        if str(line["step"]) in points or not model.exists():
            continue
        print(f"step {line['step']}")
        report = evaluate(model, EvaluationConfig(world="kinematic"), load_tasks("test"), EPISODES, seed, jobs)
        kept = {name: report[name] for name in ("all", "by_stages", "seed", "episodes_per_task", "versions")}
        points[str(line["step"])] = {"minutes": line["minutes"], "model": report["model"]["digest"], **kept}
        output.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(points, indent=2) + "\n", encoding="utf-8")
    draw_learning(
        [point["minutes"] for point in points.values()],
        [point["all"]["rate"] for point in points.values()],
        [tuple(point["all"]["wilson_95"]) for point in points.values()],
        output / FIGURE,
    )
