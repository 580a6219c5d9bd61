"""Learners of scikit-learn with a softmax of their own, on the folds of bench/classes.mjs.

sklearn_classes.py write FOLDER     writes digits.csv and wine.csv, which come in the package
sklearn_classes.py run JOB          prints each peer's out-of-fold probabilities of all classes
"""
import json
import sys
import time

import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_digits, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

words, numbers = make_column_selector(dtype_exclude=np.number), make_column_selector(dtype_include=np.number)


def encoded():
    return make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), words),
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
    )


class Mean:
    """The mean of models that differ by their seed."""

    def __init__(self, make, count):
        self.models = [make(seed) for seed in range(count)]

    def fit(self, x, y):
        for model in self.models:
            model.fit(x, y)
        return self

    def predict_proba(self, x):
        return np.mean([model.predict_proba(x) for model in self.models], axis=0)


def logistic():
    return make_pipeline(
        encoded(),
        LogisticRegressionCV(Cs=np.logspace(-3, 2, 11), cv=5, scoring="neg_log_loss", max_iter=2000, l1_ratios=(0,), use_legacy_attributes=False),
    )


def network():
    one = lambda seed: make_pipeline(
        encoded(), MLPClassifier((128, 64), early_stopping=True, n_iter_no_change=10, max_iter=300, random_state=seed)
    )
    return Mean(one, 8)


def boosting():
    ordinal = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), words),
        remainder="passthrough",
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    one = lambda seed: make_pipeline(
        ordinal,
        HistGradientBoostingClassifier(
            learning_rate=0.05, max_leaf_nodes=8, max_iter=1000, early_stopping=True, n_iter_no_change=20, random_state=seed
        ),
    )
    return Mean(one, 5)


def forest():
    search = GridSearchCV(
        RandomForestClassifier(300, random_state=0), {"min_samples_leaf": [1, 3, 10]}, scoring="neg_log_loss", cv=3
    )
    return make_pipeline(encoded(), search)


makers = {"logistic": logistic, "network": network, "boosting": boosting, "forest": forest}


def write(folder):
    for name, load in {"digits": load_digits, "wine": load_wine}.items():
        data = load(as_frame=True)
        frame = data.data.rename(columns=lambda column: column.replace("/", "_"))
        frame["label"] = [f"c{code}" for code in data.target]
        frame.to_csv(f"{folder}/{name}.csv", index=False)


def run(path):
    job = json.load(open(path))
    frame = pd.read_csv(job["file"], na_values=[" "]).iloc[job["rows"]].reset_index(drop=True)
    codes = frame[job["target"]].map({label: k for k, label in enumerate(job["classes"])}).to_numpy()
    x = frame.drop(columns=[job["target"], *job["drop"]])
    folds = np.array(job["foldOf"])
    results = {}
    for name in job["learners"]:
        start = time.process_time()
        out = np.zeros((len(x), len(job["classes"])))
        for fold in sorted(set(folds)):
            model = makers[name]().fit(x[folds != fold], codes[folds != fold])
            out[folds == fold] = model.predict_proba(x[folds == fold])
        results[name] = {"probabilities": out.ravel().tolist(), "seconds": time.process_time() - start}
    print(json.dumps({"version": sklearn.__version__, "results": results}))


{"write": write, "run": run}[sys.argv[1]](sys.argv[2])
