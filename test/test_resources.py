"""Data files are found, or it is said where they were looked for."""

from __future__ import annotations

import pytest

from osil.resources import resource_path


def test_data_files_are_found() -> None:
    assert resource_path("urdf", "fetch.urdf").is_file()
    with pytest.raises(FileNotFoundError, match="expected in one of"):
        resource_path("urdf", "nothing.urdf")
