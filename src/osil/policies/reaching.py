"""A trained reaching network as a one-shot policy: shown one demonstration, it drives to that landmark anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from typing_extensions import Self

from osil.core import FloatArray, Prompt
from osil.data.reaching_pairs import evenly_spaced
from osil.errors import DemonstrationError
from osil.networks.reaching import ReachingNetwork, ReachingNetworkConfig, ReachingTensors, force_tensor
from osil.policies.model_folder import read_model, write_model
from osil.policies.shown import Shown
from osil.tasks.particle_reaching import ParticleAction, ParticleObservation

FORMAT = "osil.reaching"

ParticlePrompt = Prompt[ParticleObservation, ParticleAction]


@dataclass(frozen=True)
class ReachingPolicyConfig:
    """Everything but the weights.

    Attributes:
        network: which architecture.
        frames: K, frames read of a demonstration of any length, evenly spaced in time, as many as in training.
    """

    network: ReachingNetworkConfig = field(default_factory=ReachingNetworkConfig)
    frames: int = 12


class ReachingPolicy:
    """A reaching network that was shown a demonstration. Acts in one scene, or in a batch of scenes at once.

    Attributes:
        info: name and digest of the model.
        weights: ``[..., L]`` attention over the landmarks that the demonstration led to; None without attention.
    """

    def __init__(
        self, network: ReachingNetwork, config: ReachingPolicyConfig, info: dict[str, str] | None = None
    ) -> None:
        self.network = network.eval()
        self.config = config
        self.info = info or {}
        self.weights: FloatArray | None = None
        self._shown = Shown(ParticleObservation, ParticleAction, "landmarks")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a model folder, given by path, or a released model by its name in ``models/``.

        Raises:
            ModelError: the folder or a file is missing or damaged, or it holds another kind of model.
        """
        return cls(*read_model(path, FORMAT, ReachingPolicyConfig, lambda config: ReachingNetwork(config.network)))

    def reset(self, prompt: ParticlePrompt, seed: int = 0) -> None:
        """Take in what to imitate in one live scene.

        Args:
            prompt: one demonstration, or a sequence of one: this policy cannot make use of more.
            seed: unused, since nothing here is random; every policy has it.

        Raises:
            DemonstrationError: no demonstration of reaching, several, numbers that cannot be, or another number of
                landmarks than the network is built for.
        """
        self._reset(self._shown.again([prompt], single=True))

    def reset_batch(self, prompts: Sequence[ParticlePrompt], seeds: Sequence[int]) -> None:
        """Take in what to imitate in each of N scenes side by side, all with the same number of landmarks.

        Args:
            prompts: N, each as for ``reset``.
            seeds: unused, as for ``reset``.

        Raises:
            DemonstrationError: as for ``reset``; or numbers of landmarks that differ.
        """
        self._reset(self._shown.again(prompts, single=False))

    @torch.inference_mode()
    def _reset(self, shown: Shown[ParticleObservation, ParticleAction]) -> None:
        network = self.config.network
        if not network.shared and shown.count != network.num_landmarks:
            raise DemonstrationError(
                f"demonstrations: this model needs {network.num_landmarks} landmarks, got {shown.count}"
            )
        kept = [one[evenly_spaced(len(one), self.config.frames)] for one in shown.demonstrations]
        frames = ParticleObservation.stack([one.observations for one in kept])
        forces = ParticleAction.stack([one.actions for one in kept])
        self._memory = self.network.remember(ReachingTensors.from_numpy(frames), force_tensor(forces))
        self._shown = shown
        if network.attention:
            self.weights = self._memory[0].numpy() if shown.single else self._memory.numpy()

    @torch.inference_mode()
    def act(self, observation: ParticleObservation) -> ParticleAction:
        """The force for the present state.

        Args:
            observation: leading dimensions none after ``reset``, ``[N]`` after ``reset_batch``.

        Raises:
            ObservationError: no observation of reaching, numbers that cannot be, other landmarks than in the
                demonstration, or ``reset`` was not called.
        """
        batch = self._shown.batch(observation)
        force = self.network(self._memory, ReachingTensors.from_numpy(batch[:, None])).force[:, 0].double().numpy()
        return ParticleAction(force[0] if self._shown.single else force)


def save_reaching_policy(
    path: str | Path, network: ReachingNetwork, config: ReachingPolicyConfig, **about: Any
) -> None:
    """Write a model folder, with ``about`` under the key ``about`` of its config."""
    write_model(path, FORMAT, network, config, **about)
