"""What the cards of the released models tell model hubs is what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def front_matter(card: Path) -> dict[str, Any]:
    _, matter, _ = card.read_text().split("---\n", 2)
    return yaml.safe_load(matter)


@pytest.mark.parametrize("model", ["stacking", "particle"])
def test_the_numbers_for_hubs_are_those_of_the_results(model: str) -> None:
    card = front_matter(ROOT / "models" / model / "README.md")
    assert (card["license"], card["library_name"], card["pipeline_tag"]) == ("apache-2.0", "osil", "robotics")
    for one in card["model-index"]:
        for result in one["results"]:
            report = json.loads((ROOT / result["dataset"]["name"]).read_text())
            group = report["all"] if model == "stacking" else report[one["name"]]["10"]["unseen"]
            (metric,) = result["metrics"]
            assert metric["value"] == round(100.0 * group["rate"], 1)
