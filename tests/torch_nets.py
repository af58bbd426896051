"""A small torch module for tests of nets of other packages; imported inside tests alone, as torch is an extra."""

import torch


class Net(torch.nn.Module):
    """One hidden layer and batch normalisation, which keeps running means beside weights."""

    def __init__(self, n_in=3, n_hidden=6, n_out=1, flat=True):
        super().__init__()
        self.hidden = torch.nn.Linear(n_in, n_hidden)
        self.norm = torch.nn.BatchNorm1d(n_hidden)
        self.out = torch.nn.Linear(n_hidden, n_out)
        self.flat = flat

    def forward(self, X):
        out = self.out(torch.relu(self.norm(self.hidden(X))))
        return out[:, 0] if self.flat else out
