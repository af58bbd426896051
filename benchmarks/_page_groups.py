"""Mixed effects: predictions for persons whose other years are known, and for new models of used cars by a few sales."""

import warnings

import numpy as np
from _any_collections import used_cars_twin, wages_twin
from _page_sections import Cell, Section, side_by_side
from any_estimator import is_asked, panel_methods

SHOTS = (5, 20)
WAGES_SLOPES, CARS_SLOPES = [6], [0]  # of time, and of the year of the car
PACKAGES = ("gpboost", "merf", "mixedlm", "statsmodels", "scikit-lego")


def errors_of(methods, y, column):
    """Methods as `side_by_side` wants them: root mean squared errors instead of predictions."""
    return {
        name: lambda call=call: {column: float(np.sqrt(np.mean((call() - y) ** 2)))} for name, call in methods.items()
    }


def wages(seed, n_people):
    X, y = wages_twin(seed, n_people)
    asked = is_asked(y, seed)
    methods = panel_methods((X[~asked], y[~asked]), X[asked], WAGES_SLOPES)
    return compared(errors_of(methods, y[asked], "error"))


def cars(seed, n_models, n_shots):
    """A quarter of the models is new; of each ``n_shots`` sales are known, and those from the 21st on are asked for."""
    X, y = used_cars_twin(seed, n_models)
    rng, model = np.random.default_rng(seed), X[:, -1]
    new = np.isin(model, rng.permutation(n_models)[: n_models // 4])
    turn = np.argsort(np.argsort(model + rng.random(len(model)))) - np.searchsorted(model, model)
    known, asked = ~new | (turn < n_shots), new & (turn >= max(SHOTS))
    methods = panel_methods((X[known], y[known]), X[asked], CARS_SLOPES)
    return compared(errors_of(methods, y[asked], "error"))


def compared(methods):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the peers, in their fits
        return side_by_side(methods)


def wages_cells(setting):
    n_people = 60 if setting.quick else 300
    return [
        Cell(f"{n_people} people", f"seed {seed}", lambda seed=seed: wages(seed, n_people))
        for seed in range(setting.seeds)
    ]


def cars_cells(setting):
    n_models = 16 if setting.quick else 40
    return [
        Cell(f"{n} sales known", f"seed {seed}", lambda seed=seed, n=n: cars(seed, n_models, n))
        for n in SHOTS
        for seed in range(setting.seeds)
    ]


METHODS = (
    'skmeta is ``WarmStartRegressor(HistGradientBoostingRegressor(), task=-1)``, "small trees" has 60 of depth 3 inside, '
    '"linear warm" a ``Ridge`` behind a ``StandardScaler``.',
    '"boosting" is the same booster on all rows: as it stands (pooled), moved by what it leaves of a group\'s known rows '
    "(residual), with the id as a category (the 250 most frequent, the others one), or with the mean target of "
    "the id as a column.",
    "GPBoost, MERF, mixedlm and statsmodels are told which slope varies by group; skmeta is not. GPBoost chooses "
    "between trees "
    "of depth 3 and 6 and their number by a fifth of the rows.",
)
WAGES = Section(
    "wages",
    "Mixed effects: wages of people",
    "Some years of a person are known. What is the wage of another year?",
    "Made up, a twin of the panels on which mixed models of wages are shown: people with 1 to 12 years, six columns constant "
    "within a person, the time, levels and slopes of their own (``wages_twin`` in "
    "``benchmarks/_any_collections.py``). A fifth "
    "of the rows, at random, is held out.",
    "Root mean squared error of the logarithm of wages",
    PACKAGES,
    wages_cells,
    notes=METHODS,
)
CARS = Section(
    "cars",
    "Mixed effects: new models of used cars",
    "Five or twenty sales of a new model are known. What is the price of its next ones?",
    "Made up, a twin of lists of used cars: models of ten brands with 25 to 199 sales, whose levels and speeds "
    "of ageing differ by "
    "brand and model (``used_cars_twin`` in ``benchmarks/_any_collections.py``). A quarter of the models is new; "
    "everybody learns from "
    "all sales of the others and the known ones of the new.",
    "Root mean squared error of the logarithm of prices",
    PACKAGES,
    cars_cells,
    notes=METHODS,
)
