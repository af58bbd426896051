"""The benchmark page as reStructuredText: what was asked, of whom, and what came out, ratios first."""

import csv
import io
import math

from _page_sections import OURS, SECONDS, summarised

HEAD = """Benchmarks
==========

This page was written by a command. No figure in it was typed by hand:

.. code-block:: console

    $ {command}

{facts}

* **Ratios** are a method's mean over that of skmeta, over the same draws: above one, skmeta is better. Behind ± stands the
  standard error over draws (by linearisation); of one draw there is none. "–" stands where skmeta's mean is zero.
* **Rows in which skmeta loses stay**, and are named below each table.
* **Seconds** are those of the processor, all methods of a draw one after the other in one process and one thread. The machine
  may have been shared: the ratios say more than the seconds.
* Peers have their defaults, but for what is said. Made-up data favour the model that they are drawn from: try
  ``python -m skmeta`` on yours.
"""


def page(command, facts, results, reasons):
    """The whole page; ``results`` are ``[(section, [(cell, found)])]``, ``reasons`` says why a package is not there."""
    listed = "\n".join(f":{name}: {value}" for name, value in facts.items())
    parts = [HEAD.format(command=command, facts=listed)]
    parts += [section_text(section, cells, reasons) for section, cells in results]
    return "\n".join(parts)


def section_text(section, cells, reasons):
    rows = summarised(cells)
    draws = list(dict.fromkeys(cell.draw for cell, _ in cells))
    lines = [
        heading(section.title),
        section.question,
        "",
        f"**Data.** {section.data}",
        "",
        f"**Draws.** Of each line {len(draws)}: {'; '.join(draws)}. Alone: ``python -m benchmarks --only {section.name}``.",
        "",
        f"**Peers.** {peers_of(section, reasons)}",
        "",
        table("Ratios to skmeta: " + section.error[0].lower() + section.error[1:], *ratio_table(rows)),
        losses(rows, section.bounds),
        "",
        table(section.error, *error_table(rows)),
        *(f"* {note}" for note in section.notes),
        *(f"* {line}" for line in failures(rows)),
        "",
    ]
    return "\n".join(lines)


def heading(title):
    return f"\n{title}\n{'-' * len(title)}\n"


def peers_of(section, reasons):
    """Those that were run with their versions, and why others were not."""
    found = {name: reasons[name] for name in section.packages}
    there = ", ".join(f"{name} {version}" for name, (version, why) in found.items() if not why)
    absent = [f"Not run: {name}: {escaped(why)}." for name, (_, why) in found.items() if why]
    return " ".join([f"{there or 'Those of scikit-learn'}.", *absent])


def plus_minus(pair, digits=3):
    mean, error = pair
    if math.isnan(mean):
        return "–"
    text = f"{mean:.{digits}g}" if abs(mean) < 1e5 else f"{mean:,.0f}"
    return text if math.isnan(error) else f"{text} ± {error:.2g}"


def columns_of(rows, part):
    return list(dict.fromkeys(column for row in rows for column in getattr(row, part)))


def ratio_table(rows):
    """``(header, lines)``; skmeta's own rows are ones, and left out."""
    columns = columns_of(rows, "ratios")
    others = [row for row in rows if row.method != OURS and not row.failed]
    cells = [[row.case, row.method, *(ratio_cell(row, column) for column in columns)] for row in others]
    return ["", "method", *columns], cells


def ratio_cell(row, column):
    return plus_minus(row.ratios[column]) if column in row.ratios else ""


def error_table(rows):
    """``(header, lines)`` of means, of seconds, and of what is only shown; a method that failed stays."""
    columns, shown = columns_of(rows, "errors"), columns_of(rows, "also")
    lines = []
    for row in rows:
        cells = [plus_minus(row.errors[column]) if column in row.errors else "" for column in columns]
        cells += [f"{row.also[column]:.3g}" if column in row.also else "" for column in shown]
        lines.append([row.case, row.method, *(["failed", *cells[1:]] if row.failed else cells)])
    return ["", "method", *columns, *shown], lines


def table(title, header, lines):
    """A csv-table; a case is named in its first line."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(header)
    last = None
    for case, *cells in lines:
        writer.writerow([case if case != last else "", *cells])
        last = case
    body = "".join(f"    {line}\n" for line in text.getvalue().splitlines())
    return f".. csv-table:: {title}\n    :header-rows: 1\n\n{body}"


def losses(rows, bounds):
    """Where skmeta loses, in words: errors, then seconds, each by case."""
    beside = [row for row in rows if row.method not in (OURS, *bounds)]
    errors = [column for column in columns_of(rows, "ratios") if column != SECONDS]
    better = [line for case in cases(rows) for column in errors for line in below_one(beside, case, column)]
    faster = [line for case in cases(rows) for line in below_one(beside, case, SECONDS)]
    said = [f"*Smaller errors than skmeta's:* {'; '.join(better) or 'none'}."] if errors else []
    return "\n\n".join([*said, f"*Fewer seconds than skmeta:* {'; '.join(faster) or 'none'}."])


def cases(rows):
    return list(dict.fromkeys(row.case for row in rows))


def below_one(rows, case, column):
    """One line with all methods whose ratio is below one, or none."""
    found = [row for row in rows if row.case == case and row.ratios.get(column, (math.inf,))[0] < 1.0]
    named = ", ".join(f"{row.method} ({plus_minus(row.ratios[column])})" for row in found)
    where = case if column == SECONDS else f"{case}, {column}"
    return [f"{where}: {named}"] if found else []


def failures(rows):
    return [f"{row.method} failed ({row.case}): {escaped(row.failed)}" for row in rows if row.failed]


def escaped(text):
    """Another package's message may hold what reStructuredText reads as its own."""
    return "".join("\\" + char if char in "*`_|\\<>" else char for char in text)
