"""MAML's exact gradient of a net by torch: of all tasks at once under vmap, or of one task after another."""

from __future__ import annotations

import numpy as np


def layers(network, start):
    """Weights and intercepts of a vector, as torch has them."""
    import torch

    coefs, intercepts = network.unpack(start)
    return tuple(
        torch.tensor(array, requires_grad=True) for pair in zip(coefs, intercepts, strict=True) for array in pair
    )


def _half_square(weights, X, y):
    import torch

    for number in range(0, len(weights), 2):
        X = X @ weights[number] + weights[number + 1]
        X = torch.relu(X) if number < len(weights) - 2 else X
    return 0.5 * ((X - y) ** 2).mean()


def by_vmap(weights, rate):
    """A function of ``(X, y, Xq, yq)``, tasks first, that gives the gradient of the mean query loss."""
    from torch.func import grad, vmap

    def of_task(weights, X, y, Xq, yq):
        steps = grad(_half_square)(weights, X, y)
        return _half_square(tuple(w - rate * g for w, g in zip(weights, steps, strict=True)), Xq, yq)

    def objective(weights, *rows):
        return vmap(of_task, in_dims=(None, 0, 0, 0, 0))(weights, *rows).mean()

    return lambda *rows: grad(objective)(weights, *rows)


def by_autograd(weights, rate):
    """The same, a task after the other."""
    import torch

    def gradient(*rows):
        total = 0.0
        for X, y, Xq, yq in zip(*rows, strict=True):
            steps = torch.autograd.grad(_half_square(weights, X, y), weights, create_graph=True)
            total = total + _half_square([w - rate * g for w, g in zip(weights, steps, strict=True)], Xq, yq)
        return torch.autograd.grad(total / len(rows[0]), weights)

    return gradient


WAYS = {"torch.func, vmap": by_vmap, "torch, a task after the other": by_autograd}


def packed(network, gradient):
    """The vector of a gradient by layers."""
    arrays = [np.asarray(array.detach()) for array in gradient]
    return network.pack(arrays[::2], arrays[1::2])
