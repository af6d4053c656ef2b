"""A demonstration is repeated only in a scene of its own blocks, whatever their order."""

from __future__ import annotations

from datetime import datetime, timezone

import numpy as np
import pytest

from osil.data.demonstrate import demonstrate
from osil.demonstrations.storage import StoredDemonstration
from osil.errors import DemonstrationError
from osil.ros.imitation import Imitation
from osil.tasks.block_stacking import StackingTask
from osil.tasks.table import Table
from osil.worlds.kinematic import KinematicWorld


def test_the_blocks_must_be_those_shown() -> None:
    rng = np.random.default_rng(0)
    task = StackingTask.parse("ab dc")
    (shown,), _ = demonstrate(KinematicWorld(rng), [task], Table().random_scene(4, rng)[None])
    stamps = np.arange(len(shown)) * 50_000_000
    stored = StoredDemonstration(shown, "shown", tuple("abcd"), stamps, datetime.now(timezone.utc), 0.05)
    assert Imitation(stored, tuple("dcba")).stages_total == 2
    with pytest.raises(DemonstrationError, match=r"about 4 blocks \(a b c d\), but 3 are seen \(a b c\)"):
        Imitation(stored, tuple("abc"))
