"""What the released policy understood is held against the task, and what it would refuse is counted."""

import json

from osil.reproduce import understanding
from osil.tasks.block_stacking import StackingTask


def test_steady_demonstrations_are_understood_and_noise_makes_unsure(tmp_path, monkeypatch) -> None:
    tasks = (StackingTask.parse("ab +c"), StackingTask.parse("abc +d"))
    monkeypatch.setattr(understanding, "load_tasks", lambda split: tasks)
    monkeypatch.setattr(understanding, "DEMONSTRATIONS", 4)
    understanding.reproduce("stacking", tmp_path, seed=0, jobs=1)
    report = json.loads((tmp_path / understanding.RESULT).read_text())
    assert {one["task"] for one in report["demonstrations"]} == {"ab +c", "abc +d"}
    clean, noisy = (report["by_noise"][noise] for noise in ("0", "0.01"))
    assert clean["refused"] == 0
    assert clean["understood"] == clean["demonstrations"] >= 3  # a demonstration that misses its layout does not count
    assert noisy["least_sure"]["5 %"] < clean["least_sure"]["5 %"]
    reliability = report["reliability"]
    assert sum(reliability["stages"]) == sum(len(one["sure"]) for one in report["demonstrations"])
    assert all(
        low <= rate <= high for rate, (low, high) in zip(reliability["rate"], reliability["wilson_95"], strict=True)
    )
    assert (tmp_path / understanding.FIGURE).stat().st_size > 10_000
