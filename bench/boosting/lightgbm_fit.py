"""Boosts trees with LightGBM as bench/boosting.mjs asks; prints processor and wall seconds, and the held-out log-odds' file."""
import json
import sys
import time
import warnings

import lightgbm
import numpy as np

warnings.filterwarnings("ignore")
folder = sys.argv[1]
job = json.loads(sys.argv[2])
x = np.fromfile(f"{folder}/x.f32", dtype="<f4").reshape(job["rows"], job["width"])
y = np.fromfile(f"{folder}/y.u8", dtype="u1")
train = job["training"]

cpu, wall = time.process_time(), time.perf_counter()
shared = {"max_bin": 255, "feature_pre_filter": False, "num_threads": job["threads"], "verbose": -1}
data = lightgbm.Dataset(x[:train], y[:train], params=shared)
held_out = data.create_valid(x[train:], y[train:])
scores = np.zeros(job["rows"] - train)
for member in range(job["members"]):
    model = lightgbm.train(
        {
            **shared,
            "objective": "binary",
            "metric": "binary_logloss",
            "learning_rate": job["learningRate"],
            "num_leaves": job["leaves"],
            "lambda_l2": job["l2"],
            "min_sum_hessian_in_leaf": job["minChildWeight"],
            "min_data_in_leaf": 1,
            "bagging_fraction": job["rowShare"],
            "bagging_freq": 1 if job["rowShare"] < 1 else 0,
            "feature_fraction": job["featureShare"],
            "seed": member,
        },
        data,
        num_boost_round=job["rounds"],
        valid_sets=[held_out],
    )
    scores += model.predict(x[train:], raw_score=True) / job["members"]
scores.astype("<f8").tofile(f"{folder}/scores.f64")
print(json.dumps({"version": lightgbm.__version__, "cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}))
