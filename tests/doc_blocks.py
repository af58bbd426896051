"""Blocks of code in README and in the documentation that doctest does not see, by page, language and place."""

import re
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.glob("guide/*.rst")), DOCS / "index.rst", DOCS / "api.rst"]
MARKDOWN = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]


class Block(NamedTuple):
    """One block: the first of its language on its page has the number 1. README's shell blocks name no language."""

    page: str
    language: str
    number: int


def rst_blocks(text):
    """Language and text of each block, but for sessions with prompts, which doctest runs."""
    found = re.findall(r"^( *)\.\. code-block:: (\w+)\n\n((?:\1    .*\n|\n)+)", text, flags=re.MULTILINE)
    return [(language, dedent(block).strip("\n") + "\n") for _, language, block in found if language != "pycon"]


def markdown_blocks(text):
    """The same of Markdown."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def read_blocks():
    """Text of every block."""
    found = {}
    for path in [*MARKDOWN, *PAGES]:
        text = path.read_text("utf-8")
        seen = {}
        for language, block in (markdown_blocks if path.suffix == ".md" else rst_blocks)(text):
            seen[language] = seen.get(language, 0) + 1
            found[Block(path.stem, language, seen[language])] = block
    return found


def commands(block):
    """Commands of a shell block, one a line, without prompts and comments."""
    lines = [line.partition("  #")[0].removeprefix("$ ").strip() for line in block.splitlines()]
    return [command for line in lines if line for command in line.split(" && ")]
