"""Few shots: a new task with some known rows, by a learned prior, transfer, shrinkage and boosting with the id."""

import warnings

import numpy as np
import oracle_regression
from _boosted_peers import id_as_category
from _page_sections import Cell, Section, side_by_side
from _peers import Lego, missing
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import WarmStartRegressor
from skmeta.datasets import load_parkinsons
from skmeta.model_selection import OwnModel, PooledModel, ResidualModel

SHOTS = (5, 10, 20)
N_PAST = 100
BOUND = "Bayes with the true prior"


class Few:
    """Past rows, and rows of new tasks in turn: the first ``n`` are known, those from the last of `SHOTS` on
    are asked for."""

    def __init__(self, past, new, turn):
        self.past, self.new, self.turn = past, new, turn
        self.asked = turn >= max(SHOTS)

    def known(self, n):
        return self.new[0][self.turn < n], self.new[1][self.turn < n]

    def table(self, n):
        """Past and known rows together, for models that must see both at once."""
        (X, y), (Z, z) = self.past, self.known(n)
        return np.vstack([X, Z]), np.r_[y, z]

    def query(self):
        return self.new[0][self.asked]

    def errors(self, predict):
        """Root mean squared errors by shots of ``predict(n)``, which answers `query`."""
        y = self.new[1][self.asked]
        return {f"{n} rows": float(np.sqrt(np.mean((predict(n) - y) ** 2))) for n in SHOTS}

    def each_task(self, n, fit):
        """Answers of ``fit(X, y)``, one model a new task."""
        X, y = self.known(n)
        query, found = self.query(), np.empty(self.asked.sum())
        for task in np.unique(query[:, -1]):
            mine, asked = X[:, -1] == task, query[:, -1] == task
            found[asked] = fit(X[mine, :-1], y[mine]).predict(query[asked, :-1])
        return found


def methods_for(few, oracle=None):
    inner = make_pipeline(StandardScaler(), Ridge())

    def warm():
        prior = WarmStartRegressor(inner, task=-1).fit(*few.past).prior_
        return few.errors(lambda n: few.each_task(n, lambda X, y: prior.adapt(inner, X, y)))

    tables = {
        "own models": OwnModel(inner, task=-1),
        "pooled": PooledModel(inner, task=-1),
        "pooled + residual": ResidualModel(inner, task=-1),
    }
    tables |= {} if missing("scikit-lego") else {"scikit-lego": Lego()}
    methods = {"skmeta": warm}
    methods |= {
        name: lambda m=m: few.errors(lambda n: m.fit(*few.table(n)).predict(few.query())) for name, m in tables.items()
    }
    booster = HistGradientBoostingRegressor(random_state=0)
    methods["boosting, id as category"] = lambda: few.errors(
        lambda n: id_as_category(booster, *few.table(n), few.query(), None)
    )
    methods |= {} if missing("adapt") else adapt_methods(few)
    if oracle is not None:
        methods[BOUND] = lambda: few.errors(lambda n: few.each_task(n, lambda X, y: oracle.adapt(Ridge(), X, y)))
    return methods


def adapt_methods(few):
    """ADAPT's ways to use labelled rows of the new task; the source is all past rows, the columns scaled by them."""
    from adapt.feature_based import FA
    from adapt.instance_based import TrAdaBoostR2
    from adapt.parameter_based import RegularTransferLR

    scaler = StandardScaler().fit(few.past[0][:, :-1])
    source, y_source = scaler.transform(few.past[0][:, :-1]), few.past[1]
    pooled = Ridge().fit(source, y_source)

    class Scaled:
        def __init__(self, model):
            self.model = model

        def predict(self, X):
            return np.ravel(self.model.predict(scaler.transform(X)))

    def regular(strength):
        return lambda X, y: Scaled(RegularTransferLR(pooled, lambda_=strength, verbose=0).fit(scaler.transform(X), y))

    def joint(kind, **options):
        def fit(X, y):
            model = kind(Ridge(), verbose=0, random_state=0, **options)
            return Scaled(model.fit(source, y_source, Xt=scaler.transform(X), yt=y))

        return fit

    ways = {f"ADAPT RegularTransferLR, {s:g}": regular(s) for s in (1.0, 10.0)}
    ways |= {"ADAPT FA": joint(FA), "ADAPT TrAdaBoostR2": joint(TrAdaBoostR2)}
    return {name: lambda fit=fit: few.errors(lambda n: few.each_task(n, fit)) for name, fit in ways.items()}


def made_up(seed, n_new):
    past, new, oracle, _ = oracle_regression.draw("factor", N_PAST, seed)
    length = max(SHOTS) + oracle_regression.N_QUERY
    new = new[0][: n_new * length], new[1][: n_new * length]
    return compared(methods_for(Few(past, new, np.tile(np.arange(length), n_new)), oracle))


def patients(seed):
    """The embedded patients, a quarter of them new."""
    X, y = load_parkinsons(return_X_y=True)
    rng, ids = np.random.default_rng(seed), np.unique(X[:, -1])
    new = np.isin(X[:, -1], rng.permutation(ids)[: len(ids) // 4])
    mine = np.flatnonzero(new)[np.lexsort((rng.random(new.sum()), X[new, -1]))]
    starts = np.searchsorted(X[mine, -1], X[mine, -1])
    return compared(methods_for(Few((X[~new], y[~new]), (X[mine], y[mine]), np.arange(len(mine)) - starts)))


def compared(methods):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the peers, in their fits
        return side_by_side(methods)


def cells(setting):
    n_new, seeds = 5 if setting.quick else 50, range(setting.seeds)
    related = [Cell("related lines", f"seed {s}", lambda s=s: made_up(s, n_new)) for s in seeds]
    return related + [Cell("patients", f"seed {s}", lambda s=s: patients(s)) for s in seeds]


FEW_SHOTS = Section(
    "few-shots",
    "Few shots",
    "Five, ten or twenty rows of a new task are known. What are its other rows?",
    f'"related lines" are made up: {N_PAST} past tasks of 20 rows, 20 features, noise one, coefficients whose '
    "covariance has four "
    'strong directions (``draw`` in ``benchmarks/oracle_regression.py``). "patients" are the embedded ones (Parkinson\'s '
    "telemonitoring), a quarter of them new, rows in random order.",
    "Root mean squared error",
    ("scikit-lego", "adapt"),
    cells,
    bounds=(BOUND,),
    notes=(
        "skmeta learns from past rows once and adapts to the known rows of each new task; so do ADAPT's methods. The "
        "others are fitted to past "
        "and known rows together, anew for each number of rows. Seconds are those of all three numbers.",
        "Inside is a ``Ridge`` behind a ``StandardScaler`` everywhere but in boosting.",
        'No model, but a bound: "Bayes with the true prior".',
    ),
)
