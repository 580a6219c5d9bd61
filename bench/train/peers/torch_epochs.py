"""The churn network in PyTorch on one thread, with its fused Adam; L2 on a kernel is a weight decay of twice its rate."""
import sys

import torch
from torch import nn

from peer import load_rows, serve

torch.set_num_threads(1)
torch.set_num_interop_threads(1)
torch.manual_seed(1)


def churn_network(features):
    stages, penalised, width = [], [], features
    for units, rate, normalised in ((128, 0.3, True), (64, 0.3, True), (32, 0.2, False)):
        dense = nn.Linear(width, units)
        stages += [dense, nn.ReLU()]
        if normalised:
            stages.append(nn.BatchNorm1d(units, eps=0.001, momentum=0.01))
            penalised.append(dense.weight)
        stages.append(nn.Dropout(rate))
        width = units
    stages.append(nn.Linear(width, 1))
    network = nn.Sequential(*stages)
    for stage in network:
        if isinstance(stage, nn.Linear):
            nn.init.xavier_uniform_(stage.weight)
            nn.init.zeros_(stage.bias)
    return network, penalised


x, y, batch = load_rows(sys.argv[1:])
x, y = torch.from_numpy(x), torch.from_numpy(y)
network, penalised = churn_network(x.shape[1])
others = [p for p in network.parameters() if not any(p is q for q in penalised)]
optimiser = torch.optim.Adam(
    [{"params": penalised, "weight_decay": 0.002}, {"params": others}], lr=0.001, eps=1e-7, fused=True
)
cross_entropy = nn.BCEWithLogitsLoss()


def train_epoch():
    order = torch.randperm(len(x))
    total = torch.zeros(())
    for xs, ys in zip(x[order].split(batch), y[order].split(batch)):
        optimiser.zero_grad(set_to_none=True)
        loss = cross_entropy(network(xs).squeeze(1), ys)
        loss.backward()
        optimiser.step()
        total += loss.detach() * len(xs)
    return total / len(x)


serve(f"PyTorch {torch.__version__}", train_epoch)
