"""Formulas as MathML, which browsers draw themselves: no script, no network, nothing to install beside docutils."""

import re

from docutils.nodes import SkipNode
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

logger = logging.getLogger(__name__)


def plain_latex(text):
    """LaTeX without what docutils does not know: ``\\dots``, and sizes of brackets, which MathML stretches itself."""
    return re.sub(r"\\[bB]ig(?![a-zA-Z])", "", re.sub(r"\\dots(?![a-zA-Z])", r"\\ldots ", text))


def mathml(node, as_block):
    """The formula of a node; one that cannot be written is a warning, and stands as LaTeX."""
    try:
        return tex2mathml(plain_latex(node.astext()), as_block=as_block)
    except MathError as error:
        logger.warning("formula: %s, in %r", error, node.astext(), location=node)
        return f"<code>{node.astext()}</code>"


def visit_inline(writer, node):
    """A formula within a line."""
    writer.body.append(mathml(node, as_block=False))
    raise SkipNode


def visit_block(writer, node):
    """A formula of its own."""
    writer.body.append(f'<div class="math">{mathml(node, as_block=True)}</div>\n')
    raise SkipNode


def setup(app):
    """Sphinx's own hook."""
    app.add_html_math_renderer("mathml", inline_renderers=(visit_inline, None), block_renderers=(visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
