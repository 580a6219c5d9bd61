"""One rival's comparison of two data frames, measured once: run.py <rival> <rows>."""
import os
import sys
import warnings

warnings.filterwarnings("ignore")
os.environ["DO_NOT_TRACK"] = "1"
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
import numpy as np

from frames import CATEGORIES, NUMBERS, frame, measure, rows

rival = sys.argv[1]
numbers = [f"number {c}" for c in range(NUMBERS)]
categories = [f"category {c}" for c in range(CATEGORIES)]


def scipy_all(a, b):
    """KS, and PSI and Jensen-Shannon over deciles, of numbers; chi-square, PSI and Jensen-Shannon of categories."""
    from scipy import stats
    from scipy.spatial import distance

    def distances(p, q):
        p, q = np.maximum(p / p.sum(), 1e-4), np.maximum(q / q.sum(), 1e-4)
        return ((q - p) * np.log(q / p)).sum(), distance.jensenshannon(p, q, 2)

    for name in numbers:
        x, y = a[name].to_numpy(), b[name].to_numpy()
        stats.ks_2samp(x, y, method="asymp")
        edges = np.unique(np.quantile(x, np.linspace(0, 1, 11)[1:-1]))
        bins = [np.bincount(np.searchsorted(edges, v, side="right"), minlength=len(edges) + 1) for v in (x, y)]
        distances(*bins)
    for name in categories:
        p, q = a[name].value_counts(), b[name].value_counts()
        table = np.vstack([p.to_numpy(), q.reindex(p.index, fill_value=0).to_numpy()])
        stats.chi2_contingency(table)
        distances(*table)


def evidently(a, b, **methods):
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    definition = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
    reference, current = (Dataset.from_pandas(data, definition) for data in (a, b))
    return Report([DataDriftPreset(**methods)]).run(current, reference).dict()


def nannyml(a, b):
    import nannyml as nml

    calculator = nml.UnivariateDriftCalculator(
        column_names=numbers + categories,
        treat_as_categorical=categories,
        chunk_number=1,
        continuous_methods=["kolmogorov_smirnov", "jensen_shannon"],
        categorical_methods=["chi2", "jensen_shannon"],
    )
    return calculator.fit(a).calculate(b)


def alibi(a, b):
    from alibi_detect.cd import TabularDrift

    def coded(data, levels):
        codes = [data[name].map({level: i for i, level in enumerate(levels[name])}).to_numpy(float) for name in categories]
        return np.column_stack([data[name].to_numpy() for name in numbers] + codes)

    levels = {name: sorted(a[name].unique()) for name in categories}
    places = {NUMBERS + i: len(levels[name]) for i, name in enumerate(categories)}
    return TabularDrift(coded(a, levels), p_val=0.05, categories_per_feature=places).predict(coded(b, levels))


def whylogs(a, b):
    """Its profiles alone; the comparison of two is small beside them."""
    import whylogs as why

    return [why.log(pandas=data).view() for data in (a, b)]


if rival == "ks":
    from scipy import stats

    random = np.random.default_rng(1)
    x, y = random.random(rows) + random.random(rows), random.random(rows) + random.random(rows)
    measure(lambda: stats.ks_2samp(x, y, method="asymp"))
else:
    # What a program imports isn't its work.
    imports = {"scipy": "scipy.stats", "evidently": "evidently.presets", "evidently-ks": "evidently.presets", "nannyml": "nannyml", "alibi": "alibi_detect.cd", "whylogs": "whylogs"}
    __import__(imports[rival])
    works = {
        "scipy": scipy_all,
        "evidently": evidently,
        "evidently-ks": lambda a, b: evidently(a, b, num_method="ks", cat_method="chisquare"),
        "nannyml": nannyml,
        "alibi": alibi,
        "whylogs": whylogs,
    }
    small = frame(500, 3), frame(500, 4)
    works[rival](*small)
    one, two = frame(rows, 1), frame(rows, 2)
    measure(lambda: works[rival](one, two))
