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


def serve(name, train_epoch):
    """`train_epoch()` trains one epoch and returns its loss, or (loss, processor s, wall s) where it times itself."""
    for _ in range(2):
        train_epoch()
    answer({"ready": name})
    for _ in sys.stdin:
        cpu, wall = time.process_time(), time.perf_counter()
        done = train_epoch()
        if isinstance(done, tuple):
            loss, cpu, wall = done
        else:
            loss, cpu, wall = done, time.process_time() - cpu, time.perf_counter() - wall
        answer({"loss": float(loss), "cpu": cpu * 1e3, "wall": wall * 1e3})
