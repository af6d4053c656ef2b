"""A model on disk: a folder with ``model.safetensors``, ``config.json`` and their ``SHA256SUMS``.

Nothing in it is ever executed. ``sha256sum -c SHA256SUMS`` in the folder says whether it is whole. Somebody who changes
``config.json`` by hand tells so by ``sha256sum config.json model.* > SHA256SUMS``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from osil.errors import ModelError
from osil.files import check_ordinary, read_json, read_text
from osil.resources import resource_path
from osil.settings import from_values

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

WEIGHTS, CONFIG, SUMS, VERSION = "model.safetensors", "config.json", "SHA256SUMS", 1

EXPORTED = "model.onnx"
"""The same network for another library, where somebody has exported it (``osil export``)."""

PURPOSES = {
    "osil.stacking": "for block stacking, as in osil evaluate --world pybullet or --world kinematic",
    "osil.reaching": "for particle reaching, as in osil evaluate --world particle",
}
"""What a model of each format is for."""

DIGEST = 12
"""Hexadecimal digits of the weights' SHA-256 that name a model in results."""

C = TypeVar("C", bound="DataclassInstance")
N = TypeVar("N", bound=nn.Module)


@dataclass(frozen=True)
class _Config:
    """What stands in ``config.json``."""

    format: str
    version: int
    policy: dict[str, Any]
    about: dict[str, Any]


def find_model(model: str | Path) -> Path:
    """The folder of a model given by path, or by its name in ``models/``, such as ``stacking``.

    Raises:
        ModelError: it is neither.
    """
    if not isinstance(model, str | Path):
        raise ModelError(f"expected the path or the name of a model, got {type(model).__name__} {model!r}")
    folder = os.path.expanduser(model)
    if os.path.isdir(folder):
        return Path(folder)
    released = resource_path("models")
    names = sorted(path.parent.relative_to(released).as_posix() for path in released.rglob(CONFIG))
    if Path(model).as_posix() not in names:
        raise ModelError(
            f"cannot load {str(model)!r}: expected a folder with {CONFIG}, {WEIGHTS} and {SUMS}, "
            f"or the name of a released model: {', '.join(names)}"
        )
    return released / model


def write_model(path: str | Path, kind: str, network: nn.Module, config: DataclassInstance, **about: Any) -> None:
    """Write a model folder, with ``about`` under the key ``about`` of its config.

    Raises:
        ModelError: it cannot be written.
    """
    folder = Path(path)
    contents = asdict(_Config(kind, VERSION, asdict(config), about))
    files = {
        CONFIG: (json.dumps(contents, indent=2) + "\n").encode(),
        WEIGHTS: save({name: tensor.contiguous() for name, tensor in network.state_dict().items()}),
    }
    files[SUMS] = "".join(f"{_sha256(data)}  {name}\n" for name, data in files.items()).encode()
    _write(folder, files)
    (folder / EXPORTED).unlink(missing_ok=True)  # of other weights


def add_exported(path: str | Path, data: bytes) -> None:
    """Add the exported network to a model folder.

    Raises:
        ModelError: it cannot be written.
    """
    folder = find_model(path)
    others = [line for line in read_text(folder / SUMS).splitlines() if not line.endswith(f"  {EXPORTED}")]
    sums = "".join(f"{line}\n" for line in [*others, f"{_sha256(data)}  {EXPORTED}"])
    _write(folder, {EXPORTED: data, SUMS: sums.encode()})


def _write(folder: Path, files: dict[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / f"{name}.partial").write_bytes(data)
        for name in files:
            (folder / f"{name}.partial").replace(folder / name)
    except OSError as error:
        raise ModelError(f"cannot write the model {folder}: {error.strerror}; choose another folder") from error


def read_model(
    path: str | Path, kind: str, config_type: type[C], build: Callable[[C], N]
) -> tuple[N, C, dict[str, str]]:
    """Read a model folder.

    Args:
        path: the folder, or the name of a released model.
        kind: expected format, such as ``osil.stacking``.
        config_type: dataclass of the config.
        build: makes a network for a config.

    Returns:
        The network with its weights, its config, and ``name`` and ``digest`` (of the weights) of the model.

    Raises:
        ModelError: the folder or a file is missing or damaged, it is of another format, or the weights do not fit the
            network.
    """
    folder = find_model(path)
    with _refusals(folder):
        contents = _read_config(folder)
        _check_format(folder, contents, kind)
        config = from_values(config_type, contents.policy, f"{CONFIG}, policy")
        network = build(config)
        check_ordinary(folder / WEIGHTS, ModelError)
        data = (folder / WEIGHTS).read_bytes()
        _fill(network, load(data))
        _check_sums(folder)
    return network, config, {"name": os.path.basename(os.path.abspath(folder)), "digest": _sha256(data)[:DIGEST]}


def read_format(path: str | Path) -> str:
    """The format of a model, a key of ``PURPOSES``. Arguments and errors as for ``read_model``."""
    folder = find_model(path)
    with _refusals(folder):
        contents = _read_config(folder)
        if contents.format not in PURPOSES:
            _refuse_format(folder, contents, " or ".join(PURPOSES))
    return contents.format


def _read_config(folder: Path) -> _Config:
    return from_values(_Config, read_json(folder / CONFIG), CONFIG)


@contextmanager
def _refusals(folder: Path) -> Iterator[None]:
    """Whatever goes wrong while ``folder`` is read becomes a ModelError."""
    try:
        yield
    except _OtherFormatError:
        raise
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise ModelError(
            f"{folder}: cannot load a policy: {error}; expected a folder with {CONFIG}, {WEIGHTS} and {SUMS} of one "
            "model, copy it anew"
        ) from error


class _OtherFormatError(ModelError):
    """A model that is whole, and another one than was asked for."""


def _check_format(folder: Path, contents: _Config, kind: str) -> None:
    if (contents.format, contents.version) != (kind, VERSION):
        _refuse_format(folder, contents, kind)


def _refuse_format(folder: Path, contents: _Config, wanted: str) -> NoReturn:
    purpose = PURPOSES.get(contents.format) if contents.version == VERSION else None
    raise _OtherFormatError(
        f"{folder}: expected format {wanted} version {VERSION}, got {contents.format} {contents.version}; "
        + (f"this model is {purpose}" if purpose else "use the osil version that wrote it")
    )


def _fill(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Load the weights. Raises ModelError if they do not fit."""
    found, wanted = ({name: list(w.shape) for name, w in each.items()} for each in (weights, network.state_dict()))
    wrong = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
    if wrong:
        first = ", ".join(f"{n} (got {found.get(n, 'none')}, expected {wanted.get(n, 'none')})" for n in wrong[:3])
        raise ModelError(f"{len(wrong)} of {len(wanted)} weights do not fit the network of {CONFIG}, such as {first}")
    network.load_state_dict(weights)


def _check_sums(folder: Path) -> None:
    """Refuse what would pass unnoticed: bytes that are as good to read as those that were written."""
    sums = folder / SUMS
    lines = read_text(sums).splitlines() if sums.exists() else []
    names = [CONFIG, WEIGHTS, *([EXPORTED] if (folder / EXPORTED).exists() else [])]
    for name in names:
        check_ordinary(folder / name, ModelError)
        if f"{_sha256((folder / name).read_bytes())}  {name}" not in lines:
            raise ModelError(
                f"{name} is not as {SUMS} says (if it was changed on purpose, run there: "
                f"sha256sum {' '.join(names)} > {SUMS})"
            )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
