"""Reads models and rows as JSON from stdin and writes what the shap package says of them."""
import json
import sys

import numpy as np
import shap

given = json.load(sys.stdin)
background = np.array(given["background"], dtype=np.float64)
rows = np.array(given["rows"], dtype=np.float64)
masker = shap.maskers.Independent(background, max_samples=len(background))
found = {}

linear = given["linear"]
found["linear"] = shap.LinearExplainer((np.array(linear["weights"]), linear["bias"]), masker).shap_values(rows).tolist()


def network(layers, x):
    for i, (kernel, bias) in enumerate(layers):
        x = x @ np.array(kernel) + np.array(bias)
        if i < len(layers) - 1:
            x = np.maximum(x, 0)
    return x[:, 0]


def log_odds(x):
    p = np.mean([1 / (1 + np.exp(-network(layers, x))) for layers in given["networks"]], axis=0)
    return np.log(p / (1 - p))


found["outputs"] = log_odds(rows).tolist()
found["shapley"] = shap.explainers.Exact(log_odds, masker)(rows).values.tolist()


def as_shap(tree):
    features = np.array(tree["features"])
    leaf = features < 0
    values = np.array(tree["values"], dtype=np.float64)
    left = np.where(leaf, -1, np.arange(len(features)) + 1)
    return {
        "children_left": left,
        "children_right": np.where(leaf, -1, np.array(tree["right"])),
        "children_default": left,
        "features": features,
        "thresholds": np.where(leaf, 0, values),
        "values": np.where(leaf, values, 0)[:, None],
        "node_sample_weight": np.ones(len(features)),
    }


explainer = shap.TreeExplainer({"trees": [as_shap(tree) for tree in given["trees"]]}, data=background, feature_perturbation="interventional")
found["trees"] = explainer.shap_values(rows, check_additivity=False).tolist()

try:
    import torch
except ImportError:
    found["gradients"] = None
else:

    class LogOdds(torch.nn.Module):
        def forward(self, x):
            total = 0
            for layers in given["networks"]:
                a = x
                for i, (kernel, bias) in enumerate(layers):
                    a = a @ torch.tensor(kernel, dtype=torch.float32) + torch.tensor(bias, dtype=torch.float32)
                    if i < len(layers) - 1:
                        a = torch.relu(a)
                total = total + torch.sigmoid(a)
            p = total / len(given["networks"])
            return torch.log(p / (1 - p))

    gradients = shap.GradientExplainer(LogOdds(), torch.tensor(background, dtype=torch.float32), batch_size=1000)
    values = np.array(gradients.shap_values(torch.tensor(rows, dtype=torch.float32), nsamples=20000, rseed=1))
    found["gradients"] = values.reshape(rows.shape).tolist()

json.dump(found, sys.stdout)
