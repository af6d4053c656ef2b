"""A model on disk: a folder with ``model.safetensors`` and ``config.json``. Nothing in it is ever executed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from safetensors.torch import load_file, save_file
from torch import nn

from osil.errors import ModelError
from osil.settings import from_values

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

WEIGHTS, CONFIG, VERSION = "model.safetensors", "config.json", 1

C = TypeVar("C", bound="DataclassInstance")
N = TypeVar("N", bound=nn.Module)


def write_model(path: str | Path, kind: str, network: nn.Module, config: DataclassInstance, **about: Any) -> None:
    """Write a model folder, with ``about`` under the key ``about`` of its config."""
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, folder / WEIGHTS)
    text = json.dumps({"format": kind, "version": VERSION, "policy": asdict(config), "about": about}, indent=2)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")


def read_model(
    path: str | Path, kind: str, config_type: type[C], build: Callable[[C], N]
) -> tuple[N, C, dict[str, str]]:
    """Read a model folder.

    Args:
        path: the folder.
        kind: expected format, such as ``osil.stacking``.
        config_type: dataclass of the config.
        build: makes a network for a config.

    Returns:
        The network with its weights, its config, and ``name`` and ``digest`` (of the weights) of the model.

    Raises:
        ModelError: the folder or a file is missing or damaged, or the weights do not fit the network.
    """
    folder = Path(path)
    try:
        values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        if values.get("format") != kind or values.get("version") != VERSION:
            raise ModelError(f"{folder}: expected format {kind} version {VERSION}, got {values.get('format')!r}")
        config = from_values(config_type, values["policy"], f"{folder / CONFIG}: policy")
        network = build(config)
        network.load_state_dict(load_file(folder / WEIGHTS))
    except ModelError:
        raise
    except (OSError, ValueError, RuntimeError, KeyError, AttributeError) as error:
        raise ModelError(
            f"{folder}: cannot load a policy: {error}; expected a folder with {CONFIG} and {WEIGHTS}"
        ) from error
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()[:12]
    return network, config, {"name": folder.name, "digest": digest}
