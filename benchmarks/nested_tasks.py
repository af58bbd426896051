"""What is it worth to know that stores lie in regions, or that films have a director and a type?

Root mean squared errors on new rows, made-up truths against the true coefficients. "oracle" knows the law (means and
covariances), not the coefficients; "flat" is the same learner that is told nothing of the groups; "own" is scikit-learn's
Ridge on the task's own rows, "pooled" one on all past rows. Ratios are over the oracle's, roots of the means of squares over
all collections, with the standard error over collections. In the mixed models "off" is the largest relative difference of
standard deviations and of fixed effects to the peer's. Seconds are CPU seconds of one fit.
"""

import time
import warnings
from functools import partial
from pathlib import Path

import _peers
import _structured_nested as made
import numpy as np
from _common import Table, read_arguments
from sklearn.linear_model import Ridge

from skmeta import EmpiricalBayes, WarmStartRegressor
from skmeta.tasks import Tasks

SHOTS = (0, 2, 5, 10)


def cpu(call):
    start = time.process_time()
    return call(), time.process_time() - start


def tasks_of(X, y, levels):
    """The tasks of ``X (tasks, n, p)``, the last column being ones, with their ids at every level."""
    n_tasks, n, p = X.shape
    paths = np.empty(n_tasks, dtype=object)
    paths[:] = list(zip(*(values.tolist() for values in levels.values()), strict=True))
    return Tasks(X[..., :-1].reshape(-1, p - 1), y.ravel(), np.repeat(np.arange(n_tasks), n), paths, levels=levels)


def flat(tasks):
    return Tasks(tasks.X, tasks.y, tasks.codes, np.arange(len(tasks)))


def coefficients(adapted, n_tasks):
    models = [adapted.estimator(k) for k in range(n_tasks)]
    return np.array([np.r_[each.coef_, each.intercept_] for each in models])


def ridge(X, y):
    """Of one task's own rows; without any, nothing."""
    if not len(y):
        return np.zeros(X.shape[1])
    found = Ridge().fit(X[:, :-1], y)
    return np.r_[found.coef_, found.intercept_]


# Made-up nested tasks. ---------------------------------------------------------------------------------


def nested_errors(kind, seed, n_new=10):
    """Squared errors of coefficients ``(shots, models)`` of new stores in known regions, and the seconds of learning."""
    rng = np.random.default_rng(seed)
    law = made.nested(rng, kind)
    region = np.repeat(np.arange(12), 12)
    X, y = made.rows(rng, law.mean + law.of_region[region] + made.drawn(rng, law.within, 144), made.N_PAST)
    past = tasks_of(X, y, {"region": region, "store": np.arange(144)})
    prior, seconds = cpu(lambda: EmpiricalBayes().learn(Ridge(), past))
    plain = EmpiricalBayes().learn(Ridge(), flat(past))
    pooled = ridge(X.reshape(-1, made.P), y.ravel())
    known = made.known_regions(law, region, X, y)
    at = np.repeat(np.arange(12), n_new)
    coef = law.mean + law.of_region[at] + made.drawn(rng, law.within, len(at))
    errors = []
    for n in SHOTS:
        X, y = made.rows(rng, coef, n)
        new = tasks_of(X, y, {"region": at, "store": 1000 + np.arange(len(at))})
        nowhere = tasks_of(X, y, {"region": np.full(len(at), 99), "store": np.arange(len(at))})
        found = [
            np.array([made.posterior(*known[r], X[i], y[i])[0] for i, r in enumerate(at)]),
            coefficients(prior.adapt_tasks(Ridge(), new), len(at)),
            in_no_region(prior, nowhere),
            coefficients(plain.adapt_tasks(Ridge(), flat(new)), len(at)),
            np.array([ridge(*own) for own in zip(X, y, strict=True)]),
            np.tile(pooled, (len(at), 1)),
        ]
        errors.append([np.mean(np.sum((each - coef) ** 2, axis=1)) for each in found])
    return np.array(errors), seconds


def in_no_region(prior, tasks):
    """Coefficients of tasks whose region was never seen, as is meant."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "task: region=99 was in no task")
        return coefficients(prior.adapt_tasks(Ridge(), tasks), len(tasks))


def ratio(squares, of, over):
    """Ratio of roots of ``1 + mean`` over collections, and its standard error."""
    return ratio_of_means(1.0 + squares[:, of], 1.0 + squares[:, over])


def made_up(n_seeds, first):
    models = ["nested", "unknown region", "flat", "own", "pooled"]
    header = ["truth", "rows", "oracle", *(f"{name} / oracle" for name in models), "nested / flat", "seconds"]
    table = Table("Stores in regions: new stores", header, 2)
    for kind in ("both", "no regions", "only regions"):
        found, seconds = zip(*(nested_errors(kind, first + seed) for seed in range(n_seeds)), strict=True)
        squares = np.stack(found)
        for i, n in enumerate(SHOTS):
            own = squares[:, i]
            cells = [ratio(own, k + 1, 0) for k in range(len(models))]
            table.add(
                kind, n, float(np.sqrt(1.0 + own[:, 0].mean())), *cells, ratio(own, 1, 3), float(np.mean(seconds))
            )
    table.show(
        "wanted: nested / oracle at most 1.03 where there are regions, nested / flat at most 1.005 where there are none"
    )


# Made-up crossed groups. -------------------------------------------------------------------------------


def crossed_errors(seed, share=0.4):
    """Squared errors of the coefficients of pairs that never met, and the seconds of learning."""
    rng = np.random.default_rng(seed)
    law = made.crossed(rng)
    n_left, n_right, _ = law.pairs.shape
    met = rng.random((n_left, n_right)) < share
    met[np.arange(n_left), np.arange(n_left) % n_right] = True  # everybody met somebody
    left, right = np.nonzero(met)
    X, y = made.rows(rng, law.pairs[left, right], made.N_PAST)
    past = tasks_of(X, y, {"director": left, "type": right})
    prior, seconds = cpu(lambda: EmpiricalBayes(crossed=True).learn(Ridge(), past))
    nested = EmpiricalBayes().learn(Ridge(), past)
    plain = EmpiricalBayes().learn(Ridge(), flat(past))
    asked = np.argwhere(~met)
    places = [{"director": int(i), "type": int(j)} for i, j in asked]
    found = [
        made.known_pairs(law, left, right, X, y, asked),
        np.array([prior.given(**place).components[0].mean for place in places]),
        np.array([nested.given(director=place["director"]).components[0].mean for place in places]),
        np.tile(plain.components[0].mean, (len(asked), 1)),
        np.tile(ridge(X.reshape(-1, made.P), y.ravel()), (len(asked), 1)),
    ]
    coef = law.pairs[asked[:, 0], asked[:, 1]]
    return np.array([np.mean(np.sum((each - coef) ** 2, axis=1)) for each in found]), seconds


def crossed(n_seeds, first):
    models = ["crossed", "nested in directors", "flat", "pooled"]
    table = Table("Directors and types: pairs that never met", ["rows", "oracle", *models, "seconds"], 0)
    found, seconds = zip(*(crossed_errors(first + seed) for seed in range(n_seeds)), strict=True)
    squares = np.stack(found)
    cells = [ratio(squares, k + 1, 0) for k in range(len(models))]
    table.add(0, float(np.sqrt(1.0 + squares[:, 0].mean())), *cells, float(np.mean(seconds)))
    table.show("ratios over the oracle")


# Used cars. ---------------------------------------------------------------------------------------------


CARS = {
    "all but the engine's size": ["year", "mileage", "tax", "mpg", "transmission", "fuelType"],
    "year, mileage, engine's size": ["year", "mileage", "engineSize"],
    "year, mileage": ["year", "mileage"],
    "year, mileage, transmission": ["year", "mileage", "transmission"],
    "year, mileage, tax, miles a gallon": ["year", "mileage", "tax", "mpg"],
    "all": ["year", "mileage", "engineSize", "tax", "mpg", "transmission", "fuelType"],
}
FEW_CARS = list(CARS)[:2]  # columns of the quick run


def cars(folder, columns):
    """Logarithms of prices by some columns, categories as zeros and ones."""
    import pandas as pd

    frame = pd.read_csv(Path(folder) / "used_cars.csv.gz").query("price > 0").reset_index(drop=True)
    features = pd.get_dummies(frame[columns], drop_first=True, dtype=float).astype(float)
    features["brand"], features["model"] = frame["brand"], frame["model"].str.strip()
    return features, np.log(frame["price"].to_numpy(float))


def car_errors(X, y, seed, shots, n_folds=5, n_rows=60):
    """Squared errors ``(models held out, shots, models)``, each the mean over a model's other rows."""
    rng, out = np.random.default_rng(seed), []
    name = (X["brand"] + "/" + X["model"]).to_numpy()
    names, counts = np.unique(name, return_counts=True)
    names = rng.permutation(names[counts > max(shots)])
    columns = [c for c in X.columns if c not in ("brand", "model")]
    for fold in range(n_folds):
        held = names[fold::n_folds]
        past = ~np.isin(name, held)
        past = np.flatnonzero(past)[np.argsort(rng.random(past.sum()))]
        past = past[first_of_each(name[past], n_rows * 10)]
        nested = WarmStartRegressor(Ridge(), task=["brand", "model"]).fit(X.iloc[past], y[past])
        plain = WarmStartRegressor(Ridge(), task="name").fit(X.iloc[past][columns].assign(name=name[past]), y[past])
        pooled = Ridge().fit(X.iloc[past][columns], y[past])
        for own in held:
            rows = rng.permutation(np.flatnonzero(name == own))[: max(shots) + 200]
            brand, table = X["brand"].iloc[rows[0]], X.iloc[rows][columns]
            test = table.iloc[max(shots) :], y[rows[max(shots) :]]
            errors = []
            for n in shots:
                some, target = table.iloc[:n], y[rows[:n]]
                found = [
                    prior_of(m.prior_, place, n, some, target) for m, place in ((nested, {"brand": brand}), (plain, {}))
                ]
                found.append(Ridge().fit(some, target) if n else None)
                predicted = [None if each is None else each.predict(test[0]) for each in [*found, pooled]]
                errors.append([np.nan if each is None else np.mean((test[1] - each) ** 2) for each in predicted])
            out.append(errors)
    return np.array(out)


def first_of_each(names, n):
    """Positions of the first ``n`` rows of each name."""
    order = np.argsort(names, kind="stable")
    starts = np.r_[0, np.flatnonzero(np.diff(np.unique(names, return_inverse=True)[1][order])) + 1]
    rank = np.arange(len(names)) - np.repeat(starts, np.diff(np.r_[starts, len(names)]))
    return np.sort(order[rank < n])


def prior_of(prior, place, n, X, y):
    """The plain estimator that a prior makes of ``n`` rows in a place."""
    known = prior.given(**place) if place else prior
    return known.adapt(Ridge(), X, y) if n else known.zero_shot(Ridge())


def used_cars(folder, quick, seeds):
    shots = (0, 1, 2, 5, 10, 20)
    header = ["columns", "rows", "brand > model", "flat", "nested / flat", "own", "pooled"]
    table = Table("Used cars: models held out, their brand known", header, 1)
    for name in FEW_CARS if quick else CARS:
        X, y = cars(folder, CARS[name])
        found = np.concatenate([car_errors(X, y, seed, shots) for seed in range(1 if quick else seeds)])
        for i, n in enumerate(shots):
            root = [f"{each:.4f}" for each in np.sqrt(found[:, i].mean(axis=0))]
            root[2] = root[2] if n else ""
            table.add(name, n, *root[:2], ratio_of_means(found[:, i, 0], found[:, i, 1]), *root[2:])
    table.show(
        "root mean squared error of log(price), models weighing alike; standard errors over models",
        "wanted of all but the engine's size, at 0 rows: at most .268 where flat has .320; never worse from 2 rows on",
    )


def ratio_of_means(squares, others):
    """Ratio of root mean squares, and its standard error (by the delta method)."""
    value = np.sqrt(squares.mean() / others.mean())
    each = squares / squares.mean() - others / others.mean()
    return f"{value:.3f} ± {0.5 * value * each.std(ddof=1) / np.sqrt(len(each)):.3f}"


# Mixed models. ------------------------------------------------------------------------------------------


def twins():
    """Tables that books print, or made-up ones like them: columns, targets, ids by name, and lme4's random part."""
    rng = np.random.default_rng(0)
    lot, wafer = np.repeat(np.arange(8), 9), np.repeat(np.arange(24), 3)
    oxide = 2000.0 + 11.0 * rng.normal(size=8)[lot] + 6.0 * rng.normal(size=24)[wafer] + 3.5 * rng.normal(size=72)
    source = (lot % 2).astype(float)
    child, year = np.repeat(np.arange(340), 5), np.tile(np.arange(5) - 2.0, 340)
    school = child % 20
    slopes = [sd * rng.normal(size=(n, 2)) for sd, n in ((np.array([0.4, 0.15]), 20), (np.array([0.8, 0.1]), 340))]
    w = np.array([-0.8, 0.75]) + slopes[0][school] + slopes[1][child]
    marks = w[:, 0] + w[:, 1] * year + 0.55 * rng.normal(size=len(child))
    yield "like Oxide", {"source": source}, oxide, {"lot": lot, "wafer": wafer}, "intercept", False
    yield "like egsingle", {"year": year}, marks, {"school": school, "child": child}, "all", False


def tables(folder, quick):
    import mixedlm
    import pandas as pd

    frame = mixedlm.load_penicillin()
    ids = {"plate": frame["plate"].to_numpy(), "sample": frame["sample"].to_numpy()}
    yield "Penicillin", {}, frame["diameter"].to_numpy(float), ids, "intercept", True
    frame = mixedlm.load_pastes()
    ids = {"batch": frame["batch"].to_numpy(), "sample": frame["sample"].to_numpy()}
    yield "Pastes", {}, frame["strength"].to_numpy(float), ids, "intercept", False
    yield "Pastes, crossed", {}, frame["strength"].to_numpy(float), ids, "intercept", True
    yield from twins()
    if Path(folder, "chem97.csv.gz").exists() and folder:
        frame = pd.read_csv(Path(folder) / "chem97.csv.gz")
        school = (frame["lea"].astype(str) + ":" + frame["school"].astype(str)).to_numpy()
        columns, ids = {"gcsecnt": frame["gcsecnt"].to_numpy(float)}, {"lea": frame["lea"].to_numpy(), "school": school}
        for varying in ("intercept", "all"):
            yield f"Chem97, {varying}", columns, frame["score"].to_numpy(float), ids, varying, False
    if not quick:
        frame = mixedlm.load_insteval()
        for names in (["s", "d"], ["s", "d", "dept"]):
            ids = {name: frame[name].to_numpy() for name in names}
            yield f"InstEval, {len(names)}", {}, frame["y"].to_numpy(float), ids, "intercept", True


def ours(columns, y, ids, varying, crossed):
    """REML criterion, fixed effects (the intercept last), standard deviations by group, and the noise's."""
    n_tasks, code = len(y), None
    keys = [np.unique(np.asarray(values), return_inverse=True)[1] for values in ids.values()]
    _, first, code = np.unique(np.column_stack(keys), axis=0, return_index=True, return_inverse=True)
    levels = {name: np.asarray(values)[first] for name, values in ids.items()}
    X = np.column_stack(list(columns.values())) if columns else np.zeros((n_tasks, 1))
    paths = np.empty(len(first), dtype=object)
    paths[:] = list(zip(*(values.tolist() for values in levels.values()), strict=True))
    learner = EmpiricalBayes("full", varying=varying, noise="shared", pseudo_tasks=0, crossed=crossed)
    prior = learner.learn(Ridge(), Tasks(X, y, code.ravel(), paths, levels=levels)).learned
    last = slice(0 if columns else 1, None)
    sds = {name: np.sqrt(np.diag(c))[last] for name, c in prior.covariances.items()}
    return -2.0 * learner.evidence_, prior.mean[last], sds, np.sqrt(prior.noise)


def peers(columns, y, ids, varying):
    """The same by mixedlm."""
    import pandas as pd
    from mixedlm import lmer

    frame = pd.DataFrame({**columns, "y": y, **{n: pd.Series(v).astype(str) for n, v in ids.items()}})
    fixed = " + ".join(["1", *columns])
    random = " + ".join(f"({fixed if varying == 'all' else 1} | {name})" for name in ids)
    with _peers.quiet():
        found = lmer(f"y ~ {fixed} + {random}", frame)
    turn = np.roll(np.arange(len(columns) + 1), -1)
    mean, parts = np.array(list(found.fixef().values()))[turn], found.VarCorr().groups
    sds = {name: np.sqrt(np.diag(np.atleast_2d(parts[name].cov))) for name in ids}
    return float(found.deviance), mean, {n: s[turn] if len(s) > 1 else s for n, s in sds.items()}, float(found.sigma)


def off(found, peer):
    """The largest relative difference of what varies, and of fixed effects in units of the largest."""
    parts = [np.abs(found[1] - peer[1]) / np.abs(peer[1]).max(), np.abs(found[3] / peer[3] - 1.0)]
    for name, sd in peer[2].items():
        varies = found[2][name][-len(sd) :] if len(sd) == 1 else found[2][name]
        parts.append(np.abs(varies / sd - 1.0))
    return max(np.max(part) for part in parts)


def mixed_models(folder, quick):
    table = Table("Mixed models by REML", ["table", "criterion", "mixedlm's", "off", "sds", "seconds", "mixedlm's"], 1)
    for name, columns, y, ids, varying, is_crossed in tables(folder, quick):
        found, seconds = cpu(lambda args=(columns, y, ids, varying, is_crossed): ours(*args))
        theirs, slow = cpu(lambda args=(columns, y, ids, varying): peers(*args))
        sds = ", ".join(f"{n} {s[-1]:.4f}" for n, s in found[2].items()) + f", residual {found[3]:.4f}"
        cells = f"{found[0]:.4f}", f"{theirs[0]:.4f}", f"{off(found, theirs):.0e}", sds, f"{seconds:.2f}", f"{slow:.2f}"
        table.add(name, *cells)
    published = "published by lme4: Penicillin 330.8606 (.8467, 1.9316, .5499), Pastes 246.9907"
    table.show(published, "seconds are those of all that is learned, weights of the mixture too")


def main():
    args = read_arguments(__doc__, seeds=20, first=1000, data="", part="made,crossed,cars,models")
    n_seeds = 2 if args.quick else args.seeds
    parts = {
        "made": partial(made_up, n_seeds, args.first),
        "crossed": partial(crossed, n_seeds, args.first),
        "cars": partial(used_cars, args.data, args.quick, min(args.seeds, 3)),
        "models": partial(mixed_models, args.data, args.quick),
    }
    if _peers.missing("mixedlm"):
        parts["models"] = lambda: print(*_peers.not_installed("mixedlm"), sep="\n")
    if not args.data or not Path(args.data, "used_cars.csv.gz").exists():
        parts["cars"] = lambda: print("not shown: used cars (used_cars.csv.gz is not in --data)")
    for part in args.part.split(","):
        parts[part]()


if __name__ == "__main__":
    main()
