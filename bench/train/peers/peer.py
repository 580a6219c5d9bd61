"""The talk between the benchmark and a Python rival: one line asks for one epoch, one line of JSON answers."""
import json
import sys
import time

import numpy as np


def load_rows(arguments):
    """Arguments: folder, rows, features, batch size. Returns features, targets, batch size."""
    folder, rows, features, batch = arguments[0], int(arguments[1]), int(arguments[2]), int(arguments[3])
    x = np.fromfile(f"{folder}/x.f32", dtype="<f4").reshape(rows, features)
    y = np.fromfile(f"{folder}/y.f32", dtype="<f4")
    return x, y, batch


def answer(value):
    print(json.dumps(value), flush=True)


WARM_UP_SECONDS = 0.5
TURN_SECONDS = 0.25


def serve(name, train_epoch):
    """
    A turn is as many epochs as a quarter of a second holds, at least one; its answer is their mean. `train_epoch()`
    trains one and returns its loss, or (loss, processor s, wall s) where it times itself.
    """
    start, epochs = time.perf_counter(), 0
    while epochs < 2 or time.perf_counter() - start < WARM_UP_SECONDS:
        train_epoch()
        epochs += 1
    answer({"ready": name})
    for _ in sys.stdin:
        turns = []
        while sum(wall for _, _, wall in turns) < TURN_SECONDS:
            cpu, wall = time.process_time(), time.perf_counter()
            done = train_epoch()
            turns.append(done if isinstance(done, tuple) else (done, time.process_time() - cpu, time.perf_counter() - wall))
        mean = np.mean(turns, axis=0)
        answer({"loss": float(turns[-1][0]), "cpu": mean[1] * 1e3, "wall": mean[2] * 1e3, "epochs": len(turns)})
