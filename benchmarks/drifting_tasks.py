"""One model a day: what is a forecast by a learned drift worth, where days drift and where they do not?

Learned on 160 days of ten rows and seven coefficients; the next 40 days are forecast with 0, 2, 5 and 10 of their rows, and
after each day one filter step learns on. Root mean squared errors over collections: that of one who knows the law ("oracle"),
and of the others the excess over it in per cent, with the standard error of the ratio's mean over collections: the state space,
its learned component alone, as if no day could be unlike the others, the same with gaps in time ignored, exchangeable days (all
counting alike, or by half-lives of 10 and 40 days), one pooled model of the last 40 days, and a model of the day's rows alone.
Two more lines compare on the same collections: what it costs to ignore gaps, and what it costs to believe that a day may be
unlike the others. Seconds are those to learn from 160 days. A second table tells of how many collections of few days drift is
believed, by days and coefficients, where it is there and where it is not.

With --data FOLDER also home runs (baseball.csv.gz): half of the players learn, the other half is scored season after season,
from the second on, as their seasons come in; seasons of 100 at bats and more, players of three seasons and more. The error
is that of sqrt((hr + .375) / (ab + .75)), weighted by ab. "with an era" knows what a year was like for all: a state space of
one model a year tells the level of each from the players that learn, of the year that is scored too, and players are what
deviates from it. "with a curve" adds a cubic spline of the year to the columns instead, whose slopes all players share
(varying="intercept").
"""

from pathlib import Path

import numpy as np
from _common import Table, clocked, read_arguments, say
from _structured_drift import N_PAST, N_ROWS, TRUTHS, P, draw, oracle
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from skmeta import EmpiricalBayes, StateSpace, WarmStartRegressor

SHOTS, HALF_LIVES, POOLED = (0, 2, 5, 10), (10.0, 40.0), 40
ALONE, IGNORED = "learned component alone", "gaps ignored"
FEW_DAYS, FEW_AND_MANY = (10, 20, 40), (3, 10)
PAIRS = {IGNORED: "state space", "state space": ALONE}


def table_of(days, some, time):
    """Rows of some days with the time last, and their targets."""
    X = days.X[some, :, :-1].reshape(len(some) * N_ROWS, -1)
    return np.column_stack([X, np.repeat(time[some], N_ROWS)]), days.y[some].ravel()


def coefficients(model):
    """Of a fitted linear model, the intercept last."""
    return np.r_[model.coef_, model.intercept_]


def adapted(priors, days):
    """Coefficients of the new days after some of their rows, ``{n: (P,)}`` each, by a prior each."""
    new = zip(priors, days.X[N_PAST:, :, :-1], days.y[N_PAST:], strict=True)
    return [{n: coefficients(prior.adapt(Ridge(), X[:n], y[:n])) for n in SHOTS} for prior, X, y in new]


def by_filter(days, time):
    """Priors of the new days by a state space, which learns on day after day; and the seconds of its first fit."""

    def learn(some, prior=None):
        model = WarmStartRegressor(Ridge(), task=-1, prior=prior, learner=StateSpace())
        return model.fit(*table_of(days, some, time)).prior_

    prior, seconds = clocked(lambda: learn(np.arange(N_PAST)))
    found = []
    for t in range(N_PAST, len(time)):
        drifts = bool(prior.context_names)
        found.append(prior.given(**{f"x{P - 1}": time[t]}) if drifts else prior)
        prior = learn(np.arange(t, t + 1), prior) if drifts else prior
    return found, seconds


def exchangeable(days, time, half_life=None):
    """Forecasts by a prior of days that have no order; and the seconds to learn it."""
    learner = EmpiricalBayes(half_life=half_life)
    model = WarmStartRegressor(Ridge(), task=-1, learner=learner)
    prior, seconds = clocked(lambda: model.fit(*table_of(days, np.arange(N_PAST), time)).prior_)
    return adapted([prior] * (len(time) - N_PAST), days), seconds


def pooled(days, time):
    """Forecasts by one model of the last days, a day's known rows among them."""
    found = []
    for t in range(N_PAST, len(time)):
        X, y = (part[t - POOLED : t].reshape(-1, *part.shape[2:]) for part in (days.X, days.y))
        each = {n: Ridge().fit(np.vstack([X, days.X[t, :n]])[:, :-1], np.r_[y, days.y[t, :n]]) for n in SHOTS}
        found.append({n: coefficients(model) for n, model in each.items()})
    return found, np.nan


def own(days, time):
    """Forecasts by a day's rows alone, of no rows by zero."""
    found = []
    for t in range(N_PAST, len(time)):
        each = {n: Ridge().fit(days.X[t, :n, :-1], days.y[t, :n]) for n in SHOTS if n}
        found.append({0: np.zeros(P)} | {n: coefficients(model) for n, model in each.items()})
    return found, np.nan


def methods(truth, days):
    """Name, forecasts and seconds of each method."""
    priors, seconds = by_filter(days, days.time)
    yield "state space", adapted(priors, days), seconds
    yield ALONE, adapted([prior.components[0] for prior in priors], days), np.nan
    if truth.gaps:
        priors, seconds = by_filter(days, np.arange(float(len(days.time))))
        yield IGNORED, adapted(priors, days), seconds
    yield "exchangeable", *exchangeable(days, days.time)
    for h in HALF_LIVES:
        yield f"half-life {h:.0f}", *exchangeable(days, days.time, h)
    yield f"pooled, {POOLED} days", *pooled(days, days.time)
    yield "own", *own(days, days.time)


def squares(forecasts, days):
    """Mean squared errors of predictions ``(n_shots,)``."""
    W = days.W[N_PAST:]
    return np.array(
        [1.0 + np.mean([np.sum((each[n] - w) ** 2) for each, w in zip(forecasts, W, strict=True)]) for n in SHOTS]
    )


def excess(each, base):
    """Cells: by how many per cent errors are above those of a ``base``, from mean squares ``(n_collections, n_shots)``."""
    total, ratios = np.sqrt(np.mean(each, axis=0) / np.mean(base, axis=0)), np.sqrt(np.divide(each, base))
    error = ratios.std(axis=0, ddof=1) / np.sqrt(len(ratios))
    return [f"{100 * (r - 1):+.2f} ± {100 * e:.2f}" for r, e in zip(total, error, strict=True)]


def compare(name, truth, seeds, table):
    """Lines of one truth."""
    best, errors, seconds = [], {}, {}
    for seed in seeds:
        say(f"{name}, {seed}")
        days = draw(truth, seed)
        known = oracle(truth, days, SHOTS)
        best.append(squares([dict(zip(SHOTS, each, strict=True)) for each in zip(*known.values(), strict=True)], days))
        for method, found, spent in methods(truth, days):
            errors.setdefault(method, []).append(squares(found, days))
            seconds.setdefault(method, []).append(spent)
    table.add(name, "oracle", *(f"{e:.4f}" for e in np.sqrt(np.mean(best, axis=0))), "")
    for method, each in errors.items():
        spent = np.mean(seconds[method])
        table.add(name, method, *excess(each, best), "" if np.isnan(spent) else f"{spent:.1f}")
    for method, base in PAIRS.items():
        if method in errors:
            table.add(name, f"{method}, over {base}", *excess(errors[method], errors[base]), "")


def believed(seeds, quick, table):
    """Lines of how often drift is believed of few days."""
    for name in ("exchangeable", "constant", "random walk", "AR(1) .9"):
        for p in FEW_AND_MANY[: 1 if quick else None]:
            say(f"{name}, {p} coefficients")
            drawn, counts = [draw(TRUTHS[name], seed, p) for seed in seeds], []
            for n_days in FEW_DAYS:
                fits = (table_of(days, np.arange(n_days), days.time) for days in drawn)
                priors = [WarmStartRegressor(Ridge(), task=-1, learner=StateSpace()).fit(*own).prior_ for own in fits]
                counts.append(f"{sum(bool(prior.context_names) for prior in priors)} of {len(priors)}")
            table.add(name, f"{p}", *counts)


# Home runs ------------------------------------------------------------------------------------------


def seasons(path):
    """A row a season, with the square root of its rate of home runs and its number in the player's career."""
    from pandas import read_csv

    frame = read_csv(path).query("ab >= 100").sort_values(["player", "year"])
    frame = frame[frame.groupby("player")["year"].transform("size") >= 3]
    rate = np.sqrt((frame["hr"] + 0.375) / (frame["ab"] + 0.75))
    return frame.assign(rate=rate, era=frame["year"], season=frame.groupby("player").cumcount())


def running_mean(known, new):
    """The mean of a player's earlier seasons by at bats."""
    sums = known.assign(total=known["rate"] * known["ab"]).groupby("player")[["total", "ab"]].sum()
    return (sums["total"] / sums["ab"]).loc[new["player"]].to_numpy()


def no_level(frame):
    """Of every season: nothing."""
    return np.zeros(len(frame))


def era(learning):
    """A function that says what the years of seasons were like, by one model a year."""
    model = WarmStartRegressor(Ridge(), task="year", learner=StateSpace())
    model.fit(learning[["year"]], learning["rate"], sample_weight=learning["ab"])
    return lambda frame: model.predict(frame[["year"]])


def by_model(estimator, learner, columns, learning, level=no_level):
    """A function that predicts the next seasons of players from their earlier ones, by a prior of other players'.

    ``level`` says what seasons were like for all players.
    """

    def fitted(frame, prior=None):
        model = WarmStartRegressor(estimator, task=["player", "year"], learner=learner, prior=prior)
        return model.fit(frame[columns], frame["rate"] - level(frame), sample_weight=frame["ab"])

    prior = fitted(learning).prior_
    say(repr(prior))
    return lambda known, new: fitted(known, prior).predict(new[columns]) + level(new)


def home_runs(path, n_splits, last, table):
    """Lines of the home runs."""
    frame, errors = seasons(path), {}
    ids = np.sort(frame["player"].unique())
    curve = make_pipeline(SplineTransformer(n_knots=8), Ridge())
    for split in range(n_splits):
        learns = np.random.default_rng(split).permutation(ids)[: len(ids) // 2]
        learning, scored = frame[frame["player"].isin(learns)], frame[~frame["player"].isin(learns)]
        plain, with_curve = ["player", "year"], ["player", "year", "era"]
        found = {
            "state space": by_model(Ridge(), StateSpace(), plain, learning),
            "state space with an era": by_model(Ridge(), StateSpace(), plain, learning, era(learning)),
            "state space with a curve": by_model(curve, StateSpace(varying="intercept"), with_curve, learning),
            "static (player > season)": by_model(Ridge(), EmpiricalBayes(), plain, learning),
            "running mean": running_mean,
        }
        total = dict.fromkeys(found, 0.0)
        weight = 0.0
        for season in range(1, min(last, int(scored["season"].max())) + 1):
            new = scored[scored["season"] == season]
            known = scored[(scored["season"] < season) & scored["player"].isin(new["player"])]
            weight += new["ab"].sum()
            for name, predict in found.items():
                total[name] += float(new["ab"] @ (predict(known, new) - new["rate"]) ** 2)
        for name, each in total.items():
            errors.setdefault(name, []).append(np.sqrt(each / weight))
    for name, each in errors.items():
        table.add(name, f"{np.mean(each):.5f}", " ".join(f"{e:.5f}" for e in each))


def main():
    args = read_arguments(__doc__, seeds=20, first=20_000, data="", only="")
    seeds = range(args.first, args.first + (2 if args.quick else args.seeds))
    table = Table("Forecasts of drifting tasks", ["truth", "method", *(f"{n} rows" for n in SHOTS), "seconds"], 2)
    for name, truth in TRUTHS.items():
        if args.only in name and not (args.quick and name in ("constant", "AR(1) .9, gaps")):
            compare(name, truth, seeds, table)
    if len(table.rows) > 1:
        table.show("oracle: root mean squared error; others: its excess over the oracle's in per cent.")
    if args.only in "few days":
        table = Table("How often drift is believed", ["truth", "coefficients", *(f"{n} days" for n in FEW_DAYS)], 2)
        believed(seeds, args.quick, table)
        table.show()
    path = Path(args.data) / "baseball.csv.gz"
    if args.data and path.exists() and args.only in "home runs":
        table = Table("Next season's home runs", ["model", "error", "by split"])
        home_runs(path, 1 if args.quick else min(args.seeds, 3), 5 if args.quick else 99, table)
        table.show()
    elif args.data and not path.exists():
        say(f"not there: {path}")


if __name__ == "__main__":
    main()
