"""The three architectures for particle reaching (section 4.1), as settings of one network.

====================== ============ ================ =============
architecture           ``reader``   ``attention``    reads
====================== ============ ================ =============
plain LSTM             lstm         no               the whole demonstration
LSTM with attention    lstm         yes              the whole demonstration
final state, attention final_state  yes              its last frame
====================== ============ ================ =============

With attention, what was read becomes a weighting over landmarks. It is applied to the landmarks of the present scene,
and the weighted position, together with the robot's own state, goes through a multi-layer perceptron (MLP) to the
force. Without, what was read and the whole present state go through the MLP.

The paper's reader takes the positions of all landmarks as one long vector, in a fixed order, and emits all weights at
once (``shared=False``). With ``shared=True`` one small reader looks at each landmark in turn and emits its score: then
the order of the landmarks does not matter, and any number of them will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
from torch import Tensor, nn

from osil.core import FloatArray
from osil.errors import ConfigError
from osil.tasks.particle_reaching import ParticleAction, ParticleObservation

XY = 2
"""Size of a position, a velocity or a force in the arena."""

Reader = Literal["lstm", "final_state"]
Coordinates = Literal["absolute", "relative"]


@dataclass(frozen=True)
class ReachingNetworkConfig:
    """Which architecture, and its sizes.

    Attributes:
        reader: what reads the demonstration.
        attention: whether what was read becomes a weighting over landmarks.
        shared: one reader for each landmark alike, in place of one for all in a fixed order. Needs attention.
        num_landmarks: how many landmarks a network with ``shared=False`` is built for. Others take any number.
        coordinates: landmark and robot positions as observed, or landmark positions relative to the robot alone.
        reader_scale: positions are multiplied by this before they are read, so that a reader whose first weights are
            small, an LSTM's, soon tells landmarks apart that lie close together.
        units: of the LSTM, or of the layer that reads the final state.
        hidden: units of each hidden layer of the MLP.
        dropout: of the fully connected layers (0.1 in the paper, for the LSTM architectures).

    Raises:
        ConfigError: settings that do not go together.
    """

    reader: Reader = "lstm"
    attention: bool = True
    shared: bool = False
    num_landmarks: int = 10
    coordinates: Coordinates = "absolute"
    reader_scale: float = 1.0
    units: int = 512
    hidden: tuple[int, ...] = (256, 256)
    dropout: float = 0.1

    def __post_init__(self) -> None:
        known = self.reader in get_args(Reader) and self.coordinates in get_args(Coordinates)
        if (
            not known
            or not 0.0 <= self.dropout < 1.0
            or self.reader_scale <= 0
            or min(self.units, self.num_landmarks, *self.hidden) < 1
        ):
            raise ConfigError(f"{self}: expected a known reader and coordinates, sizes >= 1 and dropout in [0, 1)")
        if not self.attention and (self.shared or self.reader != "lstm"):
            raise ConfigError(f"{self}: without attention only an LSTM that reads all landmarks at once is defined")
        object.__setattr__(self, "hidden", tuple(self.hidden))


class ReachingTensors(NamedTuple):
    """Observations as tensors, any leading dimensions ``...``: metres, metres per second, arena frame."""

    landmarks: Tensor
    """``[..., L, 2]`` positions."""
    position: Tensor
    """``[..., 2]`` of the robot."""
    velocity: Tensor
    """``[..., 2]`` of the robot."""

    @classmethod
    def from_numpy(cls, seen: ParticleObservation) -> ReachingTensors:
        """Observations as single-precision tensors."""
        return cls(*(_tensor(x) for x in (seen.landmark_positions, seen.robot_position, seen.robot_velocity)))


class ReachingOutput(NamedTuple):
    """What the network says for each present state."""

    force: Tensor
    """``[M, N, 2]`` newtons."""
    weights: Tensor | None
    """``[M, L]`` attention over landmarks, each row sums to one; None without attention."""


class ReachingNetwork(nn.Module):
    """One demonstration and the present state to a force."""

    def __init__(self, config: ReachingNetworkConfig | None = None) -> None:
        super().__init__()
        c = self.config = config or ReachingNetworkConfig()
        own = XY if c.coordinates == "relative" else XY + XY  # the robot's velocity, and its position
        landmarks = XY if c.shared else XY * c.num_landmarks
        frame = landmarks + own + XY  # and the force
        if c.reader == "lstm":
            self.lstm = nn.LSTM(frame, c.units, batch_first=True)
        else:
            self.last = mlp((frame, c.units, c.units), c.dropout)
        if c.attention:
            self.score = mlp((c.units, c.units, 1 if c.shared else c.num_landmarks), c.dropout)
            self.state = nn.Linear(XY + own, c.hidden[0])  # the landmark attended to
        else:
            self.state = nn.Linear(landmarks + own, c.hidden[0])
            self.read = nn.Linear(c.units, c.hidden[0], bias=False)
        self.action = nn.Sequential(nn.ReLU(), nn.Dropout(c.dropout), mlp((*c.hidden, XY), c.dropout))

    def remember(self, frames: ReachingTensors, forces: Tensor) -> Tensor:
        """Read M demonstrations of K frames.

        Args:
            frames: leading ``[M, K]``.
            forces: ``[M, K, 2]`` the actions taken.

        Returns:
            Weights over landmarks ``[M, L]`` with attention, else the LSTM's last hidden state ``[M, units]``.
        """
        c = self.config
        landmarks, own = self._features(frames)
        landmarks, own = c.reader_scale * landmarks, torch.cat([own, forces], dim=-1)
        if c.shared:
            seen = torch.cat([landmarks, own.unsqueeze(-2).expand(*landmarks.shape[:-1], own.shape[-1])], dim=-1)
            seen = seen.transpose(1, 2).flatten(0, 1)
        else:
            seen = torch.cat([landmarks.flatten(-2), own], dim=-1)
        if c.reader == "lstm":
            _, (hidden, _) = self.lstm(seen)
            read: Tensor = hidden[-1]  # of the one layer, after the last frame
        else:
            read = torch.relu(self.last(seen[:, -1]))
        if not c.attention:
            return read
        return torch.softmax(self.score(read).reshape(len(landmarks), -1), dim=-1)

    def forward(self, memory: Tensor, present: ReachingTensors) -> ReachingOutput:
        """Act in N present states of each of the M demonstrations (leading ``[M, N]``)."""
        landmarks, own = self._features(present)
        if self.config.attention:
            goal = torch.einsum("ml,mnlx->mnx", memory, landmarks)
            return ReachingOutput(self.action(self.state(torch.cat([goal, own], dim=-1))), memory)
        # The MLP's first layer on the concatenation, as a sum: the demonstration's part serves all N states.
        state = self.state(torch.cat([landmarks.flatten(-2), own], dim=-1))
        return ReachingOutput(self.action(self.read(memory).unsqueeze(1) + state), None)

    def _features(self, seen: ReachingTensors) -> tuple[Tensor, Tensor]:
        """Landmarks ``[..., L, 2]`` and the robot's own state ``[..., 4 or 2]``, in the chosen coordinates."""
        if self.config.coordinates == "relative":
            return seen.landmarks - seen.position.unsqueeze(-2), seen.velocity
        return seen.landmarks, torch.cat([seen.position, seen.velocity], dim=-1)


def force_tensor(action: ParticleAction) -> Tensor:
    """Forces ``[..., 2]`` as a single-precision tensor, newtons."""
    return _tensor(action.force)


def _tensor(array: FloatArray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))


def mlp(sizes: tuple[int, ...], dropout: float) -> nn.Sequential:
    """Fully connected layers with ReLU and dropout between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)]
    del layers[-2:]  # nothing follows the last fully connected layer
    return nn.Sequential(*layers)
