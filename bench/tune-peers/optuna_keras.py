"""Configurations of the churn network by Optuna and Keras. Arguments: folder with x.f32, y.f32 and trials.json, rows, features."""
import json
import os
import resource
import sys
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras
import numpy as np
import optuna
from keras import layers, regularizers

folder, rows, features = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
x = np.fromfile(f"{folder}/x.f32", dtype="<f4").reshape(rows, features)
y = np.fromfile(f"{folder}/y.f32", dtype="<f4")
with open(f"{folder}/trials.json") as file:
    plan = json.load(file)


def churn_network(units, dropout, learning_rate, l2):
    network = keras.Sequential([keras.Input(shape=(features,))])
    for size in units[:-1]:
        network.add(layers.Dense(size, activation="relu", kernel_regularizer=regularizers.L2(l2)))
        network.add(layers.BatchNormalization())
        network.add(layers.Dropout(dropout))
    network.add(layers.Dense(units[-1], activation="relu"))
    network.add(layers.Dropout(dropout))
    network.add(layers.Dense(1, activation="sigmoid"))
    network.compile(optimizer=keras.optimizers.Adam(learning_rate), loss="binary_crossentropy")
    return network


def objective(trial):
    """Log loss over the folds; each network trains on four fifths of the other rows, as ours does."""
    units = [int(size) for size in trial.suggest_categorical("units", plan["units"]).split(",")]
    dropout = trial.suggest_float("dropout", 0, 0.5)
    learning_rate = trial.suggest_float("learningRate", 3e-4, 0.01, log=True)
    l2 = trial.suggest_float("l2", 1e-5, 1e-2, log=True)
    batch = trial.suggest_categorical("batchSize", [32, 64, 128, 256])
    order = np.random.default_rng(0).permutation(rows)
    losses = []
    for test in np.array_split(order, plan["folds"]):
        rest = np.setdiff1d(order, test)
        network = churn_network(units, dropout, learning_rate, l2)
        network.fit(x[rest], y[rest], batch_size=batch, epochs=plan["epochs"], validation_split=0.2, verbose=0)
        losses.append(float(network.evaluate(x[test], y[test], batch_size=1024, verbose=0)))
        keras.backend.clear_session()
    return float(np.mean(losses))


optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
for params in plan["trials"]:
    study.enqueue_trial(params)
wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
study.optimize(objective, n_trials=len(plan["trials"]))
after = resource.getrusage(resource.RUSAGE_SELF)
print(
    json.dumps(
        {
            "wall": time.perf_counter() - wall,
            "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "best": study.best_value,
        }
    )
)
