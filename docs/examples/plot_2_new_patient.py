"""
A new patient with five rows
============================

42 people with Parkinson's disease recorded their voice at home for half a year; a clinical score is to be
told from the recordings. A new patient has come a few times. How good is a model for this patient, and how
sure is it of itself?
"""

# %%
# How good, after how many rows
# -----------------------------
# Every patient is held out in turn, and a few of their rows are given back. The score is interpolated between
# visits to the clinic, so it matters which rows. With random ones the model interpolates; with a patient's
# *first* ones it forecasts, which is harder: a score that has risen for ten rows need not go on rising, and the
# other patients do not tell. There, with ten rows, the own model is the better one.
import matplotlib.pyplot as plt
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import WarmStartRegressor, shot_curve
from skmeta.datasets import load_parkinsons
from skmeta.inspection import ShotCurveDisplay
from skmeta.model_selection import OwnModel, PooledModel, ResidualModel

X, y = load_parkinsons(return_X_y=True, as_frame=True)
ridge = make_pipeline(StandardScaler(), Ridge())
models = {
    "own model only": OwnModel(ridge, task="patient"),
    "one pooled model": PooledModel(ridge, task="patient"),
    "pooled + own residual": ResidualModel(ridge, task="patient"),
    "warm": WarmStartRegressor(ridge, task="patient"),
}

fig, axes = plt.subplots(1, 2, figsize=(10, 4.5), sharey=True, layout="constrained")
for ax, title, order in zip(axes, ("random rows", "first rows"), (None, "test_time"), strict=True):
    curve = shot_curve(models, X, y, task="patient", n_shots=(0, 1, 2, 5, 10), order=order, random_state=0)
    print(title, curve, "", sep="\n")
    ShotCurveDisplay.from_result(curve, ax=ax, band_style=None)
    ax.set(title=title, ylim=(0, 13))

# %%
# One patient, step by step
# -------------------------
# We learn from all others, and let the model see more and more of one patient's days. The band is a 90 %
# interval: what is still unknown of this patient, and the noise of a single measurement.
others, new = X["patient"] != 36, X["patient"] == 36
prior = WarmStartRegressor(ridge, task="patient").fit(X[others], y[others]).prior_

patient = X[new].sort_values("test_time").drop(columns="patient")
score = y[patient.index]
day = patient["test_time"]

fig, axes = plt.subplots(1, 3, figsize=(10, 3.5), sharey=True, layout="constrained")
for ax, n_rows in zip(axes, (1, 3, 8), strict=True):
    known = patient.sample(n_rows, random_state=1).index
    model = WarmStartRegressor(ridge, prior=prior).fit(patient.loc[known], score[known])
    mean, std = model.predict(patient, return_std=True)
    ax.fill_between(day, mean - 1.64 * std, mean + 1.64 * std, alpha=0.2, label="90 % interval")
    ax.plot(day, mean, label="predicted")
    ax.plot(day, score, ".", color="grey", label="true score")
    ax.plot(day[known], score[known], "o", color="black", label="known")
    ax.set(title=f"{n_rows} known", xlabel="day")
axes[0].set_ylabel("total UPDRS")
axes[-1].legend(fontsize="small")

# %%
# What comes out of it predicts without skmeta: a scaler fitted on the collection, and a ridge regression with
# this patient's coefficients.
model.estimator_
