"""Sphinx's settings for the book; `make book` writes the sources and calls Sphinx with this folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

project = "Convolutional neural networks, from pixels to ResNet"
author = "the authors of cnncourse"
extensions = ["myst_nb", "sphinx_copybutton", "sphinx.ext.mathjax"]
language = "en"
exclude_patterns = []

nb_execution_mode = "off"
nb_code_prompt_show = "Show the {type}"
nb_code_prompt_hide = "Hide the {type}"
nb_merge_streams = True
nb_mime_priority_overrides = [("html", "text/html", 0)]
myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 4
myst_heading_slug_func = "cnncourse.places.address"
mathjax_path = "mathjax/tex-svg-full.js"
mathjax_loading_method = "defer"

html_theme = "sphinx_book_theme"
html_title = "Convolutional networks"
templates_path = ["_templates"]
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}
html_css_files = ["book.css"]
html_js_files = [("book.js", {"type": "module"})]
html_sidebars = {"**": ["start-page.html", "search-button-field.html", "sbt-sidebar-nav.html"]}
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_permalinks_icon = "#"
html_theme_options = {
    "navbar_persistent": [],
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "search_bar_text": "Search this book",
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def setup(app):
    from tools.book.sphinx_parts import improve, write_sections

    app.connect("html-page-context", improve)
    app.connect("build-finished", write_sections)
