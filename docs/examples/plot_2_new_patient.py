"""
A new patient with five rows
============================

42 people with Parkinson's disease recorded their voice at home for half a year; a clinical score is to be
told from the recordings. A new patient has come a few times. How good is a model for this patient, and how
sure is it of itself?

The score is interpolated between visits to the clinic. Here the rows a model knows are a patient's *first*
ones, and the later ones are predicted: a forecast, the harder question.
"""

# %%
# How good, after how many rows
# -----------------------------
# Every patient is held out in turn.
import matplotlib.pyplot as plt
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import ShotCurveDisplay, WarmStartRegressor, shot_curve
from skmeta.datasets import load_parkinsons
from skmeta.model_selection import OwnModel, PooledModel, ResidualModel

X, y = load_parkinsons(return_X_y=True, as_frame=True)
ridge = make_pipeline(StandardScaler(), Ridge())
models = {
    "own model only": OwnModel(ridge, task="patient"),
    "one pooled model": PooledModel(ridge, task="patient"),
    "pooled + own residual": ResidualModel(ridge, task="patient"),
    "warm": WarmStartRegressor(ridge, task="patient"),
}
curve = shot_curve(models, X, y, task="patient", n_shots=(0, 1, 2, 5, 10), order="test_time", random_state=0)
print(curve)

# %%
ShotCurveDisplay.from_curve(curve)

# %%
# One patient, step by step
# -------------------------
# We learn from all others, and let the model see one more visit at a time. The band is a 90 % interval: what
# is still unknown of this patient, and the noise of a single measurement.
others, new = X["patient"] != 7, X["patient"] == 7
prior = WarmStartRegressor(ridge, task="patient").fit(X[others], y[others]).prior_

patient = X[new].sort_values("test_time")
score = y[patient.index]
patient = patient.drop(columns="patient")

fig, axes = plt.subplots(1, 3, figsize=(10, 3.5), sharey=True, layout="constrained")
for ax, n_visits in zip(axes, (1, 3, 8), strict=True):
    known = WarmStartRegressor(ridge, prior=prior).fit(patient[:n_visits], score[:n_visits])
    mean, std = known.predict(patient, return_std=True)
    day = patient["test_time"]
    ax.fill_between(day, mean - 1.64 * std, mean + 1.64 * std, alpha=0.2, label="90 % interval")
    ax.plot(day, mean, label="predicted")
    ax.plot(day[n_visits:], score[n_visits:], ".", color="grey", label="to come")
    ax.plot(day[:n_visits], score[:n_visits], "o", color="black", label="known")
    ax.set(title=f"{n_visits} visits: the prior is worth {known.borrowing_:.1f}", xlabel="day")
axes[0].set_ylabel("total UPDRS")
axes[-1].legend(fontsize="small")

# %%
# What comes out of it predicts without skmeta: a scaler fitted on the collection, and a ridge regression with
# this patient's coefficients.
known.estimator_
