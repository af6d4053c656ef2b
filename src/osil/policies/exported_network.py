"""A stacking network as an ONNX file beside its weights: for one scene the same answers, in half the time.

Acting is many small products. ONNX Runtime, where it is installed, loses less time between them than PyTorch does.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from typing_extensions import Self

from osil.errors import ModelError, ResourceError
from osil.networks.context_network import Context, DemonstrationMemory
from osil.networks.features import ObservationTensors
from osil.networks.manipulation_network import ActionDistribution
from osil.networks.stacking import StackingNetwork, StackingOutput
from osil.policies.model_folder import EXPORTED

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

OF_WEIGHTS = "osil.weights"
"""Key of the file's metadata: the digest of the weights that it was made from."""

INPUTS = ("embedding", "hidden", "positions", "yaws", "opening")
"""What the file takes: a ``DemonstrationMemory`` and an ``ObservationTensors`` of one present state."""


class ExportedNetwork:
    """Does what ``StackingNetwork`` does, for one present state of M demonstrations."""

    def __init__(self, session: InferenceSession) -> None:
        self._session = session

    @classmethod
    def beside(cls, folder: Path, digest: str) -> Self | None:
        """That of a model folder, whose weights have this digest; None: it has none, or nothing here can run it.

        Raises:
            ModelError: the file is damaged, or was made from other weights.
        """
        if not (folder / EXPORTED).exists():
            return None
        try:
            import onnxruntime
        except ImportError:
            return None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # more would wait for one another
        path = os.fspath(folder / EXPORTED)
        try:
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its errors have no common class
            raise ModelError(f"{path}: cannot be read: {error}; make it anew: osil export {folder}") from error
        of = session.get_modelmeta().custom_metadata_map.get(OF_WEIGHTS)
        if of != digest:
            raise ModelError(f"{path}: made from weights {of}, expected {digest}; make it anew: osil export {folder}")
        return cls(session)

    def __call__(self, memory: DemonstrationMemory, present: ObservationTensors) -> StackingOutput:
        """As for ``StackingNetwork``, with leading ``[1, 1]`` of ``present``."""
        given = memory.embedding, memory.hidden, present.positions, present.yaws, present.opening
        arrays = {name: tensor.numpy() for name, tensor in zip(INPUTS, given, strict=True)}
        found = [torch.from_numpy(array) for array in self._session.run(None, arrays)]
        actions = len(ActionDistribution._fields)
        return StackingOutput(ActionDistribution(*found[:actions]), Context(*found[actions:]))


class _OneState(nn.Module):
    """A network as a function of tensors alone. The demonstration's readings depend on nothing but the weights."""

    def __init__(self, network: StackingNetwork, memory: DemonstrationMemory) -> None:
        super().__init__()
        self._network, self._readings = network, memory.readings

    def forward(
        self, embedding: Tensor, hidden: Tensor, positions: Tensor, yaws: Tensor, opening: Tensor
    ) -> tuple[Tensor, ...]:
        memory = DemonstrationMemory(embedding, hidden, self._readings)
        output = self._network(memory, ObservationTensors(positions, yaws, opening))
        return (*output.actions, *output.context)


@contextmanager
def _silence() -> Iterator[None]:
    """What the exporter says of itself concerns nobody."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


MEMBERS, FRAMES, BLOCKS = 3, 5, 4
"""Sizes of what the network is exported with. The file takes any others."""


def export(network: StackingNetwork, digest: str) -> bytes:
    """The file of a network whose weights have this digest.

    Raises:
        ResourceError: the libraries for it are not installed.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401, torch needs it
        from onnx_ir.passes.common import ClearMetadataAndDocStringPass
    except ImportError as error:
        raise ResourceError(f"{error}; install what exporting needs: pip install onnx onnxscript") from error
    shown = ObservationTensors(
        torch.zeros(MEMBERS, FRAMES, BLOCKS, 3), torch.zeros(MEMBERS, FRAMES, BLOCKS), torch.zeros(MEMBERS, FRAMES)
    )
    present = torch.zeros(1, 1, BLOCKS, 3), torch.zeros(1, 1, BLOCKS), torch.zeros(1, 1)
    members, frames, blocks = (torch.export.Dim(name) for name in ("members", "frames", "blocks"))
    sizes = {0: members, 1: frames, 2: blocks}, {0: members, 2: frames}, {2: blocks}, {2: blocks}, None
    with torch.no_grad(), _silence():
        memory = network.remember(shown, torch.ones(MEMBERS, FRAMES, dtype=torch.bool))
        program = torch.onnx.export(
            _OneState(network, memory),
            (memory.embedding, memory.hidden, *present),
            input_names=INPUTS,
            dynamic_shapes=sizes,
            dynamo=True,
            verbose=False,
        )
    assert program is not None, "the exporter that dynamo=True stands for returns one"
    ClearMetadataAndDocStringPass()(program.model)  # where each node stands in whose files
    model = program.model_proto
    onnx.helper.set_model_props(model, {OF_WEIGHTS: digest})
    return bytes(model.SerializeToString())
