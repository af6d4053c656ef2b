"""The site is built from the repository's pages as `make docs` does it. A warning, such as of a dead link, fails."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_the_site_is_built_without_warnings(tmp_path: Path) -> None:
    pytest.importorskip("furo", reason="Sphinx is not installed: the extra `docs` has it")
    (recipe,) = re.findall(r"\$\(BIN\)/sphinx-build (.*) build/docs\n", (ROOT / "Makefile").read_text())
    command = [sys.executable, "-m", "sphinx", *recipe.split(), str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    pages = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.html")}
    assert {"index.html", "docs/index.html", "docs/python.html", "results/README.html", "ARCHITECTURE.html"} <= pages
    assert "block_positions" in (tmp_path / "docs" / "python.html").read_text(), "docstrings are read"
