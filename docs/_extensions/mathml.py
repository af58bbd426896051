"""Formulas as MathML, which browsers draw themselves: no script, no network, nothing to install beside docutils."""

import re

from docutils.nodes import SkipNode
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.errors import ExtensionError
from sphinx.util.math import get_node_equation_number


def plain_latex(text):
    """LaTeX without what docutils does not know: ``\\dots``, and sizes of brackets, which MathML stretches itself."""
    return re.sub(r"\\[bB]ig(?![a-zA-Z])", "", re.sub(r"\\dots(?![a-zA-Z])", r"\\ldots ", text))


def mathml(node, as_block):
    """The formula of a node; one that cannot be written ends the build, with or without warnings as errors."""
    try:
        return tex2mathml(plain_latex(node.astext()), as_block=as_block)
    except MathError as error:
        raise ExtensionError(f"{node.source}:{node.line}: formula: {error}, in {node.astext()!r}") from error


def visit_inline(writer, node):
    """A formula within a line."""
    writer.body.append(mathml(node, as_block=False))
    raise SkipNode


def visit_block(writer, node):
    """A formula of its own, with the number that its label gives it, and the label as the target of references."""
    number = f'<span class="eqno">({get_node_equation_number(writer, node)})</span>' if node.get("number") else ""
    writer.body.append(f"{writer.starttag(node, 'div', CLASS='math')}{number}{mathml(node, as_block=True)}</div>\n")
    raise SkipNode


def setup(app):
    """Sphinx's own hook."""
    app.add_html_math_renderer("mathml", inline_renderers=(visit_inline, None), block_renderers=(visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
