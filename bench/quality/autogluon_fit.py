"""AutoGluon on one split. Arguments: a JSON file with file, target, positive, drop, categorical, testRows, seconds."""
import json
import shutil
import sys
import tempfile
import time

import pandas as pd
from autogluon.tabular import TabularPredictor
from sklearn.metrics import accuracy_score, brier_score_loss, f1_score, log_loss, roc_auc_score

with open(sys.argv[1]) as file:
    plan = json.load(file)

table = pd.read_csv(plan["file"]).drop(columns=plan["drop"])
table = table.astype({column: "category" for column in plan["categorical"]})
table[plan["target"]] = (table[plan["target"]].astype(str) == plan["positive"]).astype(int)
chosen = table.index.isin(plan["testRows"])
train, test = table[~chosen], table[chosen]

folder = tempfile.mkdtemp(prefix="autogluon-")
started = time.perf_counter()
predictor = TabularPredictor(plan["target"], eval_metric="log_loss", path=folder, verbosity=0).fit(
    train, presets="best_quality", time_limit=plan["seconds"], num_cpus=2, num_gpus=0
)
seconds = time.perf_counter() - started

started = time.perf_counter()
probability = predictor.predict_proba(test)[1].to_numpy()
label = test[plan["target"]].to_numpy()
print(
    json.dumps(
        {
            "auc": roc_auc_score(label, probability),
            "logLoss": log_loss(label, probability),
            "brier": brier_score_loss(label, probability),
            "accuracy": accuracy_score(label, probability > 0.5),
            "f1": f1_score(label, probability > 0.5),
            "seconds": seconds,
            "secondsToScore": time.perf_counter() - started,
            "models": len(predictor.model_names()),
        }
    )
)
shutil.rmtree(folder, ignore_errors=True)
