"""Whole evaluations with policies whose result is known beforehand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from osil.core import Action, Demonstration, Observation
from osil.demonstrations.storage import load
from osil.errors import ConfigError, ModelError
from osil.evaluation.episodes import Case, run_batch
from osil.evaluation.evaluate import evaluate
from osil.evaluation.evaluation_config import EvaluationConfig
from osil.evaluation.report import breakdown, table
from osil.networks.stacking import StackingNetwork, StackingNetworkConfig
from osil.policies.baselines import BaselinePolicy
from osil.policies.stacking import PolicyConfig, save_policy
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask, layout_below
from osil.tasks.blocks import NOMINAL
from osil.worlds.conditions import Conditions
from osil.worlds.judge import Outcome, step_limit

FETCH = load_robot("fetch")

TASKS = [StackingTask.parse(text) for text in ("ab +c", "abc", "ba", "ab cd")]
KINEMATIC = EvaluationConfig("kinematic")


class Idle:
    """Moves nothing."""

    def reset_batch(self, prompts: Sequence[Demonstration[Observation, Action]], seeds: Sequence[int]) -> None:
        self.shown = prompts

    def act(self, observation: Observation) -> Action:
        shape = observation.leading_shape
        return Action(np.zeros((*shape, 3)), np.zeros(shape, dtype=bool))


class Watched(BaselinePolicy):
    """Lets the expert build the layout shown, and keeps what it is shown and sees."""

    def __init__(self) -> None:
        super().__init__("layout", FETCH.gripper)

    def reset_batch(self, prompts: Sequence[Demonstration[Observation, Action]], seeds: Sequence[int]) -> None:
        super().reset_batch(prompts, seeds)
        self.shown, self.seen = prompts, list[Observation]()

    def act(self, observation: Observation) -> Action:
        self.seen.append(observation)
        return super().act(observation)

    def episode(self, row: int, steps: int) -> tuple[np.ndarray, ...]:
        """All numbers of world ``row``: what was shown to it, and what was seen there in so many steps."""
        shown, seen = self.shown[row], Observation.stack(self.seen[:steps])
        return (
            shown.observations.block_positions,
            shown.actions.displacement,
            seen.block_positions[:, row],
            seen.block_yaws[:, row],
            seen.gripper_opening[:, row],
        )


def cases(task: StackingTask, count: int = 4, seed: int = 0) -> list[Case]:
    return [Case(task, number, seed) for number in range(count)]


def keep(report: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in report.items() if key != "versions"}


def test_expert_finishes_and_the_report_says_what_was_judged() -> None:
    report = evaluate("expert", KINEMATIC, TASKS, episodes=4, seed=3)
    assert report["all"]["episodes"] == 16
    assert report["all"]["rate"] == 1.0
    assert report["all"]["in_order"] == 16
    assert {stages: group["episodes"] for stages, group in report["by_stages"].items()} == {"1": 8, "2": 8}
    assert set(report["by_task"]) == {"ab +c", "abc", "ba", "ab cd"}
    assert 40 < report["all"]["control_steps_per_stage"] < 90
    assert report["all"]["seconds_per_stage"] == pytest.approx(0.05 * report["all"]["control_steps_per_stage"])
    assert (report["seed"], report["world"], report["model"]["name"]) == (3, "kinematic", "expert")
    assert "numpy" in report["versions"]
    assert json.loads(json.dumps(report)) == report
    assert "100.0%" in table(report)


def test_the_seed_chooses_the_episodes() -> None:
    report = evaluate("expert", KINEMATIC, TASKS, episodes=3, seed=1)
    assert keep(evaluate("expert", KINEMATIC, TASKS, episodes=3, seed=1)) == keep(report)
    other = evaluate("expert", KINEMATIC, TASKS, episodes=3, seed=2)
    assert other["all"]["control_steps_per_stage"] != report["all"]["control_steps_per_stage"]


def test_policy_is_shown_the_task_and_nothing_else() -> None:
    policy = Idle()
    run_batch(KINEMATIC, policy, cases(TASKS[1]))
    assert len(policy.shown) == 4
    for demonstration in policy.shown:
        assert layout_below(demonstration.observations.block_positions[-1], NOMINAL).tolist() == [1, 2, -1]
        assert not demonstration.actions.close_gripper[-1]
    starts = [one.observations.block_positions[0] for one in policy.shown]
    assert not any(np.allclose(starts[0], start) for start in starts[1:])


def test_policy_that_does_nothing_runs_out_of_time(tmp_path: Path) -> None:
    results = run_batch(KINEMATIC, Idle(), cases(TASKS[1]), failures=tmp_path)
    assert {result.outcome for result in results} == {Outcome.RECOVERABLE}
    report = breakdown(results)
    assert report["all"]["failures"] == {"recoverable": 4, "manipulation": 0, "wrong_move": 0}
    assert report["all"]["control_steps_per_stage"] is None
    assert [(one["task"], one["number"]) for one in report["failed_episodes"]] == [("abc", n) for n in range(4)]
    assert len(list(tmp_path.iterdir())) == 8
    shown, done = (load(tmp_path / f"abc_2_{kind}.mcap") for kind in ("shown", "done"))
    assert layout_below(shown.demonstration.observations.block_positions[-1], NOMINAL).tolist() == [1, 2, -1]
    assert len(done.demonstration) == step_limit(TASKS[1])
    assert not done.demonstration.actions.displacement.any()


@pytest.mark.parametrize("kind", ["kinematic", "pybullet"])
def test_a_policy_that_understands_the_demonstration_succeeds(kind: Any) -> None:
    count = 4 if kind == "kinematic" else 1
    results = run_batch(EvaluationConfig(kind), Watched(), cases(TASKS[1], count))
    assert {result.outcome for result in results} == {Outcome.SUCCESS}


def test_an_episode_can_be_run_again_by_itself() -> None:
    (alone,) = run_batch(EvaluationConfig("pybullet"), None, cases(TASKS[2], seed=5)[1:2])
    report = evaluate("expert", EvaluationConfig("pybullet"), [TASKS[2]], episodes=2, seed=5)
    assert report["all"]["control_steps_per_stage"] == pytest.approx(
        (run_batch(EvaluationConfig("pybullet"), None, cases(TASKS[2], seed=5)[:1])[0].steps + alone.steps) / 2
    )


@pytest.mark.parametrize(
    "config",
    [
        KINEMATIC,
        EvaluationConfig("kinematic", teacher="human", push=0.10),
        EvaluationConfig("kinematic", mishap="drop"),
    ],
    ids=["plain", "human and push", "drop"],
)
def test_an_episode_goes_alone_as_it_goes_beside_others(config: EvaluationConfig) -> None:
    """Whatever the others do, and however much longer they take: the same demonstration, scene and motions."""
    tasks = [StackingTask.parse(text) for text in ("ab +c +d", "abcd", "dc ba")]
    together = [Case(task, number, 3) for task in tasks for number in (0, 1)]
    beside, alone = Watched(), Watched()
    results = run_batch(config, beside, together)
    for row, (case, result) in enumerate(zip(together, results, strict=True)):
        assert run_batch(config, alone, [case]) == [result]
        for mine, its in zip(alone.episode(0, result.steps), beside.episode(row, result.steps), strict=True):
            np.testing.assert_array_equal(mine, its)


def test_a_model_folder_is_judged_and_named_by_its_digest(tmp_path: Path) -> None:
    """A small network with random weights: it stacks nothing, in both kinds of world and in other processes too."""
    config = PolicyConfig(StackingNetworkConfig(dim=8, hidden=16), ensemble=2)
    save_policy(tmp_path, StackingNetwork(config.network), config)
    before = (tmp_path / "model.safetensors").read_bytes()
    report = evaluate(tmp_path, KINEMATIC, TASKS[:4:2], episodes=1, jobs=2)
    assert (report["all"]["episodes"], report["all"]["successes"]) == (2, 0)
    assert sum(report["all"]["failures"].values()) == 2
    assert report["model"]["digest"] == hashlib.sha256(before).hexdigest()[: len(report["model"]["digest"])]
    assert len(report["model"]["digest"]) >= 12
    again = evaluate(tmp_path, KINEMATIC, TASKS[:4:2], episodes=1, jobs=1)
    assert again["failed_episodes"] == report["failed_episodes"]


def test_missing_model_is_refused_before_anything_runs() -> None:
    with pytest.raises(ModelError):
        evaluate("no/such/model", KINEMATIC, TASKS, episodes=1)


def test_human_like_demonstrations_and_pushes_are_part_of_an_evaluation() -> None:
    config = EvaluationConfig("kinematic", teacher="human", push=0.10)
    policy = Watched()
    report = breakdown(run_batch(config, policy, cases(TASKS[1], 8)))
    assert report["all"]["successes"] == 8
    assert report["episodes_disturbed"] == 8
    slow = np.mean([len(one) for one in policy.shown])
    run_batch(KINEMATIC, policy, cases(TASKS[1], 8))
    assert slow > 2.5 * np.mean([len(one) for one in policy.shown])


@pytest.mark.parametrize("size", [0.9, 1.1])
def test_the_expert_stacks_blocks_of_other_sizes(size: float) -> None:
    config = EvaluationConfig("pybullet", conditions=Conditions(size=size, latency=1))
    (episode,) = run_batch(config, None, cases(TASKS[1], 1))
    assert episode.outcome is Outcome.SUCCESS


def test_an_episode_that_is_begun_begins_as_its_demonstration_does() -> None:
    config, policy = EvaluationConfig("kinematic", begun=True), Watched()
    run_batch(config, policy, cases(TASKS[1], 12))
    begins = [layout_below(one.observations.block_positions[0], NOMINAL) for one in policy.shown]
    assert len({tuple(below) for below in begins}) == TASKS[1].num_stages, "some with each number of stages done"
    np.testing.assert_array_equal(begins, layout_below(policy.seen[0].block_positions, NOMINAL))


def test_towers_that_are_too_high_for_the_arm_are_refused_by_name_before_anything_runs() -> None:
    large = EvaluationConfig(conditions=Conditions(size=1.5))
    high, low = StackingTask.parse("abcdefgh +i"), StackingTask.parse("abcdefg hi")
    assert large.reaches(low)
    assert EvaluationConfig().reaches(high)
    with pytest.raises(ConfigError, match=r"abcdefgh \+i.*60 mm.*0.45 m"):
        evaluate("expert", large, [low, high], 1)
