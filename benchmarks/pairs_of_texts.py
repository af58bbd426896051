"""Do two texts mean the same? Of their source few pairs are judged: is warm better than one model for all sources?

A row is a pair of texts: the cosine distance of their TF-IDF vectors (words, and two to four characters), products and absolute
differences of twenty latent semantic columns, and lengths. A task is a source; pairs of the same intent are as many as others.
Sources that are held out have 4 to 60 judged pairs, half of them alike; accuracy on a hundred other pairs. Intents of held-out
sources were never seen, and words are counted in all texts, without their intents.

* CLINC150, with ``--data FOLDER`` that has ``clinc150.csv.gz``: a source is a domain, three of ten are held out.
* made-up, alike: intents have words of their own beside words of the source, as many in all sources. Nothing is to be learned
  of a source. Five of twenty are held out.
* made-up, unlike: how many differs from source to source, so that texts of one intent are as near as others elsewhere.

Own is the model of these pairs alone, pooled that of all pairs of other sources. In brackets the paired difference of warm to
pooled; errors are of held-out sources.
"""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from _common import Table, read_arguments
from sklearn.base import clone
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import paired_cosine_distances
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, normalize

from skmeta import WarmStartClassifier

SHOTS = (4, 10, 20, 60)
N_PAIRS = 160  # of a source, half of them of one intent


def clinc(folder, rng):
    """Texts, intents and sources, sources numbered in random order."""
    table = pd.read_csv(Path(folder) / "clinc150.csv.gz")
    names, code = np.unique(table["domain"], return_inverse=True)
    return table["text"].to_numpy(), table["intent"].to_numpy(), rng.permutation(len(names))[code]


def made_up(unlike, rng):
    """Texts of twelve intents in each of twenty sources; what share of words is the intent's may differ by source."""
    texts, intents, sources = [], [], []
    for source in range(20):
        share = rng.uniform(0.15, 0.85) if unlike else 0.5
        common = rng.dirichlet(np.full(40, 0.3))
        for intent in range(12):
            own = rng.dirichlet(np.full(12, 0.5))
            for _ in range(30):
                mine = rng.random(4 + rng.poisson(5)) < share
                drawn = rng.choice(12, len(mine), p=own) + 100 * (intent + 1)
                drawn[~mine] = rng.choice(40, np.count_nonzero(~mine), p=common)
                texts.append(" ".join(f"w{source}x{word}" for word in drawn))
                intents.append(12 * source + intent)
                sources.append(source)
    return np.array(texts), np.array(intents), np.array(sources)


def pairs_of(intents, sources, rng):
    """Positions ``(n_sources * N_PAIRS, 2)`` of pairs, alike and not in turn."""
    found = []
    for source in range(sources.max() + 1):
        rows = rng.permutation(np.flatnonzero(sources == source))[:600]
        i, j = np.triu_indices(len(rows), 1)
        same = intents[rows[i]] == intents[rows[j]]
        for chosen in zip(
            *(rng.choice(np.flatnonzero(kind), N_PAIRS // 2, False) for kind in (same, ~same)), strict=True
        ):
            found += [(rows[i[k]], rows[j[k]]) for k in chosen]
    return np.array(found)


def described(texts, pairs):
    """Columns of pairs."""
    words = TfidfVectorizer(sublinear_tf=True).fit_transform(texts)
    parts = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True).fit_transform(texts)
    latent = normalize(TruncatedSVD(20, random_state=0).fit_transform(parts))
    lengths = np.log([len(text.split()) + 1.0 for text in texts])
    a, b = pairs.T
    distances = [paired_cosine_distances(each[a], each[b]) for each in (words, parts)]
    columns = [np.abs(lengths[a] - lengths[b]), np.minimum(lengths[a], lengths[b])]
    return np.column_stack([*distances, *columns, latent[a] * latent[b], np.abs(latent[a] - latent[b])])


def accuracies(texts, intents, sources, n_held_out, rng):
    """Accuracies ``(n_held_out, 3 models, shots)`` on the sources with the smallest numbers."""
    X = described(texts, pairs := pairs_of(intents, sources, rng))
    source, y = sources[pairs[:, 0]], (intents[pairs[:, 0]] == intents[pairs[:, 1]]).astype(int)
    past, model = source >= n_held_out, make_pipeline(StandardScaler(), LogisticRegression())
    warm = WarmStartClassifier(model, task=-1).fit(np.column_stack([X, source])[past], y[past])
    pooled = clone(model).fit(X[past], y[past])
    found = np.empty((n_held_out, 3, len(SHOTS)))
    for new, (k, n) in product(range(n_held_out), enumerate(SHOTS)):
        Z, labels = X[source == new], y[source == new]
        own, adapted = clone(model).fit(Z[:n], labels[:n]), warm.adapt(Z[:n], labels[:n])
        found[new, :, k] = [each.score(Z[max(SHOTS) :], labels[max(SHOTS) :]) for each in (own, pooled, adapted)]
    return found


def shown(values, away=None):
    """Mean and standard error in per cent, and those of a difference."""
    error = values.std(ddof=1) / np.sqrt(len(values))
    text = f"{100 * values.mean():.1f} ± {100 * error:.1f}"
    return text if away is None else f"{text} ({'+' if away.mean() >= 0 else ''}{shown(away)})"


def main():
    args = read_arguments(__doc__, data="", seeds=4, first=0)
    seeds = range(args.first, args.first + (1 if args.quick else args.seeds))
    collections = {"made-up, alike": (made_up, False, 5), "made-up, unlike": (made_up, True, 5)}
    if args.data:
        collections["CLINC150"] = clinc, args.data, 3
    table = Table(
        "Two texts mean the same: accuracy in per cent", ["texts", "model", *(f"{n} pairs" for n in SHOTS)], 2
    )
    for name, (draw, option, n_held_out) in collections.items():
        rngs = [np.random.default_rng(seed) for seed in seeds]
        found = np.concatenate([accuracies(*draw(option, rng), n_held_out, rng) for rng in rngs])
        for k, model in enumerate(("own", "pooled", "warm")):
            cells = [
                shown(found[:, k, n], found[:, 2, n] - found[:, 1, n] if k == 2 else None) for n in range(len(SHOTS))
            ]
            table.add(name, model, *cells)
    table.show("errors are of held-out sources", *([] if args.data else ["CLINC150 is not there: --data"]))


if __name__ == "__main__":
    main()
