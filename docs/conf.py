"""The documentation site: ``make docs`` writes it to ``build/docs``."""

import re

from gaiamorph.version import __version__

project = "gaiamorph"
author = "The gaiamorph authors"
copyright = f"2026, {author}"
release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc"]
myst_heading_anchors = 4
exclude_patterns = ["conf.py", "tutorials/out-*"]
nb_execution_mode = "force"
nb_execution_timeout = -1
nb_execution_raise_on_error = True
nb_execution_show_tb = True
html_theme = "furo"
html_title = f"gaiamorph {release}"

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
default_role = "code"
"""Docstrings name code in single backticks."""

ITEM = re.compile(r"(?P<names>[a-z_]\w*(?:, [a-z_]\w*)*): (?P<text>.*)")
CODE = re.compile(r"``[^`]+``|`[^`]+`|(?P<plain>[*|]|\b\w+_(?!\w))")


def as_fields(app, what, name, obj, options, lines: list[str]) -> None:
    """Docstrings describe arguments as ``name: text``. Sphinx draws such lines as a list if they are fields."""
    made: list[str] = []
    inside = False
    for line in lines:
        line = CODE.sub(
            lambda found: (
                found[0].replace("*", r"\*").replace("|", r"\|").replace("_", r"\_") if found["plain"] else found[0]
            ),
            line,
        )
        found = ITEM.fullmatch(line)
        if found and not inside and made and made[-1]:
            made.append("")
        if inside and not found and line and not line.startswith(" "):
            made.append("")
        inside = bool(found) or (inside and line.startswith(" "))
        made.append(f":{found['names']}: {found['text']}" if found else line)
    lines[:] = made


def setup(app) -> None:
    app.connect("autodoc-process-docstring", as_fields)
