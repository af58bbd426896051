"""Do hospitals learn in one round what federated averaging needs a hundred for, and what does privacy cost?

With `--data FOLDER` that holds `heart.csv.gz`: accuracy of a heart disease's diagnosis in four hospitals, the mean over them,
on a third of each one's patients, over random splits. One round: each hospital sends `SufficientStatistics` of labels as
numbers, the prior that is learned from their sum comes back, and each adapts it to its own patients (Ridge, a half as
threshold); or the sums are one ridge regression for all. Beside it logistic regressions, of all patients together, of each
hospital's own, and by federated averaging: each round every hospital goes through its patients by stochastic gradient steps
from the common coefficients, and their mean, weighted by patients, is the next. Then the same round with privacy.

Without it, on made-up sites: what private statistics lose of the error on new sites, by epsilon, rows a site, columns and the
declared bound on the norm of a row, and whether they were said to be unusable; beside it the same sums taken for exact, their
eigenvalues clipped, and learned from without what other sites say of a site's Gram; and sums whose noise measures the constant
as a column at its bounds. Columns are N(0, 1) within three standard
deviations, or where sites differ of scales U(0.5, 1) and means N(0, 0.5^2) of each site's own, targets likewise; coefficients
N(mu, F F' + 0.15^2 I), mu ~ N(0, I), F of rank two with entries N(0, 0.4^2); noise of standard deviation one; delta 1e-5.
"""

import warnings
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
from _common import Table, read_arguments, say
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge

from skmeta import EmpiricalBayes, SufficientStatistics, WarmStartRegressor

WITHOUT = ["slope", "ca", "thal"]  # mostly missing in three hospitals
BOUNDS = {
    "age": (20, 90), "sex": (0, 1), "cp": (1, 4), "trestbps": (80, 200), "chol": (0, 600), "fbs": (0, 1),
    "restecg": (0, 2), "thalach": (60, 210), "exang": (0, 1), "oldpeak": (-3, 7), "y": (0, 1),
}  # fmt: skip
ROUNDS, STEPS, BATCH = (1, 10, 100), (0.05, 0.005), 4
DELTA, WIDTH, SHOTS, N_NEW = 1e-5, 3.0, (0, 5, 20), 60
UNUSABLE, FIRST_SEED = "unusable", 1000
EXPECTED, CONSTANT = (
    f"skmeta._inference.{name}" for name in ("errors_in_sums.expected_grams", "bounded_sums.Box.square_of_constant")
)


# Hospitals --------------------------------------------------------------------------------------------


def read_heart(folder):
    """``(X, y)``: patients without gaps, their hospital in a column, and whether they have a heart disease."""
    frame = pd.read_csv(Path(folder, "heart.csv.gz")).drop(columns=WITHOUT).dropna().reset_index(drop=True)
    return frame.drop(columns="num").astype({"chol": float}), (frame["num"] > 0).to_numpy(float)


def split(hospitals, seed):
    """Two thirds of every hospital's patients."""
    rng, train = np.random.default_rng(seed), np.zeros(len(hospitals), bool)
    for name in np.unique(hospitals):
        own = rng.permutation(np.flatnonzero(hospitals == name))
        train[own[: round(2 * len(own) / 3)]] = True
    return train


def mean_accuracy(says_yes, y, hospitals):
    return np.mean(
        [np.mean(says_yes[hospitals == name] == (y[hospitals == name] > 0)) for name in np.unique(hospitals)]
    )


def one_round(X, y, train, epsilon=None, seed=0):
    """``(by the adapted models, by the prior alone)``: who is said to be ill among the patients held out."""
    if epsilon is None:
        total = SufficientStatistics.from_table(X[train], y[train], "hospital")
    else:
        sites = [train & (X["hospital"] == name).to_numpy() for name in X["hospital"].unique()]
        parts = [SufficientStatistics.from_table(X[site], y[site], "hospital", bounds=BOUNDS) for site in sites]
        total = sum(part.privatise(epsilon, DELTA, random_state=100 * seed + k) for k, part in enumerate(parts))
    prior = EmpiricalBayes().learn_statistics(total)
    adapted = WarmStartRegressor(Ridge(), prior=prior)
    columns, found = X.columns.drop("hospital"), np.zeros(len(y))
    for name in X["hospital"].unique():
        own = (X["hospital"] == name).to_numpy()
        model = adapted.fit(X.loc[own & train, columns], y[own & train])
        found[own] = model.predict(X.loc[own, columns])
    return found[~train] > 0.5, prior.zero_shot(Ridge()).predict(X.loc[~train, columns]) > 0.5


def one_model(X, y, train):
    """Who is said to be ill by one least-squares fit from the hospitals' added sums, on standardised columns."""
    everybody = X[train].assign(hospital="all")
    total = SufficientStatistics.from_table(everybody, y[train], "hospital")
    scatter, cross = total.scatter[0], total.cross[0]
    coef = np.linalg.solve(scatter + np.diag(np.diag(scatter)) / total.n[0], cross)
    return (X.loc[~train, list(total.feature_names)].to_numpy(float) - total.mean[0]) @ coef + total.target_mean[
        0
    ] > 0.5


def standardised(X, train):
    """Columns as logistic regressions get them: such sums are one round, too."""
    Z = X.drop(columns="hospital").to_numpy(float)
    return (Z - Z[train].mean(axis=0)) / Z[train].std(axis=0)


def pooled_and_own(X, y, train):
    """Logistic regressions of all patients, and of each hospital's own."""
    Z, hospitals = standardised(X, train), X["hospital"].to_numpy()
    own = np.zeros(len(y))
    for name in np.unique(hospitals):
        at = hospitals == name
        model = LogisticRegression() if len(np.unique(y[at & train])) > 1 else DummyClassifier()
        own[at] = model.fit(Z[at & train], y[at & train]).predict(Z[at])
    pooled = LogisticRegression().fit(Z[train], y[train]).predict(Z)
    return pooled[~train] > 0, own[~train] > 0


def federated_averaging(X, y, train, seed, step):
    """Who is said to be ill, after each number of `ROUNDS`, by name."""
    rng, hospitals = np.random.default_rng([seed, 1]), X["hospital"].to_numpy()
    Z = np.column_stack([standardised(X, train), np.ones(len(y))])
    sites = [np.flatnonzero(train & (hospitals == name)) for name in np.unique(hospitals)]
    coef, found = np.zeros(Z.shape[1]), {}
    for done in range(1, max(ROUNDS) + 1):
        local = [locally(coef, Z[site], y[site], rng, step) for site in sites]
        coef = np.average(local, axis=0, weights=[len(site) for site in sites])
        if done in ROUNDS:
            found[f"federated averaging, {done} rounds, step {step:g}"] = Z[~train] @ coef > 0
    return found


def locally(coef, Z, y, rng, step):
    """One pass of stochastic gradient steps of the log-loss over a hospital's patients."""
    order = rng.permutation(len(y))
    for start in range(0, len(y), BATCH):
        rows = order[start : start + BATCH]
        error = 1.0 / (1.0 + np.exp(-Z[rows] @ coef)) - y[rows]
        coef = coef - step * Z[rows].T @ error / len(rows)
    return coef


def heart_table(folder, n_splits, epsilons):
    X, y = read_heart(folder)
    hospitals, found, said = X["hospital"].to_numpy(), {}, dict.fromkeys(epsilons, 0)
    for seed in range(n_splits):
        train = split(hospitals, seed)
        answers = dict(zip(("one round, adapted", "one round, prior alone"), one_round(X, y, train), strict=True))
        answers["one round, one model for all"] = one_model(X, y, train)
        answers |= dict(zip(("pooled logistic", "each hospital alone"), pooled_and_own(X, y, train), strict=True))
        for step in STEPS:
            answers |= federated_averaging(X, y, train, seed, step)
        for epsilon in epsilons:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                answers[f"one private round, epsilon {epsilon:g}"] = one_round(X, y, train, epsilon, seed)[0]
            said[epsilon] += any(UNUSABLE in str(each.message) for each in caught)
        for name, says_yes in answers.items():
            found.setdefault(name, []).append(mean_accuracy(says_yes, y[~train], hospitals[~train]))
        say(f"split {seed}")
    table = Table(
        f"Heart disease in four hospitals, {len(y)} patients, {n_splits} splits",
        ["model", "accuracy", "+-", "- pooled", "+-"],
    )
    for name, values in found.items():
        off = np.subtract(values, found["pooled logistic"])
        table.add(name, *mean_and_error(values), *mean_and_error(off))
    table.show(
        "accuracy: mean over the four hospitals; over the splits its mean and standard error, and those of its difference "
        "from pooled",
        f"said to be unusable, of {n_splits} splits: " + ", ".join(f"epsilon {e:g}: {n}" for e, n in said.items()),
    )


def mean_and_error(values):
    values = np.asarray(values)
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


# Made-up sites ----------------------------------------------------------------------------------------


def draw(seed, n_sites, n_rows, n_features, differ=False):
    """``(X, y)`` of the past with the site last, ``(X, y, coef)`` of new sites, and the bounds."""
    rng, p = np.random.default_rng(seed), n_features + 1
    mean, factor = rng.normal(size=p), 0.4 * rng.normal(size=(p, 2))

    def sites(count, rows, differ=False):
        coef = mean + rng.normal(size=(count, 2)) @ factor.T + 0.15 * rng.normal(size=(count, p))
        X = rng.normal(size=(count, rows, n_features))
        if differ:
            X = X * rng.uniform(0.5, 1.0, (count, 1, n_features)) + 0.5 * rng.normal(size=(count, 1, n_features))
        return X, np.einsum("tnd,td->tn", X, coef[:, :-1]) + coef[:, -1:] + rng.normal(size=(count, rows)), coef

    X, y, _ = sites(n_sites, n_rows, differ)
    spread = np.sqrt(1.0 + mean @ mean + np.sum(factor**2) + p * 0.15**2)
    bounds = dict.fromkeys(range(n_features), (-WIDTH, WIDTH)) | {"y": (-WIDTH * spread, WIDTH * spread)}
    table = np.column_stack([X.reshape(-1, n_features), np.repeat(np.arange(n_sites), n_rows)])
    return (table, y.ravel()), sites(N_NEW, max(SHOTS)), bounds


def errors(prior, new):
    """Root mean squared errors on new sites of which `SHOTS` rows are known; exact, since columns are N(0, 1)."""
    found = []
    for n in SHOTS:
        models = [
            prior.adapt(Ridge(), X[:n], y[:n]) if n else prior.zero_shot(Ridge()) for X, y, _ in zip(*new, strict=True)
        ]
        off = [np.r_[model.coef_, model.intercept_] - coef for model, coef in zip(models, new[2], strict=True)]
        found.append(np.sqrt(1.0 + np.mean(np.sum(np.square(off), axis=1))))
    return np.array(found)


def taken_for_exact(private):
    """The same sums, their eigenvalues clipped, as if there were no noise in them."""
    whole = np.concatenate([private.scatter, private.cross[..., None]], axis=2)
    last = np.concatenate([private.cross, private.square[:, None]], axis=1)
    values, vectors = np.linalg.eigh(np.concatenate([whole, last[:, None]], axis=1))
    whole = (vectors * np.maximum(values, 0.0)[:, None]) @ np.swapaxes(vectors, 1, 2)
    parts = {"scatter": whole[:, :-1, :-1], "cross": whole[:, :-1, -1], "square": whole[:, -1, -1]}
    return replace(private, noise_variance=None, **parts)


def losses(seed, n_features, n_sites, n_rows, epsilon, norm, differ):
    """Losses in % by `SHOTS`, and whether sums were said to be unusable.

    The losses are ``(as it is, taken for exact, Grams as measured, constant as one)``; ``norm`` is the bound on the norm of a
    row, in that of a corner of the bounds.
    """
    past, new, bounds = draw(seed, n_sites, n_rows, n_features, differ)
    learner = EmpiricalBayes()
    best = errors(learner.learn_statistics(SufficientStatistics.from_table(*past, task=-1)), new)
    data_norm = None if norm is None else norm * np.sqrt(n_features)
    sums = SufficientStatistics.from_table(*past, task=-1, bounds=bounds, data_norm=data_norm)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        private = sums.privatise(epsilon, DELTA, random_state=seed)
    said = any(UNUSABLE in str(each.message) for each in caught)
    found = [errors(learner.learn_statistics(each), new) for each in (private, taken_for_exact(private))]
    with patch(EXPECTED, lambda gram, variances, lacking: (gram, variances)):
        found.append(errors(learner.learn_statistics(private), new))
    with patch(CONSTANT, 1.0):
        found.append(errors(learner.learn_statistics(sums.privatise(epsilon, DELTA, random_state=seed)), new))
    return 100.0 * (np.array(found) / best - 1.0), said


def privacy_table(cases, seeds):
    shots = [x for n in SHOTS for x in (f"{n} shots", "+-")]
    header = ["columns", "sites", "rows a site", "epsilon", "norm", "sites differ", *shots, "said unusable"]
    table = Table(
        f"Loss in % by privacy, {len(seeds)} seeds",
        [*header, "as exact, 5", "measured, 5", "+-", "constant, 5", "+-"],
        n_names=6,
    )
    for case in cases:
        values, said = zip(*[losses(seed, *case) for seed in seeds], strict=True)
        known, exact, measured, whole = np.swapaxes(values, 0, 1)
        cells = [value for k in range(len(SHOTS)) for value in mean_and_error(known[:, k])]
        more = [float(exact[:, 1].mean()), *mean_and_error(measured[:, 1]), *mean_and_error(whole[:, 1])]
        *numbers, epsilon, norm, differ = case
        names = [*numbers, f"{epsilon:g}", "none" if norm is None else f"{norm:g}", "yes" if differ else "no"]
        table.add(*names, *cells, f"{np.mean(said):.0%}", *more)
    table.show(
        "excess of the error on new sites over that after the same sums without noise, its mean and standard error",
        "norm: data_norm, the bound on the norm of a row, as a share of that of a corner of the bounds; none: no row is shrunk",
        "as exact: noise is not known to the learner, eigenvalues are clipped alone",
        "measured: the noise is known, but other sites say nothing of a site's Gram",
        "constant: as it is, but noise and sensitivity count the constant as one, not as the root of a third",
    )


def main():
    args = read_arguments(__doc__, data="", seeds=0)
    warnings.filterwarnings("ignore", "(bounds: wanted values|privatise: wanted columns|statistics: wanted columns)")
    if args.data:
        heart_table(
            args.data, args.seeds or (5 if args.quick else 100), (10.0,) if args.quick else (3.0, 10.0, 30.0, 100.0)
        )
    else:
        say("without --data there are no hospitals, only made-up sites")
    cases = [(3, 40, n, e, None, False) for n in (50, 200, 500, 2000) for e in (1.0, 3.0, 10.0)]
    cases += [(3, 40, 500, 3.0, 0.5, False), (3, 10, 500, 3.0, 0.5, False), (3, 40, 50, 10.0, 0.5, False)]
    cases += [(5, 40, 500, 3.0, norm, False) for norm in (None, 0.7, 0.5, 0.35, 0.25)]
    cases += [(5, 40, 500, 3.0, norm, True) for norm in (None, 0.5)]
    cases += [(5, 40, 2000, 3.0, None, False), (8, 40, 500, 3.0, 0.5, False), (8, 40, 1000, 3.0, 0.5, False)]
    count = args.seeds or (3 if args.quick else 20)
    privacy_table(cases[17:18] if args.quick else cases, range(FIRST_SEED, FIRST_SEED + count))


if __name__ == "__main__":
    main()
