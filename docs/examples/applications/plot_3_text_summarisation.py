"""
Text summarisation: which sentence says it all?
===============================================

A summary can be picked out of a text: rank its sentences and take the first. What a good one looks like is learned from texts
that have a summary, and differs from one kind of text to the next. Here a text is what a docstring of numpy, scipy or
scikit-learn tells below its first line, the first line is its summary, and a task is a module.
"""

# %%
# The overlap of a sentence with the summary is ROUGE-1 of distinct words: the F measure of those that both have.
import inspect
import re
from importlib import import_module

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import paired_cosine_distances

from skmeta import WarmStartRegressor

modules = "numpy scipy.fft scipy.integrate scipy.interpolate scipy.linalg scipy.ndimage scipy.optimize scipy.signal"
modules = f"{modules} scipy.sparse scipy.special scipy.stats sklearn.linear_model sklearn.metrics".split()


def overlap(text, other):
    a, b = (set(re.findall(r"[a-z]{2,}", each.lower())) for each in (text, other))
    return 2 * len(a & b) / max(1, len(a) + len(b))


# %%
# A text is what follows the summary, and the notes; it has four sentences or more. A sentence is described by how far its
# TF-IDF vector is from that of the whole text, by thirty latent semantic columns, and by its length. Its place in the text is
# not told.
rows, whole = [], []
for task, module in enumerate(map(import_module, modules)):
    for docstring in dict.fromkeys(inspect.getdoc(getattr(module, name)) or "" for name in dir(module)):
        summary, _, body = docstring.partition("\n\n")
        body = re.split(r"\n\w[\w ]*\n---", body)[0] + docstring.partition("\nNotes\n-----\n")[2].partition("\n---")[0]
        sentences = [each for each in re.split(r"(?<=[.!?])\s+(?=[A-Z])", body) if 5 <= len(each.split()) <= 60]
        rows += [(task, len(whole), each, overlap(each, summary)) for each in sentences if len(sentences) >= 4]
        whole += [body] * (len(sentences) >= 4)
task, text, sentences, y = map(np.array, zip(*rows, strict=True))
tfidf = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit_transform([*whole, *sentences])
latent = TruncatedSVD(30, random_state=0).fit_transform(tfidf)[len(whole) :]
X = np.column_stack([paired_cosine_distances(tfidf[len(whole) :], tfidf[text]), latent, np.log([*map(len, sentences)])])

# %%
# A quarter of the modules is new at a time. One to eight texts of a new module have a summary; of each other text the sentence
# that scores highest is picked.
found, last = np.zeros((3, len(modules), 4, 3)), np.cumsum(np.bincount(text)) - 1
for new, k, draw in np.ndindex(found[0].shape):
    past, drawn = task % 4 != new % 4, np.random.default_rng([new, draw]).permutation(np.unique(text[task == new]))
    if k == draw == 0:
        warm = WarmStartRegressor(Ridge(), task=-1).fit(np.column_stack([X, task])[past], y[past])
    known = np.isin(text, drawn[: 2**k])
    models = [Ridge().fit(X[rows], y[rows]) for rows in (known, past)] + [warm.adapt(X[known], y[known])]
    found[:, new, k, draw] = [y[np.lexsort((each.predict(X), text))[last]][drawn[8:]].mean() for each in models]
for name, overlaps in zip(("own", "pooled", "warm"), found.mean(axis=-1), strict=True):
    means, errors = overlaps.mean(axis=0), overlaps.std(axis=0) / np.sqrt(len(modules))
    print(f"{name:6}", means.round(3), "±", errors.round(3), "overlap, with 1, 2, 4 and 8 texts")
    plt.errorbar((1, 2, 4, 8), means, errors, marker="o", capsize=3, label=name)
plt.legend(title="overlap, by texts with a summary")

# %%
# After one to four texts, a model of the module's own picks worse sentences than one model of all modules, and warm picks about
# as good ones as that. With eight, warm is ahead of both: what is particular to a module has been learned, and what is general
# is not forgotten. Errors are of modules. A person would look at the first sentence: where one stands says a lot, and is not
# told here.
