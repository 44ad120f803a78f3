"""How the site is built: ``python -m sphinx -W -n -b html docs docs/_build``."""

import warnings
from importlib.metadata import version as installed_version

import matplotlib as mpl

mpl.use("Agg")
# An example that warns is an example of something else than what it says.
warnings.filterwarnings("error", module="skxent")

project = "skxent"
author = "The skxent developers"
copyright = "the skxent developers, BSD 3-Clause"
version = release = installed_version("skxent")

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "examples", "gallery/*.zip"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
root_doc = "index"
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": ["examples"],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r".*\.py$",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "show_memory": False,
    "min_reported_time": 10,
    "download_all_examples": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "skxent"
html_static_path = ["_static"]
html_theme_options = {"show_prev_next": True, "navigation_with_keys": False}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
