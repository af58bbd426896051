"""Are new classes told apart better from one and five rows each, for what past tasks with other classes taught?

Episodes of `few_shot_score`: some new classes, one or five labelled rows of each, five more of each to tell apart; the mean
accuracy and its standard error, over episodes of all splits. "own" is the plain estimator fitted to the labelled rows;
"warm" has the prior that the other tasks taught by ``learner="auto"``, "identity" one whose metric is the identity.

* Omniglot, embedded: 28 x 28 bits, here centred by their mass and blurred. *Characters*: half of those of each alphabet teach,
  classes of an episode are of one alphabet; of *any alphabet*: of all of them. *Alphabets*: three of the five teach, the other
  two are new, and classes of an episode are of one.
* CLINC150, with ``--data FOLDER`` that has ``clinc150.csv.gz``: intents of short texts. Seven domains teach, the steps before
  the model too; classes are intents of the other three together. TF-IDF of one or two words and of two to four characters,
  sublinear; and its 300 latent semantic features.
* Made-up rows: of the law that is learned, and of one where the identity is the truth and nothing is to be gained.
"""

import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from _common import Table, clocked, read_arguments, say
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import make_union

from skmeta import DiscriminantLearner, WarmStartClassifier, few_shot_score, stack_tasks
from skmeta.datasets import load_omniglot
from skmeta.preprocessing import ImageCenterer

WAYS = ((5, 1), (5, 5), (20, 1), (20, 5))
MODELS = (NearestCentroid(), KNeighborsClassifier(1), LogisticRegression())
N_LAW = 40  # made-up tasks, half of them new


@cache
def images():
    """Pixels that are centred and blurred, characters, alphabets."""
    X, y = load_omniglot(return_X_y=True)
    return ImageCenterer((28, 28)).fit_transform(X[:, :-1]), y.astype(str), X[:, -1].astype(int)


def new_characters(seed):
    """Half of the characters of each alphabet teach."""
    X, y, task = images()
    rng = np.random.default_rng(seed)
    own = [rng.permutation(np.unique(y[task == code])) for code in np.unique(task)]
    return X, y, task, np.isin(y, np.concatenate([each[: len(each) // 2] for each in own]))


def of_any_alphabet(seed):
    """The same, but the new ones of all alphabets are one task: those of an episode may be of several."""
    X, y, task, teaches = new_characters(seed)
    return X, y, np.where(teaches, task, task.max() + 1), teaches


def new_alphabets(seed):
    """All but two alphabets teach."""
    X, y, task = images()
    return X, y, task, ~np.isin(task, [seed % 5, (seed + 1) % 5])


@cache
def texts(folder, seed):
    """TF-IDF of all texts, its latent features, intents, domains, and which rows teach."""
    table = pd.read_csv(Path(folder) / "clinc150.csv.gz")
    names, domain = np.unique(table["domain"], return_inverse=True)
    teaches = np.isin(domain, np.random.default_rng(seed).permutation(len(names))[3:])
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    parts = TfidfVectorizer(analyzer="char", ngram_range=(2, 4), sublinear_tf=True)
    X = make_union(words, parts).fit(table["text"][teaches]).transform(table["text"]).tocsr()
    latent = TruncatedSVD(300, random_state=0).fit(X[teaches]).transform(X)
    return X, latent, table["intent"].to_numpy(), np.where(teaches, domain, -1), teaches


def made_up(seed, relevant):
    """Class means differ in some directions alone, in which rows of a class differ by less."""
    rng = np.random.default_rng(seed)
    means, rows = (np.where(np.arange(20) < relevant, *pair) for pair in ((2.0, 0.0), (1.0, 3.0)))
    label = np.repeat(np.arange(25 * N_LAW), 12)
    X = rng.normal(size=(25 * N_LAW, 20))[label] * means + rng.normal(size=(len(label), 20)) * rows
    turn = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    task = label // 25
    return X @ turn, label, task, task < N_LAW // 2


def priors(estimator, X, y, task, teaches):
    """What the tasks that teach say: by "auto", and under the identity metric."""
    tasks = {
        code: (X[rows], y[rows])
        for code in np.unique(task[teaches])
        for rows in [np.flatnonzero(teaches & (task == code))]
    }
    table, target = stack_tasks(tasks)
    found = {}
    for name, learner in (("warm", "auto"), ("identity", DiscriminantLearner(0))):
        model = WarmStartClassifier(estimator, task=-1, learner=learner)
        fitted, seconds = clocked(lambda model=model: model.fit(table, target))
        say(f"{type(estimator).__name__}, {name}: {fitted.prior_}, {seconds:.1f} s")
        found[name] = fitted.prior_
    return found


def accuracies(estimator, split, seed, n_episodes):
    """Accuracies of episodes by (ways, shots) and model."""
    X, y, task, teaches = split
    models = {"own": estimator} | {
        name: WarmStartClassifier(estimator, prior=prior) for name, prior in priors(estimator, *split).items()
    }
    asked, found = np.flatnonzero(~teaches), {}
    for n_way, n_shots in WAYS:
        enough = [c for c in np.unique(task[asked]) if len(np.unique(y[asked][task[asked] == c])) >= n_way]
        if not enough:
            continue
        rows = asked[np.isin(task[asked], enough)]
        table, labels = stack_tasks({c: (X[own], y[own]) for c in enough for own in [rows[task[rows] == c]]})
        options = {"task": -1, "n_way": n_way, "n_shots": n_shots, "n_queries": 5, "n_episodes": n_episodes}
        for name, model in models.items():
            found[n_way, n_shots, name] = few_shot_score(model, table, labels, random_state=seed, **options).scores
    return found


def shown(values):
    """Mean and standard error in per cent."""
    return (
        f"{100.0 * np.mean(values):.1f} ± {100.0 * np.std(values, ddof=1) / np.sqrt(len(values)):.1f}"
        if len(values)
        else "-"
    )


def collections(folder):
    """Name, and a function from a seed to rows, labels, tasks and which teach."""
    found = {"characters": new_characters, "any alphabet": of_any_alphabet, "alphabets": new_alphabets}
    if folder:
        found["tfidf"] = lambda seed: [texts(folder, seed)[k] for k in (0, 2, 3, 4)]
        found["latent"] = lambda seed: [texts(folder, seed)[k] for k in (1, 2, 3, 4)]
    return found | {"law": lambda seed: made_up(seed, 5), "nothing": lambda seed: made_up(seed, 20)}


def main():
    args = read_arguments(__doc__, data="", only="", model="", episodes=100, seeds=5, first=0)
    warnings.simplefilter("ignore")  # plain centroids of one row a class have no spread
    n_seeds, n_episodes = (1, 10) if args.quick else (args.seeds, args.episodes)
    header = ["collection", "model", "metric", *(f"{way} ways, {shots} shots" for way, shots in WAYS)]
    table = Table("Accuracy on new classes, per cent", header, n_names=3)
    for name, draw in collections(args.data).items():
        if args.only and name not in args.only.split(","):
            continue
        for estimator in [each for each in MODELS if args.model in type(each).__name__]:
            found = [
                accuracies(estimator, draw(seed), seed, n_episodes) for seed in range(args.first, args.first + n_seeds)
            ]
            for kind in ("own", "identity", "warm"):
                cells = [np.concatenate([each.get((*way, kind), []) for each in found]) for way in WAYS]
                table.add(name, type(estimator).__name__, kind, *map(shown, cells))
    table.show("errors are of episodes, given the splits")


if __name__ == "__main__":
    main()
