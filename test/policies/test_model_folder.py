"""A model folder is read as it was written, or refused."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from osil import load_policy
from osil.errors import ModelError
from osil.networks.reaching import ReachingNetwork, ReachingNetworkConfig
from osil.policies.model_folder import CONFIG, SUMS, WEIGHTS, find_model
from osil.policies.reaching import ReachingPolicy, ReachingPolicyConfig, save_reaching_policy
from osil.policies.stacking import StackingPolicy

FILES = (CONFIG, WEIGHTS, SUMS)
SMALL = ReachingNetworkConfig(reader="final_state", shared=True, num_landmarks=2, units=2, hidden=(2,), dropout=0.0)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    save_reaching_policy(tmp_path / "model", ReachingNetwork(SMALL), ReachingPolicyConfig(SMALL, frames=2), seed=0)
    return tmp_path / "model"


def refusal(model: Path) -> str:
    with pytest.raises(ModelError) as error:
        ReachingPolicy.load(model)
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 1200
    return message


def refused_or_the_same(model: Path, file: Path, changed: Iterable[bytes]) -> int:
    """Put each content into the file in turn. Returns how many were loaded, as what was there before."""
    whole, loaded = ReachingPolicy.load(model), 0
    for data in changed:
        file.write_bytes(data)
        try:
            policy = ReachingPolicy.load(model)
        except ModelError:
            continue
        loaded += 1
        assert policy.config == whole.config
        weights = policy.network.state_dict()
        assert all(torch.equal(weights[name], tensor) for name, tensor in whole.network.state_dict().items())
    return loaded


def one_bit_changed(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("name", FILES)
def test_what_is_cut_anywhere_is_refused(name: str, model: Path) -> None:
    """Nothing tells the sums without their last line end from the whole."""
    whole = (model / name).read_bytes()
    loaded = refused_or_the_same(model, model / name, (whole[:length] for length in range(len(whole))))
    assert loaded == (name == SUMS)


@pytest.mark.parametrize("name", FILES)
def test_any_changed_bit_is_refused(name: str, model: Path) -> None:
    """The line end of the sums may become another one."""
    whole = (model / name).read_bytes()
    bits = np.random.default_rng(0).choice(8 * len(whole), 400, replace=False).tolist()
    loaded = refused_or_the_same(model, model / name, (one_bit_changed(whole, bit) for bit in bits))
    assert loaded <= (5 if name == SUMS else 0)


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_file_is_refused(name: str, model: Path) -> None:
    (model / name).unlink()
    assert name in refusal(model)
    (model / name).symlink_to(model / name)
    assert name in refusal(model)
    (model / name).unlink()
    os.mkfifo(model / name)
    assert f"{name}': expected an ordinary file" in refusal(model)
    (model / name).unlink()
    (model / name).mkdir()
    assert name in refusal(model)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (["lasers"], 1, "lasers"),
        (["policy", "lasers"], 1, "lasers"),
        (["policy", "network", "lasers"], 1, "lasers"),
        (["policy", "network", "units"], "many", "units"),
        (["policy", "network", "units"], 0, "sizes >= 1"),
        (["policy", "network"], [1], "network"),
        (["policy"], 3, "policy"),
        (["format"], "osil.stacking", "expected format osil.reaching version 1, got osil.stacking"),
        (
            ["format"],
            "osil.stacking",
            "osil.stacking 1; this model is for block stacking, as in osil evaluate --world py",
        ),
        (["version"], 2, "got osil.reaching 2; use the osil version that wrote it"),
        (["format"], "other", "got other 1; use the osil version that wrote it"),
        (["version"], 2, "version 1, got osil.reaching 2"),
    ],
)
def test_configs_that_do_not_fit_are_named(place: list[str], value: Any, message: str, model: Path) -> None:
    values = inner = json.loads((model / CONFIG).read_text())
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    (model / CONFIG).write_text(json.dumps(values))
    assert message in refusal(model)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "3", "{}", '"text"', pytest.param("[" * 100_000, id="deep"), '{"about": 1, "about": 2}']
)
def test_other_json_is_refused(text: str, model: Path) -> None:
    (model / CONFIG).write_text(text)
    assert CONFIG in refusal(model)


def test_weights_of_another_network_are_counted_and_the_first_are_named(model: Path) -> None:
    weights = load_file(model / WEIGHTS)
    save_file({f"other.{name}": tensor for name, tensor in weights.items()}, model / WEIGHTS)
    message = refusal(model)
    assert f"{2 * len(weights)} of {len(weights)} weights do not fit" in message
    assert message.count("expected") <= 5


def test_a_config_changed_on_purpose_needs_its_sum(model: Path) -> None:
    (model / CONFIG).write_text((model / CONFIG).read_text().replace('"frames": 2', '"frames": 3'))
    assert f"sha256sum {CONFIG} {WEIGHTS} > {SUMS}" in refusal(model)


def test_released_models_are_known_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_policy("stacking").info == {"name": "stacking", "digest": "7eeb1e59c5f7"}
    assert load_policy("particle/final_state").info["name"] == "final_state"
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    for wrong in ("", ".", "no/model", "stack", "particle", "file", "file/more", "loop", "x" * 300, "~nobody/model"):
        with pytest.raises(ModelError, match="particle/final_state, .*stacking" if wrong != "." else "cannot load"):
            load_policy(wrong)


def test_a_path_comes_before_a_name(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(model.parent)
    model.rename("stacking")
    assert find_model("stacking") == Path("stacking")
    monkeypatch.chdir("stacking")
    assert ReachingPolicy.load(".").info["name"] == "stacking"


def test_a_model_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="cannot write the model"):
        save_reaching_policy(tmp_path / "file", ReachingNetwork(SMALL), ReachingPolicyConfig(SMALL))


def test_a_model_of_another_kind_is_not_called_damaged() -> None:
    for load, name in ((StackingPolicy.load, "particle/final_state"), (ReachingPolicy.load, "stacking")):
        with pytest.raises(ModelError, match="expected format") as refused:
            load(name)
        assert "anew" not in str(refused.value)


def test_the_format_says_which_kind_of_policy_is_loaded(model: Path) -> None:
    assert isinstance(load_policy("stacking"), StackingPolicy)
    assert isinstance(load_policy("particle/lstm_attention"), ReachingPolicy)
    assert isinstance(load_policy(model), ReachingPolicy)
    (model / CONFIG).write_text((model / CONFIG).read_text().replace("osil.reaching", "osil.flying"))
    with pytest.raises(ModelError, match="expected format osil.stacking or osil.reaching .*, got osil.flying 1; use"):
        load_policy(model)
    (model / CONFIG).write_text("{")
    with pytest.raises(ModelError, match=f"cannot load a policy: .*{CONFIG}"):
        load_policy(model)
