"""
An episode: five characters, one drawing of each
================================================

The protocol of few-shot learning scores a model by many small tests. This is one of them: five characters of an alphabet that
the model has not seen, one drawing of each to learn from (the *shots*), and five more of each to name (the *queries*).
"""

# %%
# ``NWaySplit`` draws episodes as splits of a cross-validation: all rows of the other alphabets and the shots train, the queries
# test.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline

from skmeta import NWaySplit, WarmStartClassifier
from skmeta.datasets import load_omniglot
from skmeta.preprocessing import ImageCenterer

omniglot = load_omniglot()
X, y = omniglot.data, omniglot.target
nearest = make_pipeline(ImageCenterer((28, 28)), PCA(60, random_state=0), NearestCentroid())
model = WarmStartClassifier(nearest, task=-1)
episodes = NWaySplit(-1, n_way=5, n_shots=1, n_queries=5, n_episodes=4, random_state=0)
train, test = next(episodes.split(X, y))
named = model.fit(X[train], y[train]).predict(X[test])

# %%
# On the left the shots, beside them the queries. What was named wrong has a red frame, and the name that it got below.
alphabet = X[test[0], -1]
shots = train[X[train, -1] == alphabet]
fig, axes = plt.subplots(5, 6, figsize=(6, 6), subplot_kw={"xticks": [], "yticks": []}, layout="constrained")
for line, shot in zip(axes, shots, strict=True):
    line[0].imshow(omniglot.images[shot], cmap="Greys_r")
    line[0].set_ylabel(y[shot].split("/")[1])
    of_this = np.flatnonzero(y[test] == y[shot])
    for ax, query in zip(line[1:], of_this, strict=True):
        right = named[query] == y[shot]
        ax.imshow(omniglot.images[test[query]], cmap="Greys")
        ax.spines[:].set(color="lightgrey" if right else "tab:red", linewidth=2)
        ax.set_xlabel("" if right else named[query].split("/")[1], color="tab:red")
fig.suptitle(f"shots, and queries of {omniglot.alphabets[int(alphabet)]}: {np.mean(named == y[test]):.0%} right")

# %%
# One episode says little. Four say a bit more; ``few_shot_score`` has hundreds, of tasks that are kept apart.
cross_val_score(model, X, y, cv=episodes)
