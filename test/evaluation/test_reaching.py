"""The shipped reaching policies, judged as anybody would judge them."""

from __future__ import annotations

import json
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest

from osil.choices import Architecture, names
from osil.cli import main
from osil.core import Demonstration
from osil.data.reaching import Trajectories, collect
from osil.errors import DemonstrationError, ModelError, ObservationError
from osil.evaluation.reaching import success
from osil.figures.reaching import NAMES, moving_average
from osil.policies.reaching import ReachingPolicy
from osil.reproduce.reaching_tables import LANDMARKS, PAPER, better_table, longer_table, paper_tables
from osil.resources import resource_path
from osil.seeds import generator
from osil.tasks.particle_reaching import Arena, ParticleAction, ParticleObservation

SHIPPED = names(Architecture)
ANY_NUMBER = ("lstm_attention", "final_state")


def _policy(name: str) -> ReachingPolicy:
    return ReachingPolicy.load(resource_path("models", "particle", name))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_policies_reach_what_they_were_shown(name: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "out.json"
    model = str(resource_path("models", "particle", name))
    words = ["evaluate", model, "--world", "particle", "--landmarks", "10", "--episodes", "1000", "--json", str(out)]
    assert main(words) == 0
    report = json.loads(out.read_text())
    assert report["all"]["episodes"] == 1000
    assert report["all"]["rate"] >= 0.98
    assert f"{report['all']['rate']:.1%}" in capsys.readouterr().out


@pytest.mark.parametrize("name", ANY_NUMBER)
@pytest.mark.parametrize("num_landmarks", [2, 20])
def test_shared_readers_serve_any_number_of_landmarks(name: str, num_landmarks: int) -> None:
    rng = generator("test", 1)
    shown = collect(300, num_landmarks, rng)
    assert success(_policy(name), shown, Arena().random_scenes(300, num_landmarks, rng)).mean() >= 0.97


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("pace", [0.6, 3.0])
def test_the_length_of_a_demonstration_does_not_matter(name: str, pace: float) -> None:
    """A demonstration with fewer or more control steps of the same motion tells the same."""
    rng = generator("test", 2)
    shown = collect(300, 10, rng)
    length = len(shown.demonstrations()[0])
    steps = np.round(np.linspace(0, length - 1, round(pace * length))).astype(int)
    repaced = Trajectories(shown.observations[:, steps], shown.actions[:, steps], shown.targets, shown.outcome)
    assert success(_policy(name), repaced, Arena().random_scenes(300, 10, rng)).mean() >= 0.95


@pytest.mark.parametrize("name", SHIPPED)
def test_one_scene_and_a_batch_agree(name: str) -> None:
    rng = generator("test", 3)
    shown, scenes = collect(4, 10, rng).demonstrations(), Arena().random_scenes(4, 10, rng)
    policy = _policy(name)
    policy.reset_batch(shown, [0] * 4)
    together = policy.act(scenes).force
    for index in range(4):
        policy.reset(shown[index])
        np.testing.assert_allclose(policy.act(scenes[index]).force, together[index], atol=1e-4)


def test_misuse_is_refused() -> None:
    rng = generator("test", 4)
    two, ten = collect(1, 2, rng).demonstrations()[0], collect(1, 10, rng).demonstrations()[0]
    policy = _policy("final_state")
    with pytest.raises(ObservationError, match="call reset first"):
        policy.act(ten.observations[0])
    with pytest.raises(DemonstrationError, match="one number of landmarks"):
        policy.reset_batch([two, ten], [0, 1])
    policy.reset(two)
    with pytest.raises(ObservationError, match="10 landmarks"):
        policy.act(ten.observations[0])
    with pytest.raises(DemonstrationError, match="10 landmarks"):
        _policy("plain_lstm").reset(two)
    with pytest.raises(ModelError, match="cannot load"):
        ReachingPolicy.load("nowhere")


def test_a_policy_that_looks_at_nothing_fails() -> None:
    """The task cannot be done without the demonstration: going to one landmark always is right one time in five."""

    class AlwaysTheFirst:
        def reset_batch(self, prompts: object, seeds: object) -> None:
            self.shown = prompts

        def act(self, observation: ParticleObservation) -> ParticleAction:
            offset = observation.landmark_positions[:, 0] - observation.robot_position
            return ParticleAction(9.0 * offset - 4.2 * observation.robot_velocity)

    rng = generator("test", 5)
    shown = collect(500, 5, rng)
    assert success(AlwaysTheFirst(), shown, Arena().random_scenes(500, 5, rng)).mean() == pytest.approx(0.2, abs=0.06)


def test_the_show_films_a_policy(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    film = tmp_path / "film.gif"
    assert main(["particle", "--episodes", "50", "--output", str(film)]) == 0
    assert "LSTM with attention" in capsys.readouterr().out
    pictures = imageio.imread(film)
    assert len(pictures) > 8
    assert np.abs(pictures[0].astype(int) - pictures[-1]).max() > 100


def test_tables_put_ours_beside_the_papers() -> None:
    one = {"rate": 0.97, "wilson_95": [0.915, 0.99], "episodes": 100}
    text = paper_tables({"plain_lstm": {10: {"seen": one, "unseen": one}}, "lstm_attention": {}, "final_state": {}})
    row = next(line for line in text.splitlines()[10:] if line.startswith("| 10 |"))
    assert "50.5%" in text
    assert "97.0% (91.5% to 99.0%, n = 100)" in text
    assert row.count("not run yet") == 2
    assert "85.9%" in better_table({"plain_lstm": {20: {"unseen": one}}}, (10, 20))
    short, long = ({"unseen": one, "curve": {"step": step}} for step in (9000, 30000))
    longer = longer_table(
        {"plain_lstm": {"20": short}}, {name: {20: long} if name == "plain_lstm" else {} for name in NAMES}
    )
    assert "| Plain LSTM | 20 | - | 9000 | 97.0% (91.5% to 99.0%, n = 100) | 30000 | 97.0%" in longer
    alone = longer_table({}, {name: {20: long} if name == "plain_lstm" else {} for name in NAMES})
    assert "| Plain LSTM | 20 | - | - | not run yet | 30000 | 97.0%" in alone
    assert all(len(PAPER[table][name]) == len(LANDMARKS) for table in ("seen", "unseen") for name in SHIPPED)
    assert tuple(NAMES) == SHIPPED


def test_moving_average() -> None:
    np.testing.assert_allclose(moving_average([1.0, 0.0, 0.0, 1.0], window=2), [1.0, 0.5, 0.0, 0.5])


def test_a_demonstration_needs_two_steps() -> None:
    one = collect(1, 3, generator("test", 6)).demonstrations()[0]
    with pytest.raises(DemonstrationError, match="at least 2"):
        Demonstration(one.observations[:1], one.actions[:1])
