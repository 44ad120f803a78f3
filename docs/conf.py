"""How the site is built: ``python -m sphinx -W -n -b html docs docs/_build``."""

import inspect
import math
import re
import sys
import warnings
from importlib.metadata import version as installed_version
from pathlib import Path

import matplotlib as mpl
from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.roles import XRefRole
from sphinx.util.docutils import SphinxRole

import skxent
import skxent.recalibration
import skxent.testing

sys.path.insert(0, str(Path(__file__).parent))
import decide
import house
import picture

mpl.use("Agg")
# An example that warns is an example of something else than what it says.
# A warning of skxent is laid to whoever called it, here the script.
warnings.filterwarnings("error", module=r"skxent|sklearn|__main__")

project = "skxent"
author = "The skxent developers"
copyright = "the skxent developers, BSD 3-Clause"
version = release = installed_version("skxent")

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.extlinks",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
# The gallery and the reference write their pages below this folder; these are not pages.
exclude_patterns = ["_build", "_templates", "examples", "gallery/*.zip", "**sg_execution_times.rst"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
root_doc = "index"
# Quotes in the types of parameters are Python's.
smartquotes = False
templates_path = ["_templates"]
nitpicky = True
nitpick_ignore_regex = [
    # What other libraries document. Their inventories are on the network, and the build is not.
    (r"py:.*", r"(sklearn|scipy|numpy|pandas|pytest|matplotlib)\..*"),
]

extlinks = {"doi": ("https://doi.org/%s", "doi:%s")}

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
add_module_names = False
toc_object_entries = False
# The templates of the reference list the methods themselves.
numpydoc_show_class_members = False
python_maximum_signature_line_length = 72

sphinx_gallery_conf = {
    "examples_dirs": ["examples"],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r".*\.py$",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "show_memory": False,
    "min_reported_time": 10,
    "download_all_examples": False,
    # Twice as many points for screens that have them.
    "image_srcset": ["2x"],
    "show_signature": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "skxent"
html_static_path = ["_static"]
html_css_files = ["skxent.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
# One navigation, on the left of every page; on a phone it is behind the button at the top.
html_sidebars = {"**": ["navigation.html"]}
html_theme_options = {
    "navbar_center": [],
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
    "navigation_with_keys": False,
    "show_toc_level": 2,
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def mathml(formula, **options):
    """Formula in MathML; an error if it has a command that the converter does not know."""
    formula = formula.replace(r"\texttt", r"\mathtt")
    # TeX takes one digit for a numerator, the converter all that follow one another.
    formula = re.sub(r"(frac)(\d)(\d)", r"\1{\2}{\3}", formula)
    # Nor does it set a function apart from what is beside it.
    formula = re.sub(r"(?<=[\w}])\s*(?=\\(?:log|exp)(?![a-z]))", r"\\,", formula)
    formula = re.sub(
        r"(\\(?:log|exp)(?![a-z])(?:[_^]\w)?)\s*(?=[\w\\])(?!\\left)", r"\1\\,", formula
    )
    return tex2mathml(formula, **options)


class Formulas:
    """Formulas as MathML, which browsers draw by themselves: no script, and no network."""

    @staticmethod
    def inline(translator, node):
        translator.body.append(mathml(node.astext()))
        raise nodes.SkipNode

    @staticmethod
    def block(translator, node):
        formula = mathml(node.astext(), as_block=True)
        translator.body.append(f'<div class="math">{formula}</div>\n')
        raise nodes.SkipNode


# Where the names are that a docstring may mention.
PUBLIC = {
    name: f"{module.__name__}.{name}"
    for module in (skxent.testing, skxent.recalibration, skxent)
    for name in module.__all__
}


class Name(SphinxRole):
    """What a docstring has in single backquotes: a link if it is a public name, else code."""

    def run(self):
        """Nodes of a link that the build holds to be right, or of a word of code."""
        owner = getattr(skxent, self.env.ref_context.get("py:class") or "", None)
        method = inspect.isroutine(getattr(owner, self.text, None))
        target = f"skxent.{owner.__name__}.{self.text}" if method else PUBLIC.get(self.text)
        if target is None:
            return [nodes.literal(self.rawtext, self.text)], []
        text = f"{self.text} <{target}>"
        return XRefRole()("py:obj", text, text, self.lineno, self.inliner)


default_role = "name"


def readable_signature(*event):
    """Numbers as a reader would write them; no signature where nobody makes the object."""
    _, what, name, *_, signature, returns = event
    if what == "class" and name in {"skxent.LogLossReport", "skxent.LogLossComparison"}:
        return "", None
    names = {repr(math.e): "math.e", repr(2.0**-52): "2**-52"}
    for number, written in names.items():
        signature = signature and signature.replace(number, written)
    return signature, returns


def not_ours(_app, _what, _name, member, skip, _options):
    """What scikit-learn's base classes bring along is described there."""
    module = getattr(member, "__module__", None) or ""
    return True if module.startswith("sklearn.") else skip


def without_last_line(_app, _name, source):
    """An example ends with an empty line for doctest, which a reader need not see."""
    source[0] = source[0].replace("\n\n```\n", "\n```\n")


def of_another_page(app, _path, name, content):
    """Of a page that is part of another one the same holds."""
    without_last_line(app, name, content)


def setup(app):
    """What Sphinx calls first."""
    app.connect("source-read", without_last_line)
    app.connect("include-read", of_another_page)
    app.connect("autodoc-process-signature", readable_signature)
    app.connect("autodoc-skip-member", not_ours)
    app.add_html_math_renderer("mathml", (Formulas.inline, None), (Formulas.block, None))
    app.add_role("name", Name())
    decide.write()
    house.write()
    picture.write()
