"""MAML's exact gradient of a net by parallel-metalearn, whose meta-step is run with an outer rate of zero."""

from __future__ import annotations


def by_its_step(weights, rate):
    """A function of ``(X, y, Xq, yq)``, tasks first, that gives the gradient of the mean query loss."""
    import torch
    from metalearn.algorithms.MAML import MAML
    from metalearn.inner_optimizers.optimizers import InnerSGD
    from metalearn.loss.base import BaseLoss
    from metalearn.model_wrappers.MAMLWrapper import MAML_Model

    class Layers(torch.nn.Sequential):
        def forward(self, x, **_):
            return super().forward(x)

    class HalfSquare(BaseLoss):
        def forward(self, out_dict, targets, model_states=None, **_):
            loss = 0.5 * ((out_dict["logits"] - targets) ** 2).mean()
            return loss, loss.detach()

    layers = [_linear(*pair) for pair in zip(weights[::2], weights[1::2], strict=True)]
    hidden = [part for layer in layers[:-1] for part in (layer, torch.nn.ReLU())]
    model = MAML_Model(Layers(*hidden), Layers(layers[-1]))
    learner = MAML(
        model=model,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.0),
        inner_optimizer=InnerSGD(model.get_fast_weights(), inner_lr=rate, learn_lr=False),
        support_loss_fn=HalfSquare(),
        device=torch.device("cpu"),
    )
    learner.inner_optimizer.to(weights[0].dtype)

    def gradient(*rows):
        learner.step(iter([rows]))
        return [part for layer in layers for part in (layer.weight.grad.T, layer.bias.grad)]

    return gradient


def _linear(weight, intercept):
    import torch

    layer = torch.nn.Linear(*weight.shape, dtype=weight.dtype)
    with torch.no_grad():
        layer.weight.copy_(weight.T)
        layer.bias.copy_(intercept)
    return layer
