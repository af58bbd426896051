"""Can a linear model behind a spline learn what sinusoids share, from ten points of a new one?

Mean squared error on new waves after 5 and 10 points, and seconds to learn from 200 waves of 20 points each. The net is
MAML's own (two hidden layers of 40, one inner gradient step), cut short: as many iterations as asked for, not its 70,000.
"""

import _peers
import numpy as np
from _common import Table, clocked, read_arguments
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from skmeta import WarmStartRegressor
from skmeta.datasets import make_sinusoids
from skmeta.model_selection import OwnModel, PooledModel

SHOTS, N_NEW, N_ROWS = (5, 10), 100, 60


def curve_model():
    return make_pipeline(SplineTransformer(20), Ridge())


def errors(predict, X, y):
    """Mean squared error of ``predict(X_known, y_known, X_query)`` over new waves, for each number of points."""
    total = np.zeros(len(SHOTS))
    for rows in np.split(np.arange(len(y)), N_NEW):
        query = rows[max(SHOTS) :]
        for i, n in enumerate(SHOTS):
            total[i] += np.mean((predict(X[rows[:n], :1], y[rows[:n]], X[query, :1]) - y[query]) ** 2)
    return total / N_NEW


def maml(X, y, iterations, step=0.01, batch=25, width=40):
    """``(predict, seconds)`` of MAML with exact second-order gradients in torch, on the same waves."""
    import torch

    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    sizes = [(1, width), (width, width), (width, 1)]
    weights = [torch.nn.init.xavier_uniform_(torch.empty(b, a)).requires_grad_() for a, b in sizes]
    weights += [torch.zeros(b, requires_grad=True) for _, b in sizes]
    tasks = torch.tensor(np.column_stack([X[:, 0], y]).reshape(-1, 20, 2), dtype=torch.float32)

    def forward(w, x):
        for i in range(3):
            x = x @ w[i].T + w[3 + i]
            x = torch.relu(x) if i < 2 else x
        return x

    def adapted(w, x, target, create_graph):
        loss = torch.mean((forward(w, x) - target) ** 2)
        slopes = torch.autograd.grad(loss, w, create_graph=create_graph)
        return [a - step * g for a, g in zip(w, slopes, strict=True)]

    def learn():
        optimizer = torch.optim.Adam(weights, lr=1e-3)
        for _ in range(iterations):
            optimizer.zero_grad()
            for t in rng.integers(0, len(tasks), batch):
                rows = tasks[t][torch.tensor(rng.permutation(20))]
                fast = adapted(weights, rows[:10, :1], rows[:10, 1:], True)
                (torch.mean((forward(fast, rows[10:, :1]) - rows[10:, 1:]) ** 2) / batch).backward()
            optimizer.step()

    def predict(X_known, y_known, X_query):
        known, target = torch.tensor(X_known, dtype=torch.float32), torch.tensor(y_known[:, None], dtype=torch.float32)
        with torch.enable_grad():
            fast = adapted(weights, known, target, False)
        return forward(fast, torch.tensor(X_query, dtype=torch.float32)).detach().numpy()[:, 0]

    _, seconds = clocked(learn)
    return predict, seconds


def main():
    args = read_arguments(__doc__, iterations=500)
    X, y, _ = make_sinusoids(200, 20, random_state=0)
    new = make_sinusoids(N_NEW, N_ROWS, random_state=1)[:2]
    table = Table("Sinusoids: mean squared error on new waves", ["model", *(f"{n} points" for n in SHOTS), "seconds"])
    warm = WarmStartRegressor(curve_model(), task=-1)
    _, seconds = clocked(lambda: warm.fit(X, y))
    found = {
        "warm: SplineTransformer(20), Ridge()": (
            errors(lambda a, b, q: warm.prior_.adapt(curve_model(), a, b).predict(q), *new),
            seconds,
        )
    }
    own, pooled = OwnModel(curve_model()), PooledModel(curve_model(), task=-1)
    found["own, the same pipeline"] = errors(lambda a, b, q: own.fit(a, b).predict(q), *new), 0.0
    _, seconds = clocked(lambda: pooled.fit(X, y))
    found["pooled, the same pipeline"] = errors(lambda a, b, q: pooled.estimator_.predict(q), *new), seconds
    if not _peers.missing("torch"):
        iterations = args.iterations // (10 if args.quick else 1)
        predict, seconds = maml(X, y, iterations)
        found[f"MAML in torch, {iterations} iterations only"] = errors(predict, *new), seconds
    for name, (error, seconds) in found.items():
        table.add(name, *(f"{e:.2g}" for e in error), f"{seconds:.2f}")
    table.show(*_peers.not_installed("torch"))


if __name__ == "__main__":
    main()
