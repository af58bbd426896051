"""How well are activities of a new person told apart by ten of their rows, some classes among these without any?

Made-up twins of activity and speaker recognition: numeric features; all persons have the same six classes, whose means differ
by person, together (how a phone is worn) and each (how somebody walks). Thirty persons teach, ten rows of each new one are
drawn at random; accuracy and log-loss at their other rows, means over all new persons of all seeds, standard errors over
seeds. "oracle" is Bayes with the true law, each class with a covariance of its own.
"""

from functools import partial

import numpy as np
from _common import Table, read_arguments, say
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
from scipy.special import log_softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from skmeta import DiscriminantLearner, WarmStartClassifier

SETTINGS = {"together": (1.2, 0.3), "both": (0.8, 0.8), "each class": (0.0, 1.1), "not at all": (0.0, 0.0)}
N_PAST, N_NEW, N_ROWS, N_SHOTS, N_QUERY, C = 30, 10, 60, 10, 100, 6
MODELS = {
    "discriminant": LinearDiscriminantAnalysis,
    "naive Bayes": GaussianNB,
    "logistic": partial(LogisticRegression, max_iter=1000),
}


def draw(seed, together, each, n_columns):
    """Persons as ``(X, y)``, past ones first, and the law."""
    rng = np.random.default_rng(seed)
    rows = np.column_stack([0.5 * rng.normal(size=(n_columns, 8)), 0.7 * np.eye(n_columns)])
    classes = rng.normal(size=(n_columns, 5)) / np.sqrt(5)
    spread = 0.6 * classes @ classes.T + 0.05 * rows @ rows.T
    law = {
        "means": 0.5 * rng.normal(size=(C, 5)) @ classes.T,
        "within": rows @ rows.T,
        "shift": together**2 * spread,
        "own": each**2 * spread,
        "rates": 30.0 * rng.dirichlet(np.full(C, 8.0)),
    }
    root, persons = cholesky(spread, lower=True), []
    for person in range(N_PAST + N_NEW):
        n = N_ROWS if person < N_PAST else N_SHOTS + N_QUERY
        means = law["means"] + together * root @ rng.normal(size=n_columns)
        means = means + each * rng.normal(size=(C, n_columns)) @ root.T
        y = rng.choice(C, size=n, p=rng.dirichlet(law["rates"]))
        persons.append((means[y] + rng.normal(size=(n, rows.shape[1])) @ rows.T, y))
    return persons[:N_PAST], persons[N_PAST:], law


def oracle(law, X, y, Z):
    """Log-probabilities of classes at rows ``Z``, by the joint Gaussian of all class means given the rows ``X``."""
    n, p = np.bincount(y, minlength=C), X.shape[1]
    seen = np.flatnonzero(n)
    K = np.kron(np.ones((C, C)), law["shift"]) + np.kron(np.eye(C), law["own"])
    places = np.concatenate([np.arange(c * p, (c + 1) * p) for c in seen])
    off = np.concatenate([X[y == c].mean(axis=0) - law["means"][c] for c in seen])
    known = cho_factor(K[np.ix_(places, places)] + np.kron(np.diag(1.0 / n[seen]), law["within"]))
    means = law["means"] + (K[:, places] @ cho_solve(known, off)).reshape(C, p)
    left = K - K[:, places] @ cho_solve(known, K[places])
    scores = np.empty((len(Z), C))
    for c in range(C):
        part = slice(c * p, (c + 1) * p)
        root = cholesky(left[part, part] + law["within"], lower=True)
        far = np.sum(solve_triangular(root, (Z - means[c]).T, lower=True) ** 2, axis=0)
        scores[:, c] = np.log(law["rates"][c] + n[c]) - 0.5 * far - np.log(np.diag(root)).sum()
    return log_softmax(scores, axis=1)


def judged(log_p, y):
    """Accuracy and log-loss."""
    return (log_p.argmax(axis=1) == y).mean(), -log_p[np.arange(len(y)), y].mean()


def log_probabilities(model, X):
    P = np.zeros((len(X), C))
    P[:, model.classes_] = model.predict_proba(X)
    return np.log(np.maximum(P, 1e-15))


def one_seed(seed, setting, names, n_columns):
    """Accuracy and log-loss by way."""
    past, new, law = draw(seed, *SETTINGS[setting], n_columns)
    X, y = (np.concatenate(part) for part in zip(*past, strict=True))
    table = np.column_stack([X, np.repeat(np.arange(N_PAST), N_ROWS)])
    pooled = MODELS["logistic"]().fit(X, y)
    warm = {f"warm {name}": WarmStartClassifier(MODELS[name](), task=-1).fit(table, y) for name in names}
    if "discriminant" in names:
        learner = DiscriminantLearner(n_components=n_columns)
        warm["class means alone"] = WarmStartClassifier(MODELS["discriminant"](), task=-1, learner=learner).fit(
            table, y
        )
    found = {name: [] for name in ("oracle", "pooled logistic", "own logistic", *warm)}
    for X, y in new:
        shots, rest = (X[:N_SHOTS], y[:N_SHOTS]), X[N_SHOTS:]
        answers = {"oracle": oracle(law, *shots, rest), "pooled logistic": log_probabilities(pooled, rest)}
        answers["own logistic"] = log_probabilities(MODELS["logistic"]().fit(*shots), rest)
        answers |= {name: log_probabilities(model.adapt(*shots), rest) for name, model in warm.items()}
        for name, log_p in answers.items():
            found[name].append(judged(log_p, y[N_SHOTS:]))
    say(f"{setting} {seed}")
    return {name: np.mean(each, axis=0) for name, each in found.items()}


def mean_and_error(values):
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return f"{values.mean():.3f} ± {error:.3f}"


def main():
    arguments = read_arguments(__doc__, seeds=5, first=1000, only="", model="discriminant,logistic", columns=40)
    seeds = range(arguments.first, arguments.first + (2 if arguments.quick else arguments.seeds))
    names, n_columns = arguments.model.split(","), 12 if arguments.quick else arguments.columns
    table = Table("Activities of new persons", ["persons differ", "way", "accuracy", "log-loss"], n_names=2)
    for setting in [arguments.only] if arguments.only else SETTINGS:
        found = [one_seed(seed, setting, names, n_columns) for seed in seeds]
        for name in found[0]:
            table.add(setting, name, *(mean_and_error(np.array([each[name][i] for each in found])) for i in range(2)))
    table.show(
        f"{N_PAST} past persons of {N_ROWS} rows, {len(seeds)} seeds of {N_NEW} new persons, {N_SHOTS} rows of each known",
        f"{n_columns} features, {C} classes; 'class means alone' is the discriminant without what moves together",
    )


if __name__ == "__main__":
    main()
