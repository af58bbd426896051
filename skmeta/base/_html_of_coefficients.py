"""The coefficients that a prior expects as a table in HTML: those that move predictions most."""

from __future__ import annotations

from html import escape

import numpy as np

from skmeta.base._pictures import Moments

SHOWN = 10  # coefficients, and outputs


def html_of_coefficients(moments: Moments) -> str:
    """Return a table of means and standard deviations between tasks, a row a coefficient, a column an output.

    Of many the ten that move a prediction most are in it, by ``scale**2 * (mean**2 + sd**2)``, largest first, and the
    intercept last. Without scales they count as ones.

    Parameters
    ----------
    moments : Moments
        Of the coefficients.

    Returns
    -------
    str
        HTML, in which all texts are escaped.
    """
    mean, sd, outputs = moments.mean, moments.sd, moments.outputs[:SHOWN]
    moved = np.hypot(mean, sd).max(axis=0)[:-1] * (1.0 if moments.scale is None else moments.scale)
    shown = [*np.argsort(-moved, kind="stable")[:SHOWN], mean.shape[1] - 1]
    head = "".join(f"<th>{escape(str(output))}</th>" for output in outputs)
    rows = [f"<tr><th></th>{head}</tr>"] if any(outputs) else []
    for j in shown:
        cells = "".join(f"<td>{mean[k, j]:.3g} ± {sd[k, j]:.3g}</td>" for k in range(len(outputs)))
        rows.append(f"<tr><th>{escape(moments.names[j])}</th>{cells}</tr>")
    left_out = [
        f"{n:,} more {what}"
        for n, what in ((len(moved) - SHOWN, "coefficients"), (len(mean) - SHOWN, "outputs"))
        if n > 0
    ]
    rows += [f"<tr><td>and {', '.join(left_out)}</td></tr>"] if left_out else []
    caption = "Coefficients: mean ± standard deviation between tasks"
    return f"<table><caption>{caption}</caption>{''.join(rows)}</table>"
