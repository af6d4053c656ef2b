"""Behavioral cloning of the stacking network (section 3.3)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from osil.core import Action
from osil.data.pair_pool import PairBatch
from osil.networks.context_network import PRESENT_STAGE, TAUGHT_HEADS
from osil.networks.features import ObservationTensors, pad_frames
from osil.networks.manipulation_network import DISPLACEMENT, DISPLACEMENT_SCALE, MOTION, YAW_SCALE, ActionDistribution
from osil.networks.stacking import StackingNetwork
from osil.training.attended_blocks import attended_blocks

LEAST_MASS = 1e-4
"""Attention to the right moments counts as at least this much, so that its logarithm stays finite."""


class BehavioralCloning(nn.Module):
    """Negative log likelihood of the expert's actions, and of what some of the attention should look at.

    The attention part is not in the paper. The last reading of the demonstration is taught the moments that show the
    present stage; the heads over blocks are taught the block to move, the block to put it on, and others that the hand
    has to heed (``attended_blocks``). The teacher knows these blocks; the policy is never told, and infers them.
    Without this part the loss can stay the same for thousands of steps.

    Attributes:
        block_weight, moment_weight: of the two parts of the attention.
    """

    def __init__(self, network: StackingNetwork, block_weight: float = 2.0, moment_weight: float = 0.3) -> None:
        super().__init__()
        self.network = network
        self.block_weight, self.moment_weight = block_weight, moment_weight

    def forward(self, batch: PairBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a batch, and its parts."""
        frames, mask = pad_frames(batch.demonstrations)
        output = self.network(self.network.remember(frames, mask), ObservationTensors.from_numpy(batch.observations))
        motion, close = scaled(batch.labels)
        nll = -output.actions.log_prob(motion, close).mean()
        logits = output.context.block_logits[..., :TAUGHT_HEADS, :]  # a small network has fewer
        attended = attended_blocks(batch.observations, batch.source, batch.target)[..., : logits.shape[-2]]
        blocks = functional.cross_entropy(logits.flatten(0, -2), torch.as_tensor(attended).flatten(), ignore_index=-1)
        moments = torch.as_tensor(batch.moments)
        mass = (output.context.time_weights[..., PRESENT_STAGE, :] * moments).sum(-1)
        shown = moments.any(-1)  # temporal dropout may have left no frame of the present stage
        moment = -(torch.log(mass.clamp_min(LEAST_MASS)) * shown).sum() / shown.sum().clamp_min(1)
        loss = nll + self.block_weight * blocks + self.moment_weight * moment
        return loss, {"nll": nll, "blocks": blocks, "moment": moment, **_errors(output.actions, motion, close)}


@torch.no_grad()
def _errors(actions: ActionDistribution, motion: Tensor, close: Tensor) -> dict[str, Tensor]:
    """Of the likeliest component: mean distance from the label in millimetres, and how often its fingers are wrong."""
    best = actions.log_weights.argmax(-1, keepdim=True)
    mean = actions.means.gather(-2, best[..., None].expand(*best.shape, MOTION))[..., 0, DISPLACEMENT]
    wrong = (actions.close_logits.gather(-1, best)[..., 0] > 0.0) != (close > 0.5)
    distance = (mean - motion[..., DISPLACEMENT]).norm(dim=-1).mean()
    return {"error_mm": 1000.0 * DISPLACEMENT_SCALE * distance, "wrong_fingers": wrong.float().mean()}


def scaled(actions: Action) -> tuple[Tensor, Tensor]:
    """Actions as the network puts them out: motions ``[..., MOTION]`` and closing ``[...]`` as 0 or 1."""
    motion = np.concatenate(
        [actions.displacement / DISPLACEMENT_SCALE, actions.yaw_step[..., None] / YAW_SCALE], axis=-1
    )
    return torch.as_tensor(motion.astype(np.float32)), torch.as_tensor(actions.close_gripper.astype(np.float32))
