"""From a Telco CSV to a trained and saved Keras churn network. Arguments: CSV file, epochs, file for the model."""
import csv
import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np

from keras_epochs import churn_network

NUMBERS = ("tenure", "MonthlyCharges", "TotalCharges")
LEFT_OUT = ("customerID", "Churn")


def encode(rows):
    """Standardised numbers (a missing one at the mean) and one-hot categories."""
    columns = []
    for name in rows[0]:
        if name in LEFT_OUT:
            continue
        texts = [row[name].strip() for row in rows]
        if name in NUMBERS:
            values = np.array([float(text) if text else np.nan for text in texts])
            scaled = (values - np.nanmean(values)) / np.nanstd(values)
            columns.append(np.nan_to_num(scaled))
        else:
            array = np.array(texts)
            columns.extend((array == level) for level in sorted(set(texts)))
    return np.stack(columns, axis=1).astype("float32")


with open(sys.argv[1], newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
x = encode(rows)
y = np.array([row["Churn"] == "Yes" for row in rows], dtype="float32")
order = np.random.default_rng(1).permutation(len(y))
network = churn_network(x.shape[1])
network.fit(x[order], y[order], batch_size=32, epochs=int(sys.argv[2]), validation_split=0.2, verbose=0)
network.save(sys.argv[3])
