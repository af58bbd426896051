"""Classification tasks on which hyperparameters are tuned: bundled data, parts of stored collections, simulations.

Each task is ``(name, X, y)``, numbers without gaps and labels from 0. The stored ones need the folder of ``--data``.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

N_ROWS = 1000  # at most, of a task


def above_median(values):
    return np.asarray(values) > np.median(values)


def numbered(frame):
    """One column a level of text; gaps are the median."""
    frame = pd.get_dummies(frame, dtype=float)
    return frame.fillna(frame.median()).fillna(0.0).to_numpy(dtype=float)


# Bundled with scikit-learn. ---------------------------------------------------------------------------


def bundled():
    for load in (datasets.load_iris, datasets.load_wine, datasets.load_breast_cancer):
        yield load.__name__.removeprefix("load_"), *load(return_X_y=True)
    X, y = datasets.load_digits(return_X_y=True)
    yield "digits", X, y
    yield "digits even", X, y % 2
    for a, b in ((3, 8), (1, 7), (4, 9)):
        pair = np.isin(y, (a, b))
        yield f"digits {a} or {b}", X[pair], y[pair]
    X, y = datasets.load_diabetes(return_X_y=True)
    yield "diabetes", X, above_median(y)


# Parts of stored collections. -------------------------------------------------------------------------


def hospitals(folder):
    frame = pd.read_csv(folder / "heart.csv.gz")
    for hospital, rows in frame.groupby("hospital"):
        yield f"heart {hospital}", numbered(rows.drop(columns=["hospital", "num"])), rows["num"] > 0


def schools(folder):
    frame = pd.read_csv(folder / "chem97.csv.gz")
    for lea in frame["lea"].value_counts().index[:2]:
        rows = frame[frame["lea"] == lea]
        yield f"chem97 {lea}", numbered(rows[["gender", "age", "gcsescore"]]), rows["score"] >= 6


def texts(folder):
    frame = pd.read_csv(folder / "clinc150.csv.gz")
    for domains, target in (
        (("travel", "banking"), "domain"),
        (("work", "utility"), "domain"),
        (("travel",), "intent"),
    ):
        rows = frame[frame["domain"].isin(domains)]
        if target == "intent":
            rows = rows[rows["intent"].isin(sorted(set(rows["intent"]))[:5])]
        words = TfidfVectorizer(min_df=3).fit_transform(rows["text"])
        yield (
            f"clinc150 {target} of {'+'.join(domains)}",
            TruncatedSVD(20, random_state=0).fit_transform(words),
            rows[target],
        )


def cars(folder):
    frame = pd.read_csv(folder / "used_cars.csv.gz")
    for brand in ("audi", "ford", "skoda"):
        rows = frame[frame["brand"] == brand]
        yield f"cars {brand}", numbered(rows.drop(columns=["brand", "model", "price"])), above_median(rows["price"])
    rows = frame[["year", "mileage", "tax", "mpg", "engineSize", "price"]]
    yield "cars fuel", numbered(rows), frame["fuelType"].eq("Diesel")


def patients(folder):
    with np.load(folder / "parkinsons_sessions.npz") as file:
        yield "parkinsons", file["X"], above_median(file["y"])
        yield "parkinsons voice", file["X"][:, 3:], above_median(file["y_motor"])
        yield "parkinsons sex", file["X"][:, 3:], file["X"][:, 1]


def drawings(folder):
    with np.load(folder / "omniglot_small1.npz") as file:
        pixels, alphabet = np.unpackbits(file["X"], axis=1), file["task"]
    names = np.unique(alphabet)
    for a, b in ((0, 4), (1, 2)):
        rows = np.isin(alphabet, names[[a, b]])
        yield f"drawings {names[a]} or {names[b]}", PCA(30, random_state=0).fit_transform(pixels[rows]), alphabet[rows]


def insured(folder):
    frame = pd.read_csv(folder / "motorcycles.csv.gz")
    claims = frame[frame["antskad"] > 0]
    rows = pd.concat([claims, frame[frame["antskad"] == 0].sample(len(claims), random_state=0)])
    yield "motorcycles", numbered(rows.drop(columns=["antskad", "skadkost"])), rows["antskad"] > 0


def players(folder):
    frame = pd.read_csv(folder / "baseball.csv.gz").query("ab >= 100")
    yield "baseball", frame[["year", "ab", "h"]], above_median(frame["hr"] / frame["ab"])


def countries(folder):
    with np.load(folder / "gapminder.npz") as file:
        yield "gapminder", np.column_stack([file["X"], file["y"]]), file["continent"]


STORED = (hospitals, schools, texts, cars, patients, drawings, insured, players, countries)


# Simulations. -----------------------------------------------------------------------------------------


def clouds(rng):
    """scikit-learn's clouds, from few to many columns, clear to noisy, even to rare classes."""
    for columns, informative, classes, separation, flipped, weights in (
        (5, 4, 2, 1.0, 0.01, None),
        (20, 5, 2, 0.7, 0.05, None),
        (60, 4, 2, 1.0, 0.1, None),
        (10, 8, 4, 1.5, 0.01, None),
        (15, 6, 2, 1.0, 0.02, [0.85, 0.15]),
        (8, 6, 3, 0.8, 0.2, None),
    ):
        X, y = datasets.make_classification(
            N_ROWS,
            columns,
            n_informative=informative,
            n_redundant=(columns - informative) // 3,
            n_classes=classes,
            n_clusters_per_class=2,
            class_sep=separation,
            flip_y=flipped,
            weights=weights,
            random_state=int(rng.integers(2**31)),
        )
        yield f"clouds {columns} columns {classes} classes", X, y


def shapes(rng):
    """Classes whose boundary is curved."""
    seed = int(rng.integers(2**31))
    yield "moons", *datasets.make_moons(N_ROWS, noise=0.25, random_state=seed)
    yield "circles", *datasets.make_circles(N_ROWS, noise=0.1, factor=0.6, random_state=seed)
    yield "shells 4", *datasets.make_gaussian_quantiles(n_samples=N_ROWS, n_features=4, n_classes=3, random_state=seed)
    yield (
        "shells 10",
        *datasets.make_gaussian_quantiles(n_samples=N_ROWS, n_features=10, n_classes=2, random_state=seed),
    )
    yield "hastie", *datasets.make_hastie_10_2(N_ROWS, random_state=seed)
    X, t = datasets.make_swiss_roll(N_ROWS, noise=0.5, random_state=seed)
    yield "swiss roll", X, np.floor(4.0 * (t - t.min()) / np.ptp(t)) % 2
    for make in (datasets.make_friedman1, datasets.make_friedman2, datasets.make_friedman3):
        X, y = make(N_ROWS, random_state=seed)
        yield make.__name__.removeprefix("make_"), X, above_median(y + 0.2 * y.std() * rng.normal(size=N_ROWS))


def rules(rng):
    """Classes by rules that trees find: squares, parity, categories, interactions among many columns."""
    X = rng.uniform(-1.0, 1.0, (N_ROWS, 2))
    yield "checkerboard", X, np.floor(2.0 * X).sum(axis=1) % 2
    X = rng.integers(0, 2, (N_ROWS, 8)).astype(float)
    yield "parity of 3 bits", X, X[:, :3].sum(axis=1) % 2
    X = rng.integers(0, 4, (N_ROWS, 6))
    noise = rng.uniform(size=N_ROWS) < 0.05
    yield "monks", np.column_stack([level == X for level in range(4)]), (X[:, 0] == X[:, 1]) ^ (X[:, 4] == 0) ^ noise
    X = rng.normal(size=(N_ROWS, 30))
    yield "interactions", X, X[:, 0] * X[:, 1] + X[:, 2] + 0.5 * rng.normal(size=N_ROWS) > 0.0
    yield "linear, noisy", X, X[:, :10].sum(axis=1) + 3.0 * rng.normal(size=N_ROWS) > 0.0
    y = rng.integers(0, 2, N_ROWS)
    yield "ringnorm", rng.normal(size=(N_ROWS, 20)) * np.where(y, 1.0, 2.0)[:, None] + 0.2 * y[:, None], y
    turn, y = 3.0 * np.pi * np.sqrt(rng.uniform(0.02, 1.0, N_ROWS)), rng.integers(0, 2, N_ROWS)
    spiral = turn[:, None] * np.column_stack([np.cos(turn + np.pi * y), np.sin(turn + np.pi * y)])
    yield "spirals", spiral + 0.4 * rng.normal(size=(N_ROWS, 2)), y


SIMULATED = (clouds, shapes, rules)


# Rows to learn from and to test on. -------------------------------------------------------------------


def all_tasks(folder):
    """All tasks as ``[(name, X, y)]``; without a folder those of stored collections are missing."""
    rng = np.random.default_rng(0)
    found = [*bundled()]
    found += [task for make in STORED for task in make(Path(folder))] if folder else []
    found += [task for make in SIMULATED for task in make(rng)]
    return [(name, np.asarray(X, dtype=float), np.unique(y, return_inverse=True)[1]) for name, X, y in found]
