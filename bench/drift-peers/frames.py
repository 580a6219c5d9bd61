"""Two data frames of 14 numbers and 6 text categories, alike but for chance, and how a rival's run is measured."""
import json
import resource
import sys
import time

import numpy as np
import pandas as pd

NUMBERS, CATEGORIES = 14, 6


def frame(rows, seed):
    random = np.random.default_rng(seed)
    shapes = [
        lambda: random.random(rows),
        lambda: random.random(rows) + random.random(rows) + random.random(rows),
        lambda: random.random(rows) ** 4 * 1e4,
        lambda: np.floor(random.random(rows) * 72),
        lambda: 1.5e12 + np.floor(random.random(rows) * 2e8),
    ]
    columns = {f"number {c}": shapes[c % len(shapes)]() for c in range(NUMBERS)}
    for c in range(CATEGORIES):
        levels = np.array([f"level {i}" for i in range(3 + 4 * c)], dtype=object)
        columns[f"category {c}"] = levels[np.floor(random.random(rows) ** 2 * len(levels)).astype(int)]
    return pd.DataFrame(columns)


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def measure(work):
    """Runs `work()` once: processor and wall milliseconds, and what it adds to the peak of memory."""
    before, cpu, wall = resident(), time.process_time(), time.perf_counter()
    result = work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu": cpu * 1e3, "wall": wall * 1e3, "added": max(0, peak - before)}), flush=True)
    return result


rows = int(sys.argv[2]) if len(sys.argv) > 2 else 0
