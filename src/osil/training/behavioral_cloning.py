"""Behavioral cloning of the stacking network (section 3.3)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from osil.core import Action
from osil.demonstrations.sampling import PairBatch
from osil.networks.features import ObservationTensors
from osil.networks.frames import pad_frames
from osil.networks.manipulation_network import DISPLACEMENT_SCALE, YAW_SCALE
from osil.networks.stacking import StackingNetwork


class BehavioralCloning(nn.Module):
    """Negative log likelihood of the expert's actions, and of the blocks that the two named heads should attend to.

    Attributes:
        attention_weight: weight of the second part, which the paper does not have. It speeds up the first minutes and
            makes two of the heads readable.
    """

    def __init__(self, network: StackingNetwork, attention_weight: float = 1.0) -> None:
        super().__init__()
        self.network = network
        self.attention_weight = attention_weight

    def forward(self, batch: PairBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a batch, and its parts."""
        frames, mask = pad_frames(batch.demonstrations)
        output = self.network(self.network.remember(frames, mask), ObservationTensors.from_numpy(batch.observations))
        motion, close = scaled(batch.labels)
        nll = -output.actions.log_prob(motion).mean()
        gripper = functional.binary_cross_entropy_with_logits(output.actions.close_logit, close)
        attended = torch.from_numpy(np.stack([batch.source, batch.target], axis=-1))
        attention = functional.cross_entropy(
            output.context.block_logits[..., :2, :].flatten(0, -2), attended.flatten(), ignore_index=-1
        )
        with torch.no_grad():
            best = output.actions.log_weights.argmax(-1)[..., None, None].expand(*motion.shape[:-1], 1, 4)
            error = (output.actions.means.gather(-2, best)[..., 0, :3] - motion[..., :3]).norm(dim=-1).mean()
        loss = nll + gripper + self.attention_weight * attention
        return loss, {
            "nll": nll,
            "gripper": gripper,
            "attention": attention,
            "error_mm": 1000.0 * DISPLACEMENT_SCALE * error,
        }


def scaled(actions: Action) -> tuple[Tensor, Tensor]:
    """Actions as the network puts them out: motions ``[..., 4]`` and closing ``[...]`` as 0 or 1."""
    motion = np.concatenate(
        [actions.displacement / DISPLACEMENT_SCALE, actions.yaw_step[..., None] / YAW_SCALE], axis=-1
    )
    return torch.from_numpy(motion.astype(np.float32)), torch.from_numpy(actions.close_gripper.astype(np.float32))
