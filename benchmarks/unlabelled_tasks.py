"""Is a metric that was learned without any label better than none, on classes that it has not seen?

Embedded Omniglot, episodes of `few_shot_score`, nearest class mean, five queries of each class. The drawings that teach have
lost their labels, except in the row of labels. New *alphabets*: each of the five is held out in turn. New *characters*: half of
the characters of each alphabet teach, the others are scored, within their alphabet or drawn from all of them.

* pixels: as drawn; centred: by `ImageCenterer`, all further rows too; components: of the drawings that teach.
* projections: components mapped by linear discriminant analysis of `pseudo_label_tasks`, its covariance half way to
  a multiple of the identity (``--shrinkage``).
* all columns: the same of one k-means of all pixels, without projections. Does projecting earn its place?
* shuffled: the same of the first's labels in random order within each task: what is left is whitening that knows no neighbours.
* labels: the same of the true characters, which the others may not see.
* warm: `WarmStartClassifier` with ``learner="auto"`` of these tasks, on a hundred components: held-out tasks choose the metric,
  no number is set by hand. "warm, shuffled" learns from the labels in random order.

Means over all episodes in per cent, and the difference to "centred" on the same episodes, with standard errors of episodes.
"""

import warnings
from functools import cache

import numpy as np
from _common import Table, read_arguments
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline

from skmeta import WarmStartClassifier, few_shot_score, pseudo_label_tasks
from skmeta.datasets import load_omniglot
from skmeta.preprocessing import ImageCenterer

WAYS = ((5, 1), (5, 5), (20, 1), (20, 5))
N_CLUSTERS = 100


@cache
def drawings():
    """Pixels, pixels that are centred and blurred, characters, alphabets."""
    X, y = load_omniglot(return_X_y=True)
    return X[:, :-1], ImageCenterer((28, 28)).fit_transform(X[:, :-1]), y.astype(str), X[:, -1].astype(int)


def splits(name, seed):
    """Which drawings teach; those left are scored."""
    *_, y, alphabet = drawings()
    if name == "alphabets":
        return [alphabet != code for code in np.unique(alphabet)]
    rng = np.random.default_rng(seed)
    own = [rng.permutation(np.unique(y[alphabet == code])) for code in np.unique(alphabet)]
    return [np.isin(y, np.concatenate([each[::2] for each in own]))]


def discriminant(components, rows, labels, shrinkage):
    """Components under the metric within the classes of some rows."""
    model = LinearDiscriminantAnalysis(solver="eigen", shrinkage=shrinkage).fit(rows, labels)
    return model.transform(components)


def warm(tasks, labels):
    model = make_pipeline(PCA(100, random_state=0), NearestCentroid())
    return WarmStartClassifier(model, task=-1).fit(tasks, labels)


def ways_to_learn(teaches, seed, args):
    """Name, all drawings as a way to learn from those that teach shows them, and what is fitted to episodes of these."""
    pixels, centred, y, _ = drawings()
    pca = PCA(args.components, random_state=0).fit(centred[teaches])
    components, taught = pca.transform(centred), pca.transform(centred[teaches])
    stacked, pseudo = pseudo_label_tasks(centred[teaches], n_clusters=N_CLUSTERS, random_state=seed)
    projected = pca.transform(stacked[:, :-1])
    whole = KMeans(N_CLUSTERS, n_init=1, random_state=seed).fit_predict(centred[teaches])
    shuffled = np.random.default_rng(seed).permuted(pseudo.reshape(-1, teaches.sum()), axis=1).ravel()  # within tasks
    rows = {
        "pixels": pixels,
        "centred": centred,
        "components": components,
        "projections": discriminant(components, projected, pseudo, args.shrinkage),
        "all columns": discriminant(components, taught, whole, args.shrinkage),
        "shuffled": discriminant(components, projected, shuffled, args.shrinkage),
        "labels": discriminant(components, taught, y[teaches], args.shrinkage),
    }
    yield from ((name, X, NearestCentroid()) for name, X in rows.items())
    yield "warm", centred, warm(stacked, pseudo)
    yield "warm, shuffled", centred, warm(stacked, shuffled)


def accuracies(name, seed, args):
    """Accuracies of episodes, by row of the table and by ways and shots, of all splits."""
    *_, y, alphabet = drawings()
    found = {}
    for teaches in splits(name, seed):
        for row, X, model in ways_to_learn(teaches, seed, args):
            table = np.column_stack([X, alphabet])[~teaches]
            for n_way, n_shots in WAYS:
                if name == "characters" and n_way > 11:  # half of the smallest alphabet
                    continue
                asked = {"n_way": n_way, "n_shots": n_shots, "n_episodes": args.episodes, "random_state": seed}
                asked |= {"task": -1, "within_task": name != "characters of all"}
                scores = few_shot_score(model, table, y[~teaches], **asked).scores
                found.setdefault((row, n_way, n_shots), []).append(scores)
    return found


def shown(values, base):
    mean, away = 100 * np.mean(values), 100 * (values - base)
    return f"{mean:.1f}" + (
        f" ({away.mean():+.1f} ± {away.std(ddof=1) / np.sqrt(len(away)):.1f})" if away.any() else ""
    )


def main():
    args = read_arguments(__doc__, only="", episodes=100, seeds=2, first=100, components=30, shrinkage=0.5)
    warnings.simplefilter("ignore")  # centroids of one row a class have no spread
    n_seeds = 1 if args.quick else args.seeds
    args.episodes = 10 if args.quick else args.episodes
    header = ["new", "metric", *(f"{way} ways, {shots} shots" for way, shots in WAYS)]
    table = Table(f"Accuracy on new classes, per cent, {args.components} components", header, n_names=2)
    for name in [args.only] if args.only else ["alphabets", "characters", "characters of all"]:
        found = {}
        for seed in range(args.first, args.first + n_seeds):
            for key, scores in accuracies(name, seed, args).items():
                found.setdefault(key, []).extend(scores)
        found = {key: np.concatenate(scores) for key, scores in found.items()}
        for row in dict.fromkeys(key[0] for key in found):
            table.add(
                name,
                row,
                *(shown(found[row, *way], found["centred", *way]) if (row, *way) in found else "-" for way in WAYS),
            )
    table.show("errors are of episodes, given these characters")


if __name__ == "__main__":
    main()
