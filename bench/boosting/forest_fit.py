"""Grows a forest with scikit-learn as bench/boosting.mjs asks; prints processor and wall seconds."""
import json
import sys
import time

import numpy as np
import sklearn
from sklearn.ensemble import RandomForestClassifier

folder = sys.argv[1]
job = json.loads(sys.argv[2])
x = np.fromfile(f"{folder}/x.f32", dtype="<f4").reshape(job["rows"], job["width"])
y = np.fromfile(f"{folder}/y.u8", dtype="u1")
train = job["training"]

cpu, wall = time.process_time(), time.perf_counter()
model = RandomForestClassifier(
    n_estimators=job["rounds"], min_samples_leaf=job["leafRows"], max_features="sqrt", n_jobs=job["threads"], random_state=0
)
model.fit(x[:train], y[:train])
scores = model.predict_proba(x[train:])[:, 1]
scores.astype("<f8").tofile(f"{folder}/scores.f64")
print(json.dumps({"version": sklearn.__version__, "cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}))
