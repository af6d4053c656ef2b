"""One run of imitation: its progress, if the demonstration is one of the blocks that are there."""

from __future__ import annotations

from collections.abc import Sequence

from osil.demonstrations.storage import StoredDemonstration
from osil.errors import DemonstrationError
from osil.tasks.progress import Progress


class Imitation(Progress):
    """Progress of a stored demonstration in a scene of named blocks."""

    def __init__(self, stored: StoredDemonstration, scene_names: Sequence[str]) -> None:
        """Take a demonstration for a scene of the blocks ``scene_names``.

        Raises:
            DemonstrationError: it cannot be repeated in this scene.
        """
        names = stored.block_names
        if sorted(names) != sorted(scene_names):
            raise DemonstrationError(
                f"demonstration {stored.name!r} is about {len(names)} blocks ({' '.join(names)}), but "
                f"{len(scene_names)} are seen ({' '.join(scene_names)}); set up the blocks that it shows"
            )
        super().__init__(stored.demonstration)
