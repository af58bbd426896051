"""Are reviews of a new product judged by five of each class at least as well as by one model of all past products?

Made-up twins of sentiment by product: counts of words, of which some tell praise from blame in all products and others only in
some; sparse, more words than rows of any product, as ``make_pipeline(TfidfTransformer(), LogisticRegression())``. Classes of
past products are as frequent as they are; of each of twelve new ones five rows of each class are known. Accuracy and log-loss
at their other rows, means over all new products of all seeds with standard errors over the seeds, and how much more accurate
than one pooled model. "naive" is a slope and an intercept for the pooled model's score, fitted to the ten rows.
"""

import numpy as np
from _common import Table, read_arguments, say
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skmeta import SharedModel, WarmStartClassifier

# How strong words of a product's own are beside those of all, and the share of labels that are wrong.
SETTINGS = {"alike": (0.0, 0.0), "own words": (0.5, 0.0), "many own words": (1.0, 0.0), "wrong labels": (0.5, 0.25)}
N_PAST, N_NEW, N_ROWS, N_QUERY, N_EACH, LENGTH = 11, 12, 150, 200, 5, 30
N_POLAR, N_OTHER = 150, 800


def draw(seed, own, wrong):
    """Products as ``(X, y)``, past ones first."""
    rng = np.random.default_rng(seed)
    polar = np.r_[0.45 * rng.normal(size=N_POLAR), np.zeros(N_OTHER)]
    products = []
    for product in range(N_PAST + N_NEW):
        n = N_ROWS if product < N_PAST else N_QUERY + 2 * N_EACH
        rate = rng.beta(3, 2)  # more praise than blame, in some products far more
        y = rng.permutation(n) < rate * n
        words = np.log(np.r_[rng.gamma(1.0, 1.0, N_POLAR) + 0.05, rng.gamma(0.3, 1.0, N_OTHER) + 0.001])
        tells = polar.copy()
        tells[rng.choice(N_POLAR + N_OTHER, 60, replace=False)] += own * rng.normal(size=60)
        means = np.where(rng.uniform(size=n) < wrong, ~y, y)
        P = np.exp(words + np.where(means[:, None], tells, -tells))
        X = rng.multinomial(LENGTH, P / P.sum(axis=1, keepdims=True))
        products.append((sparse.csr_array(X.astype(float)), np.where(y, "praise", "blame")))
    return products[:N_PAST], products[N_PAST:]


def model():
    return make_pipeline(TfidfTransformer(sublinear_tf=True), LogisticRegression())


def judged(P, y):
    """Accuracy and log-loss, of probabilities of praise."""
    praise = y == "praise"
    return ((P > 0.5) == praise).mean(), -np.log(np.maximum(np.where(praise, P, 1.0 - P), 1e-15)).mean()


def table_of(products):
    """Rows, labels, and rows with the product in a column."""
    X, y = sparse.vstack([X for X, _ in products]), np.concatenate([y for _, y in products])
    return X, y, sparse.csr_array(sparse.hstack([X, np.repeat(np.arange(len(products)), N_ROWS)[:, None]]))


def shots_of(y):
    """Which rows are known: of each class the first ones."""
    return np.concatenate([np.flatnonzero(y == label)[:N_EACH] for label in ("blame", "praise")])


def ways_of(past):
    """What judges a new product's rows from its shots, by name."""
    X, y, table = table_of(past)
    pooled = model().fit(X, y)

    def naive(A, b, Z):
        fitted = LogisticRegression(C=np.inf).fit(pooled.decision_function(A)[:, None], b)
        return fitted.predict_proba(pooled.decision_function(Z)[:, None])[:, 1]

    def adapted(class_prior, **options):
        warm = WarmStartClassifier(model(), task=-1, class_prior=class_prior, **options).fit(table, y)
        return lambda A, b, Z: warm.adapt(A, b).predict_proba(Z)[:, 1]

    return {
        "pooled": lambda A, b, Z: pooled.predict_proba(Z)[:, 1],
        "own": lambda A, b, Z: model().fit(A, b).predict_proba(Z)[:, 1],
        "naive": naive,
        "warm, rows": adapted("rows"),
        "warm, past": adapted("past"),
        "warm, past, shared model": adapted("past", learner=SharedModel(None)),
    }


def one_seed(seed, setting):
    """Accuracy and log-loss by way."""
    past, new = draw(seed, *SETTINGS[setting])
    ways = ways_of(past)
    found = {name: [] for name in ways}
    for X, y in new:
        shots = shots_of(y)
        rest = np.setdiff1d(np.arange(len(y)), shots)
        for name, way in ways.items():
            found[name].append(judged(way(X[shots], y[shots], X[rest]), y[rest]))
    say(f"{setting} {seed}")
    return {name: np.mean(each, axis=0) for name, each in found.items()}


def mean_and_error(values):
    return f"{values.mean():.3f} ± {values.std(ddof=1) / np.sqrt(len(values)):.3f}"


def main():
    arguments = read_arguments(__doc__, seeds=5, first=1000, only="")
    seeds = range(arguments.first, arguments.first + (2 if arguments.quick else arguments.seeds))
    table = Table("Reviews of new products", ["products", "way", "accuracy", "over pooled", "log-loss"], n_names=2)
    for setting in [arguments.only] if arguments.only else SETTINGS:
        found = [one_seed(seed, setting) for seed in seeds]
        for name in found[0]:
            accuracy, loss = np.array([each[name] for each in found]).T
            pooled = np.array([each["pooled"][0] for each in found])
            table.add(setting, name, mean_and_error(accuracy), mean_and_error(accuracy - pooled), mean_and_error(loss))
    table.show(
        f"{N_PAST} past products of {N_ROWS} rows, {len(seeds)} seeds of {N_NEW} new products of {2 * N_EACH} rows"
    )


if __name__ == "__main__":
    main()
