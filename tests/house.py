"""The source files as modules, for tests of what is written in them."""

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
ROOT = Path(__file__).parents[1] / "skmeta"

parse = cache(ast.parse)


class Module(NamedTuple):
    """One source file: its dotted name, whether it is a package's ``__init__``, and its text."""

    name: str
    is_package: bool
    text: str

    @property
    def tree(self):
        return parse(self.text)

    @property
    def room(self):
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else "__init__"


@cache
def read_house():
    modules = []
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        modules.append(Module(name, is_package, path.read_text("utf-8")))
    return tuple(modules)


@cache
def nodes_of(module):
    """Every node of a module, with the names of the functions around it."""
    found, left = [], [(child, ()) for child in ast.iter_child_nodes(module.tree)]
    while left:
        node, functions = left.pop()
        found.append((node, functions))
        inner = (*functions, node.name) if isinstance(node, FUNCTIONS) else functions
        left += [(child, inner) for child in ast.iter_child_nodes(node)]
    return tuple(found)


def house(texts):
    """Modules from ``{"room.file": text}``; a room's own name is its ``__init__`` if it has files."""
    return [
        Module(f"skmeta.{name}", any(other.startswith(f"{name}.") for other in texts), text)
        for name, text in texts.items()
    ]
