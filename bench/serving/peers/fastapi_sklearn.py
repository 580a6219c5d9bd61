# FastAPI and scikit-learn's pipeline on a pandas frame.
import os
import joblib, pandas as pd
from customer import Batch, Customer
from fastapi import FastAPI

pipeline = joblib.load(os.path.join(os.environ["PEER_FOLDER"], "pipeline.joblib"))
app = FastAPI()


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/predict")
def predict(customer: Customer):
    probability = float(pipeline.predict_proba(pd.DataFrame([customer.model_dump()]))[0, 1])
    return {"probability": probability, "churn": probability > 0.5}


@app.post("/batch-predict")
def predict_batch(batch: Batch):
    frame = pd.DataFrame([customer.model_dump() for customer in batch.records])
    return {"probabilities": pipeline.predict_proba(frame)[:, 1].tolist()}
