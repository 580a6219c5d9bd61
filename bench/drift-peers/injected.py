"""Evidently's and NannyML's verdicts on pairs of CSV files, some of one column, a line of JSON each: injected.py <rival> <folder>."""
import json
import os
import sys
import warnings

warnings.filterwarnings("ignore")
os.environ["DO_NOT_TRACK"] = "1"
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
import pandas as pd

rival, folder = sys.argv[1:3]


def read(name):
    return pd.read_csv(os.path.join(folder, name))


def kinds(data):
    numbers = [name for name in data.columns if name.startswith("amount")]
    return numbers, [name for name in data.columns if name not in numbers]


def evidently(reference, current):
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    numbers, categories = kinds(reference)
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
    result = Report([DataDriftPreset()]).run(*(Dataset.from_pandas(data, definition) for data in (current, reference))).dict()
    found = []
    for metric in result["metrics"]:
        config = metric.get("config", {})
        if "column" not in config:
            continue
        # P-value methods drift below their threshold, distances above it.
        below = "p_value" in str(config.get("method", ""))
        value, threshold = float(metric["value"]), float(config["threshold"])
        if value < threshold if below else value >= threshold:
            found.append(config["column"])
    return found


class NannyML:
    """Judges rows as one chunk, by the thresholds of a reference in chunks of as many rows, ten chunks at least."""

    def __init__(self, reference, rows):
        import nannyml as nml

        _, categories = kinds(reference)
        self.calculator = nml.UnivariateDriftCalculator(column_names=list(reference.columns), treat_as_categorical=categories, chunk_size=min(rows, len(reference) // 10))
        self.calculator.fit(reference)
        self.calculator.chunker = nml.chunk.CountBasedChunker(chunk_number=1)
        self.columns = list(reference.columns)

    def __call__(self, current):
        data = self.calculator.calculate(current).filter(period="analysis").to_df(multilevel=True)
        return [name for name in self.columns if any(data[(name, method, "alert")].any() for method in {key[1] for key in data.columns if key[0] == name})]


reference = read("reference.csv")
fitted = {}


def judge(current):
    columns = tuple(current.columns)
    before = reference[list(columns)]
    if rival == "evidently":
        return evidently(before, current)
    key = columns, len(current)
    if key not in fitted:
        fitted[key] = NannyML(before, len(current))
    return fitted[key](current)


for name in sorted(os.listdir(folder)):
    if name == "reference.csv" or not name.endswith(".csv"):
        continue
    try:
        found = judge(read(name))
    except Exception as error:
        print(json.dumps({"file": name, "error": str(error)[:200]}), flush=True)
        continue
    print(json.dumps({"file": name, "found": found}), flush=True)
