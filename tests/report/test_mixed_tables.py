"""Tables in which every column, the delimiter, the encoding and what stands around the rows have a style of their own."""

import csv

import numpy as np
import pytest
from variations import varied

from skmeta import report

pytestmark = pytest.mark.quick

pd = pytest.importorskip("pandas")

N_TASKS = 12
POINTS = [
    "{:.2f}".format,
    "{:,.2f}".format,
    "${:,.2f}".format,
    "{:,.2f} kg".format,
    "{:,.2f}%".format,
    "USD {:,.2f}".format,
    lambda v: f"({-v:,.2f})" if v < 0 else f"{v:,.2f}",
    lambda v: f"{-v:,.2f}-" if v < 0 else f"{v:,.2f}",
    lambda v: f"{v:.2f}".rstrip("0").rstrip("."),
]


def with_commas(style):
    return lambda value: style(value).translate(str.maketrans(",.", ".,"))


COMMAS = [
    *map(with_commas, POINTS),
    with_commas("€ {:,.2f}".format),
    lambda v: f"{v:,.2f} kr".replace(",", " ").replace(".", ","),
]
DATES = {"point": ["%Y-%m-%d", "%m/%d/%Y", "%d-%b-%Y", "%Y%m%d", "%B %d, %Y", "%m/%d/%Y %I:%M %p"],
         "comma": ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%b-%Y", "%Y-%m-%dT%H:%M:%S"]}  # fmt: skip
AROUND = {
    "nothing": lambda head, rows, sep: [head, *rows],
    "delimiters behind rows": lambda head, rows, sep: [head, *(row + sep for row in rows)],
    "delimiters behind all": lambda head, rows, sep: [head + sep, *(row + sep for row in rows)],
    "names of rows": lambda head, rows, sep: [head, *(f'"{k + 1}"{sep}{row}' for k, row in enumerate(rows))],
    "row numbers": lambda head, rows, sep: [f"nr{sep}{head}", *(f"{3 * k}{sep}{row}" for k, row in enumerate(rows))],
    "a title": lambda head, rows, sep: ["Report of sales", "", head, *rows],
    "a declared delimiter": lambda head, rows, sep: [f"sep={sep}", head, *rows],
    "a comment": lambda head, rows, sep: ["# made by a, program; 2024", head, *rows],
    "a source": lambda head, rows, sep: [head, *rows, "Source: x"],
}


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("mark", ["point", "comma"])
@varied("seed", range(4))
def test_a_table_is_read_as_it_is_meant(tmp_path, seed, mark, around):
    rng = np.random.default_rng([seed, list(AROUND).index(around)])
    n = 8 * N_TASKS
    known = {name: (10.0 ** rng.uniform(-0.5, 5) * rng.normal(size=n)).round(2) for name in ("a", "b", "y")}
    styles = rng.choice(np.array(POINTS if mark == "point" else COMMAS, object), 3)
    days = pd.Series(pd.date_range("2024-01-01", periods=n, freq="31h"))
    frame = pd.DataFrame(
        {name: list(map(style, known[name])) for (name, style) in zip(known, styles, strict=True)}
    ).assign(
        store=np.repeat([f"s{k}" for k in range(N_TASKS)], 8),
        colour=rng.permutation(np.resize(["red", "green", "blue"], n)),
        day=days.dt.strftime(str(rng.choice(DATES[mark]))),
    )
    gaps = rng.random((n, 2)) < 0.1
    for k, name in enumerate(["a", "b"]):
        frame.loc[gaps[:, k], name] = str(rng.choice(["", "NA", "-", "n/a"]))
        known[name][gaps[:, k]] = np.nan
    sep = str(rng.choice(list(";\t|") if mark == "comma" else list(",;\t|")))
    quoting = int(rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    head, *rows = frame[rng.permutation(frame.columns)].to_csv(index=False, sep=sep, quoting=quoting).splitlines()
    text = str(rng.choice(["\n", "\r\n"])).join(AROUND[around](head, rows, sep))
    (tmp_path / "a.csv").write_bytes(text.encode(str(rng.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))))
    table = report.read_file(str(tmp_path / "a.csv"), task="store", target="y")
    assert (sorted(table.numbers), table.categories) == (["a", "b", "day"], ["colour"])
    assert table.counts.tolist() == [8] * N_TASKS
    for name in ("a", "b"):
        np.testing.assert_allclose(table.X[name], known[name], atol=1e-9)
    np.testing.assert_allclose(table.y, known["y"])
    np.testing.assert_allclose(table.X["day"], (days - pd.Timestamp(0)) / pd.Timedelta(days=1), atol=1)
