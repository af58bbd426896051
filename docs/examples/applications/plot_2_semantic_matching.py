"""
Semantic matching: do two texts mean the same?
==============================================

Two questions of customers, two lines of manuals: do they mean the same? Each source of texts has its own way to say things, and
of a new source few pairs have been judged. Here sources are modules of numpy, scipy and scikit-learn. Their documentation
describes parameters in words. Do two descriptions speak of the same parameter?
"""

# %%
# The descriptions of a module's parameters, copies left out, and the names of these. Names of one or two letters mean
# anything.
import inspect
import re
from importlib import import_module

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import paired_cosine_distances
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import WarmStartClassifier
from skmeta.inspection import ShotCurveDisplay
from skmeta.model_selection import OwnModel, PooledModel, shot_curve

sources = "numpy scipy.linalg scipy.ndimage scipy.optimize scipy.signal scipy.sparse scipy.stats sklearn.cluster"
sources = f"{sources} sklearn.decomposition sklearn.ensemble sklearn.linear_model sklearn.metrics sklearn.preprocessing".split()


def described_parameters(source):
    found, module = {}, import_module(source)
    for docstring in [inspect.getdoc(getattr(module, name)) or "" for name in dir(module)]:
        section = docstring.partition("Parameters\n----------\n")[2].partition("\n---")[0]
        for parameter, text in re.findall(r"^(\w{3,}) : .*\n((?: {4}.*\n)+)", section, re.M):
            found[" ".join(text.split())] = parameter
    return np.array(list(found)), np.array(list(found.values()))


# %%
# Of each source sixty pairs that mean the same, and sixty that do not. A pair is described by the cosine
# distance of its TF-IDF vectors, of words and of two to four characters, and by the lengths of its texts.
rng = np.random.default_rng(0)
first, second, source, y = [], [], np.repeat(np.arange(len(sources)), 120), np.tile([1, 0], 60 * len(sources))
for texts, parameter in map(described_parameters, sources):
    i, j = np.triu_indices(len(texts), 1)
    same = parameter[i] == parameter[j]
    pairs = np.column_stack([rng.choice(np.flatnonzero(kind), 60, replace=False) for kind in (same, ~same)]).ravel()
    first, second = first + texts[i[pairs]].tolist(), second + texts[j[pairs]].tolist()
tfidf = TfidfVectorizer(sublinear_tf=True), TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
distances = [paired_cosine_distances(*map(each.fit(first + second).transform, (first, second))) for each in tfidf]
lengths = np.log([[len(text.split()) for text in texts] for texts in (first, second)])
X = np.column_stack([*distances, np.abs(lengths[0] - lengths[1]), lengths.min(axis=0), source])

# %%
# Sources are held out, two at a time, and some of their pairs are given back.
linear = make_pipeline(StandardScaler(), LogisticRegression())
models = {"own": OwnModel(linear, task=-1), "pooled": PooledModel(linear, task=-1)}
models["warm"] = WarmStartClassifier(linear, task=-1)
curve = shot_curve(models, X, y, task=-1, n_shots=(4, 15, 60), n_splits=7, scoring="accuracy", random_state=0)
for name in models:
    error = curve[name].std(axis=1) / np.sqrt(7)
    print(f"{name:6}", curve[name].mean(axis=1).round(3), "±", error.round(3), "with", curve.n_shots, "pairs")
ShotCurveDisplay.from_result(curve)

# %%
# Four judged pairs are too few for a model of the source's own: warm is far ahead of it. But one model of all pairs is as good
# as warm, within the errors: how near two texts must be to mean the same is much alike in all sources, so that there is little
# to adapt. With sixty pairs a source's own model is as good, too.
# ``benchmarks/pairs_of_texts.py`` asks the same of questions to a chat, and of made-up sources that are unlike each other.
