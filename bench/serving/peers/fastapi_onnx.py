# FastAPI, an encoder by hand and onnxruntime on one thread.
import json, os
import numpy as np, onnxruntime as ort
from customer import Batch, Customer
from fastapi import FastAPI

folder = os.environ["PEER_FOLDER"]
encoding = json.load(open(os.path.join(folder, "encoding.json")))
numbers = list(zip(encoding["numbers"], encoding["mean"], encoding["scale"]))
places, width = [], len(numbers)
for name, labels in encoding["labels"].items():
    places.append((name, {label: width + i for i, label in enumerate(labels)}))
    width += len(labels)
options = ort.SessionOptions()
options.intra_op_num_threads = 1
session = ort.InferenceSession(os.path.join(folder, "network.onnx"), options, providers=["CPUExecutionProvider"])
input_name, output_names = session.get_inputs()[0].name, [session.get_outputs()[1].name]


def encode(customer, x):
    values = customer.__dict__
    for i, (name, mean, scale) in enumerate(numbers):
        x[i] = (values[name] - mean) / scale
    for name, labels in places:
        x[labels[values[name]]] = 1


app = FastAPI()


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/predict")
async def predict(customer: Customer):
    x = np.zeros((1, width), np.float32)
    encode(customer, x[0])
    probability = float(session.run(output_names, {input_name: x})[0][0, 1])
    return {"probability": probability, "churn": probability > 0.5}


@app.post("/batch-predict")
async def predict_batch(batch: Batch):
    x = np.zeros((len(batch.records), width), np.float32)
    for i, customer in enumerate(batch.records):
        encode(customer, x[i])
    return {"probabilities": session.run(output_names, {input_name: x})[0][:, 1].tolist()}
