# Fits what the rivals serve: scikit-learn's pipeline with the same network (128, 64, 32), and its network as ONNX.
#   python prepare.py RECORDS.jsonl COLUMNS.json FOLDER
import json, os, sys
import joblib, numpy as np, pandas as pd
from skl2onnx import to_onnx
from sklearn.compose import ColumnTransformer
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

records, columns, folder = sys.argv[1:]
rows = [json.loads(line) for line in open(records)]
kinds = json.load(open(columns))
frame = pd.DataFrame([row["features"] for row in rows])[list(kinds)]
left = np.array([row["left"] for row in rows]).astype(int)
numbers = [name for name, kind in kinds.items() if not isinstance(kind, list)]
labels = {name: kind for name, kind in kinds.items() if isinstance(kind, list)}
one_hot = OneHotEncoder(categories=list(labels.values()), handle_unknown="ignore", sparse_output=False)
columns = ColumnTransformer([("num", StandardScaler(), numbers), ("cat", one_hot, list(labels))])
network = MLPClassifier((128, 64, 32), max_iter=5, random_state=0)
pipeline = Pipeline([("columns", columns), ("network", network)]).fit(frame, left)
joblib.dump(pipeline, os.path.join(folder, "pipeline.joblib"))
scaler = pipeline.named_steps["columns"].named_transformers_["num"]
json.dump(
    {"numbers": numbers, "mean": scaler.mean_.tolist(), "scale": scaler.scale_.tolist(), "labels": labels},
    open(os.path.join(folder, "encoding.json"), "w"),
)
width = network.coefs_[0].shape[0]
onnx = to_onnx(network, np.zeros((1, width), np.float32), options={"zipmap": False}, target_opset=15)
open(os.path.join(folder, "network.onnx"), "wb").write(onnx.SerializeToString())
