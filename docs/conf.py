"""The site, built by `make docs`. Its pages are the Markdown files of the repository, where they lie."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]

project = "osil"
author = "the osil authors"
release = re.findall("<version>(.+)</version>", (ROOT / "package.xml").read_text())[0]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinxcontrib.mermaid",
]
root_doc = "docs/index"
include_patterns = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/**.md",
    "models/**.md",
    "results/**.md",
]
exclude_patterns = [".*", "build", "data", "runs"]  # large folders that need not be looked through

myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"  # signatures say them where they are short, docstrings in the words of the field
napoleon_use_ivar = True
napoleon_attr_annotations = False
add_module_names = False

html_theme = "furo"
html_title = f"osil {release}"
html_show_copyright = False
html_static_path = ["static"]
html_css_files = ["wide.css"]
templates_path = ["templates"]
html_additional_pages = {"index": "to_docs.html"}
html_theme_options = {"navigation_with_keys": True}
