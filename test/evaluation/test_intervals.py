"""Wilson's interval: published values, and that it covers the truth as often as it says."""

from __future__ import annotations

import numpy as np
import pytest

from osil.evaluation.intervals import wilson


@pytest.mark.parametrize(
    ("successes", "trials", "limits"),
    [(81, 263, (0.2553, 0.3662)), (15, 148, (0.0624, 0.1605)), (0, 20, (0.0, 0.1611)), (29, 29, (0.8830, 1.0))],
)
def test_published_values(successes: int, trials: int, limits: tuple[float, float]) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    assert wilson(successes, trials) == pytest.approx(limits, abs=5e-5)


def test_covers_the_true_rate_about_95_percent_of_the_time() -> None:
    rng = np.random.default_rng(0)
    draws = rng.binomial(60, rates := rng.uniform(0.05, 0.95, 4000))
    limits = np.array([wilson(int(successes), 60) for successes in draws])
    assert 0.94 < ((limits[:, 0] <= rates) & (rates <= limits[:, 1])).mean() < 0.965


def test_no_trials_say_nothing_and_impossible_counts_are_refused() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="expected 0 <= successes <= trials"):
        wilson(3, 2)
