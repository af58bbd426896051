"""Sphinx settings: numpydoc, a gallery of runnable examples, and nothing that needs a network."""

import os
import re
import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))
from sklearn_links import mapping

os.environ.setdefault("MPLBACKEND", "Agg")

project = "skmeta"
author = "The skmeta developers"
copyright = author
version = release = installed_version("skmeta")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "mathml",
    "matplotlib.sphinxext.plot_directive",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "examples"]
templates_path = ["_templates"]
default_role = "literal"

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's Parameters already say it
numpydoc_show_class_members = False  # the template for classes shows them in full

html_math_renderer = "mathml"
intersphinx_mapping = mapping(Path(__file__).parent / "generated")
intersphinx_disabled_reftypes = ["std:*"]

plot_formats = ["png"]
plot_html_show_formats = False
plot_html_show_source_link = False
plot_rcparams = {"figure.figsize": (7, 3.2), "figure.dpi": 100, "figure.constrained_layout.use": True}
plot_apply_rcparams = True

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "doc_module": "skmeta",
    "reference_url": {"skmeta": None},
    "backreferences_dir": "generated/backreferences",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "ignore_repr_types": r"matplotlib|skmeta\.inspection",  # the picture is shown, its object says nothing
    "show_memory": False,
    "min_reported_time": 60,
    "write_computation_times": False,
}
suppress_warnings = ["config.cache"]  # the gallery's settings hold a function, which cannot be cached

html_theme = "pydata_sphinx_theme"
html_title = f"skmeta {release}"
html_show_sourcelink = False
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
    "show_version_warning_banner": False,
}
html_sidebars = {"index": [], "api": []}


def drop_foreign_references(app, what, name, obj, options, lines):
    """What is inherited from scikit-learn refers to pages that are not here: the words stay."""
    lines[:] = [re.sub(r":(term|ref):`([^`<]+?)( <[^`>]+>)?`", r"``\2``", line) for line in lines]


def setup(app):
    """Sphinx's own hook."""
    app.connect("autodoc-process-docstring", drop_foreign_references)
