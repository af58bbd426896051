"""
Image classification: new characters from one drawing each
==========================================================

An alphabet comes that nobody has seen. Of each of its characters there is one drawing, or there are five. Which character is
the next drawing? Past alphabets have other characters. What they teach is in what way drawings of *one* character differ,
and so which differences to look past.
"""

# %%
# Omniglot has alphabets, characters in them, and twenty drawings of each. The drawings are centred and blurred.
import warnings
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.frozen import FrozenEstimator
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline

from skmeta import WarmStartClassifier, few_shot_score
from skmeta.datasets import load_omniglot
from skmeta.preprocessing import ImageCenterer

warnings.filterwarnings("ignore", module="sklearn.neighbors")  # NearestCentroid: one row of a class has no spread
omniglot = load_omniglot()
alphabet, y = omniglot.data[:, -1], omniglot.target
X = np.column_stack([ImageCenterer((28, 28)).fit_transform(omniglot.data[:, :-1]), alphabet])

# %%
# Each of the five alphabets is the new one in turn. Three models name ten of its characters:
#
# * *own*: the character whose mean drawing is nearest, by the few drawings alone;
# * *pooled*: the same in the discriminant coordinates of all past characters;
# * *warm*: the same, adapted from the prior that past alphabets taught. The principal components travel with it.
names, models = ("own", "pooled", "warm"), {}
for new in np.unique(alphabet):
    past, labels = X[alphabet != new], y[alphabet != new]
    discriminants = make_pipeline(PCA(60, random_state=0), LinearDiscriminantAnalysis()).fit(past[:, :-1], labels)
    pooled = make_pipeline(FrozenEstimator(discriminants), NearestCentroid())
    warm = WarmStartClassifier(make_pipeline(PCA(60, random_state=0), NearestCentroid()), task=-1).fit(past, labels)
    models[new] = NearestCentroid(), pooled, warm

scores = {}
for shots, (k, name) in product((1, 5), enumerate(names)):
    asked = {"task": -1, "n_way": 10, "n_shots": shots, "n_episodes": 25, "random_state": 0}
    found = [few_shot_score(models[new][k], X[alphabet == new], y[alphabet == new], **asked) for new in models]
    scores[name, shots] = np.concatenate([each.scores for each in found])
    error = scores[name, shots].std() / np.sqrt(len(scores[name, shots]))
    print(f"{name:6} {shots} of each: {scores[name, shots].mean():.3f} ± {error:.3f} of new drawings are named right")

# %%
# Warm gains most from a single drawing of each; five tell much themselves. The pooled coordinates lose: they tell past
# characters apart, and these are not the ones that are asked for.
#
# Greek was new, and one drawing of each letter is known. Above stands a second one, below it the known drawing that it was
# taken for. A red frame is a mistake.
rows = np.flatnonzero(alphabet == 2).reshape(-1, 20)  # twenty drawings of each letter
known, asked = rows[:, 0], rows[:, 1]
taken = {"own": NearestCentroid().fit(X[known, :-1], y[known]), "warm": models[2][2].adapt(X[known, :-1], y[known])}
fig, axes = plt.subplots(3, len(rows), figsize=(14, 2.2), subplot_kw={"xticks": [], "yticks": []}, layout="constrained")
for line, (name, model) in zip(axes, {"new drawing": None, **taken}.items(), strict=True):
    line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for ax, row in zip(line, asked, strict=True):
        named = y[row] if model is None else model.predict(X[[row], :-1])[0]
        ax.imshow(omniglot.images[row if model is None else known[y[known] == named][0]], cmap="Greys")
        ax.spines[:].set(color="lightgrey" if named == y[row] else "tab:red", linewidth=2)
