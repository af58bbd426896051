"""Is naive Bayes with learned conjugate laws better than the fallback around it, than a pooled model and than its own fit?

Made-up collections; 40 past tasks of 30 rows, then new tasks of which 2, 5, 10 or 20 rows are known. Cells are the log loss,
and the accuracy in per cent, of the new tasks' other rows: means over the seeds and their standard errors. In a second
table the past misleads, and cells are what the room costs beyond the plain estimator.
"""

import numpy as np
from _common import Table, read_arguments, say
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, GaussianNB, MultinomialNB

from skmeta import NaiveBayesLearner, SharedModel, WarmStartClassifier

METHODS = ("own", "pooled", "fallback", "room", "default")
SHOTS, QUERY, N_PAST, N_NEW, N_ROWS = (2, 5, 10, 20), 100, 40, 10, 30


def clusters(rng, n_tasks, n_rows, p=6, k=3, spread=1.5, between=0.7, shift=0.0, mix=0.0):
    """Classes are clusters around centres; tasks move each of them, or all together, and columns may be mixed."""
    centres = spread * rng.normal(size=(k, p))
    turn = np.eye(p) + mix * rng.normal(size=(p, p))
    scale = np.exp(0.3 * rng.normal(size=(k, p)))
    own = centres + between * rng.normal(size=(n_tasks, k, p)) + shift * rng.normal(size=(n_tasks, 1, p))
    share = rng.dirichlet(np.full(k, 5.0), n_tasks)
    y = np.array([rng.choice(k, n_rows, p=share[t]) for t in range(n_tasks)])
    X = own[np.arange(n_tasks)[:, None], y] + scale[y] * rng.normal(size=(n_tasks, n_rows, p))
    return X @ turn, y


def line(rng, n_tasks, n_rows, p=6, own=0.5):
    """Classes are sides of a plane of each task's own: no clusters at all."""
    w = 1.5 * rng.normal(size=p) + own * rng.normal(size=(n_tasks, p))
    X = rng.normal(size=(n_tasks, n_rows, p))
    eta = np.einsum("tnp,tp->tn", X, w) + rng.normal(size=(n_tasks, 1))
    return X, (rng.random(eta.shape) < 1.0 / (1.0 + np.exp(-eta))).astype(int)


def words(rng, n_tasks, n_rows, v=200, k=4, firm=200.0, length=12):
    """Texts: most words are of no class; shares of each class's words differ by task."""
    base = 0.7 * rng.dirichlet(np.full(v, 0.2)) + 0.3 * rng.dirichlet(np.full(v, 0.2), k)
    y = rng.integers(k, size=(n_tasks, n_rows))
    X = np.empty((n_tasks, n_rows, v))
    for t in range(n_tasks):
        share = np.array([rng.dirichlet(firm * b + 1e-3) for b in base])
        X[t] = [rng.multinomial(rng.poisson(length) + 1, share[label]) for label in y[t]]
    return X, y


def answers(rng, n_tasks, n_rows, p=10, k=3, levels=4, firm=5.0):
    """Columns of categories, whose shares in each class differ by task."""
    base = rng.dirichlet(np.ones(levels), size=(k, p))
    y = rng.integers(k, size=(n_tasks, n_rows))
    X = np.empty((n_tasks, n_rows, p))
    for t in range(n_tasks):
        share = rng.standard_gamma(firm * base + 1e-3)
        limit = (share / share.sum(axis=2, keepdims=True)).cumsum(axis=2)
        X[t] = (rng.random((n_rows, p, 1)) > limit[y[t]]).sum(axis=2).clip(max=levels - 1)
    return X, y


def bits(rng, n_tasks, n_rows):
    """Columns of zeros and ones, likewise."""
    return answers(rng, n_tasks, n_rows, levels=2)


COLLECTIONS = {
    "clusters": (GaussianNB(), clusters, {}),
    "clusters, moved together": (GaussianNB(), clusters, {"between": 0.2, "shift": 1.0}),
    "clusters, mixed columns": (GaussianNB(), clusters, {"mix": 0.5}),
    "planes": (GaussianNB(), line, {}),
    "words": (MultinomialNB(), words, {}),
    "bits": (BernoulliNB(binarize=0.5), bits, {}),
    "categories": (CategoricalNB(min_categories=4), answers, {}),
}


def misled(kind, rng, X, y):
    """Past tasks that say something false of the next ones."""
    k = y.max() + 1
    if kind == "flipped":
        return X, (y + 1) % k
    if kind == "permuted":
        return X[:, :, rng.permutation(X.shape[2])], y
    if kind == "noise":
        return X, rng.permuted(y, axis=1)
    return X, y


def flat(X, y):
    """One table, the task in the last column."""
    task = np.repeat(np.arange(len(X)), X.shape[1])
    return np.column_stack([X.reshape(len(task), -1), task]), y.ravel()


def loss_and_accuracy(model, X, y, classes):
    """Log loss, and the share of right labels."""
    chance = np.full((len(y), len(classes)), 1e-15)
    chance[:, np.searchsorted(classes, model.classes_)] = model.predict_proba(X)
    chance = np.clip(chance, 1e-15, None)
    return [-np.log(chance[np.arange(len(y)), y]).mean(), 100.0 * (classes[chance.argmax(axis=1)] == y).mean()]


def warm(estimator):
    """The fallback, the room, and what held-out tasks choose of both."""
    room = NaiveBayesLearner(compare_with_fallback=False)
    learners = {"fallback": SharedModel(), "room": room, "default": "auto"}
    return {name: WarmStartClassifier(estimator, task=-1, learner=each) for name, each in learners.items()}


def one_seed(name, seed, past=None, methods=METHODS, shots=SHOTS):
    """``(n_shots, n_methods, 2)``: log loss and accuracy."""
    estimator, draw, options = COLLECTIONS[name]
    rng = np.random.default_rng(seed)
    X, y = draw(rng, N_PAST + N_NEW, max(N_ROWS, max(shots) + QUERY), **options)
    old_X, old_y = X[:N_PAST, :N_ROWS], y[:N_PAST, :N_ROWS]
    if past == "unrelated":
        old_X, old_y = (part[:N_PAST, :N_ROWS] for part in draw(rng, N_PAST, N_ROWS, **options))
    elif past is not None:
        old_X, old_y = misled(past, rng, old_X, old_y)
    table, labels = flat(old_X, old_y)
    models = {"pooled": estimator.fit(table[:, :-1], labels)}
    models |= {method: model.fit(table, labels) for method, model in warm(estimator).items() if method in methods}
    classes, found = np.unique(labels), np.zeros((len(shots), len(methods), 2))
    for i, n in enumerate(shots):
        for t in range(N_PAST, N_PAST + N_NEW):
            known, asked = (X[t, :n], y[t, :n]), (X[t, -QUERY:], y[t, -QUERY:])
            for j, method in enumerate(methods):
                model = models.get(method)
                model = type(estimator)(**estimator.get_params()).fit(*known) if model is None else model
                model = model.adapt(*known) if isinstance(model, WarmStartClassifier) else model
                found[i, j] += np.array(loss_and_accuracy(model, *asked, classes)) / N_NEW
    return found


def cell(values):
    """Mean and standard error."""
    return f"{values.mean():.3g} ± {values.std(ddof=1) / np.sqrt(len(values)):.2g}"


def main():
    args = read_arguments(__doc__, seeds=0, first=1000, part="", only="")
    seeds = range(args.first, args.first + (args.seeds or (2 if args.quick else 10)))
    table = Table("Related tasks: log loss, accuracy", ["collection", "known", *METHODS], n_names=1)
    chosen = [name for name in COLLECTIONS if not args.only or name == args.only]
    for name in chosen if args.part != "harm" else ():
        found = np.array([one_seed(name, seed) for seed in seeds])
        for i, n in enumerate(SHOTS):
            cells = [f"{cell(found[:, i, j, 0])}, {cell(found[:, i, j, 1])}" for j in range(len(METHODS))]
            table.add(name, n, *cells)
    table.show()
    header = ["collection", "past", "known", "own", "excess of log loss %", "worst", "accuracy lost"]
    harm = Table("A past that misleads: the room beside the plain estimator", header, n_names=2)
    for name in [name for name in chosen if name in ("clusters", "words", "bits", "categories")]:
        for past in ("flipped", "permuted", "unrelated", "noise") if args.part != "related" else ():
            found = np.array([one_seed(name, seed, past, ("own", "room")) for seed in seeds])
            for i, n in enumerate(SHOTS):
                excess = 100.0 * (found[:, i, 1, 0] / found[:, i, 0, 0] - 1.0)
                lost = found[:, i, 0, 1] - found[:, i, 1, 1]
                harm.add(name, past, n, cell(found[:, i, 0, 0]), cell(excess), f"{excess.max():.2g}", cell(lost))
    harm.show("accuracy lost is in points, negative where it is won")


if __name__ == "__main__":
    say(__doc__.splitlines()[0])
    main()
