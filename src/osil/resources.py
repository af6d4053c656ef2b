"""Where the project's data files lie: in a checkout, in a virtual environment or in a ROS workspace."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from osil.errors import ResourceError

PACKAGE = "osil_bringup"
"""The ROS package under whose share folder the data files are installed."""


def config_path(name: str) -> Path:
    """The file of a name in ``config/``, or, where the name has a folder in it, of that path.

    Raises:
        ResourceError: there is no such name in ``config/``.
    """
    return Path(name) if os.sep in name else resource_path("config", name)


def resource_path(*parts: str) -> Path:
    """The existing file or folder ``parts``, for example ``resource_path("urdf", "fetch.urdf")``.

    Looked for in the repository around this file, then in ``share/osil_bringup`` of every prefix in
    AMENT_PREFIX_PATH (a ROS workspace) and of the running Python (``pip install``).

    Raises:
        ResourceError: it is in none of these places.
    """
    prefixes = [prefix for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if prefix]
    folders = [Path(prefix) / "share" / PACKAGE for prefix in [*prefixes, sys.prefix]]
    repository = Path(__file__).resolve().parents[2]
    if (repository / "package.xml").is_file():
        folders.insert(0, repository)
    for folder in folders:
        path = folder.joinpath(*parts)
        if path.exists():
            return path
    places = ", ".join(str(folder) for folder in folders)
    raise ResourceError(f"{Path(*parts)}: expected in one of {places}; install the package or source its workspace")
