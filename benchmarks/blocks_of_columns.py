"""What are blocks of columns worth to a prior, and what do wrong blocks cost?

Sixty columns in four blocks of 15 whose coefficients vary by very different amounts, within a block together ("correlated")
or each by itself; 40 past tasks of 30 rows. In "lacking" a past task lacks each block with probability .3. Errors on new
rows of new tasks, computed from the coefficients: the root of the mean square over the collections, and how far it is above
Bayes with the true prior in per cent, with the standard error over collections. "wrong" blocks have their columns dealt out
at random; with "auto" blocks are one candidate among the others.
"""

import numpy as np
from _common import Table, read_arguments
from _structured_views import columns_of, drawn, in_table, law
from sklearn.linear_model import Ridge

from skmeta import EmpiricalBayes, GaussianPrior, WarmStartRegressor

SHOTS, N_PAST, N_ROWS, N_NEW = (2, 5, 10, 20), 40, 30, 50
KINDS = {"correlated": 0.0, "independent": 0.0, "correlated, lacking": 0.3}


def learners(rng):
    """Name to the learner of a prior."""
    right, wrong = columns_of(), columns_of(rng.permutation(sum(map(len, columns_of().values()))))
    shapes = {f"warm, {word}": EmpiricalBayes(word) for word in ("auto", "diagonal", "full")}
    return shapes | {
        "warm, blocks": EmpiricalBayes("blocks", blocks=right),
        "warm, auto with blocks": EmpiricalBayes(blocks=right),
        "warm, wrong blocks": EmpiricalBayes("blocks", blocks=wrong),
        "warm, auto with wrong blocks": EmpiricalBayes(blocks=wrong),
    }


def square(model, coef):
    """Mean square of what is predicted wrong of rows N(0, I), noise of variance one with it."""
    return 1.0 + np.sum((np.append(model.coef_, model.intercept_) - coef) ** 2)


def squares(kind, seed):
    """Name to mean squares ``(shots,)`` on the new tasks of one collection."""
    rng = np.random.default_rng(seed)
    mean, covariance = law(rng, kind.split(",")[0])
    past = in_table(*drawn(rng, mean, covariance, N_PAST, N_ROWS, lacks=KINDS[kind])[:2])
    X, y, coef = drawn(rng, mean, covariance, N_NEW, max(SHOTS))
    priors = {"Bayes": GaussianPrior(mean, covariance, noise=1.0)}
    for name, learner in learners(rng).items():
        priors[name] = WarmStartRegressor(Ridge(), task=-1, learner=learner).fit(*past).prior_
    pooled = Ridge().fit(np.nan_to_num(past[0][:, :-1]), past[1])
    makers = {name: lambda X, y, prior=prior: prior.adapt(Ridge(), X, y) for name, prior in priors.items()}
    makers |= {"own": lambda X, y: Ridge().fit(X, y), "pooled": lambda X, y: pooled}
    return {
        name: [np.mean([square(make(X[t, :n], y[t, :n]), coef[t]) for t in range(N_NEW)]) for n in SHOTS]
        for name, make in makers.items()
    }


def show(table, kind, each):
    """The rows of one truth; ``each`` collection has a dict."""
    bayes = np.sqrt([found["Bayes"] for found in each])
    for name in each[0]:
        found = np.array([one[name] for one in each])
        excess = 100.0 * (np.sqrt(found) / bayes - 1.0)
        error = excess.std(axis=0, ddof=1) / np.sqrt(len(each))
        cells = [
            f"{r:.3f} ({e:+.1f} ± {s:.1f})"
            for r, e, s in zip(np.sqrt(found.mean(0)), excess.mean(0), error, strict=True)
        ]
        table.add(kind, name, *cells)


def main():
    args = read_arguments(__doc__, seeds=0, first=2000)
    n_seeds = args.seeds or (2 if args.quick else 12)
    header = ["truth", "model", *(f"{n} rows (% over Bayes)" for n in SHOTS)]
    table = Table(f"Root mean squared error on new tasks, {n_seeds} collections", header, n_names=2)
    for kind in KINDS:
        show(table, kind, [squares(kind, args.first + seed) for seed in range(n_seeds)])
    table.show("pooled and own are scikit-learn's Ridge; pooled reads a missing block as zeros")


if __name__ == "__main__":
    main()
