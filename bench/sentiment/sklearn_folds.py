"""TF-IDF and logistic regression of scikit-learn on the folds of bench/sentiment.mjs; prints out-of-fold probabilities."""
import json
import sys
import time

import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline, make_union

job = json.load(open(sys.argv[1]))
texts, labels, fold_of = job["texts"], job["labels"], job["foldOf"]


def words():
    return TfidfVectorizer()


def words_and_pieces():
    return make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True),
    )


def default(vectorizer):
    return make_pipeline(vectorizer, LogisticRegression(solver="liblinear"))


def chosen(vectorizer):
    grid = {"logisticregression__C": [1, 4, 16]}
    return GridSearchCV(default(vectorizer), grid, scoring="neg_log_loss", cv=5)


peers = {
    "words, defaults": lambda: default(words()),
    "words, C chosen": lambda: chosen(words()),
    "words, pairs and pieces, C chosen": lambda: chosen(words_and_pieces()),
}
results = []
for name, make in peers.items():
    start = time.process_time()
    probabilities = [0.0] * len(texts)
    for fold in sorted(set(fold_of)):
        training = [i for i in range(len(texts)) if fold_of[i] != fold]
        test = [i for i in range(len(texts)) if fold_of[i] == fold]
        model = make().fit([texts[i] for i in training], [labels[i] for i in training])
        for i, p in zip(test, model.predict_proba([texts[i] for i in test])[:, 1]):
            probabilities[i] = float(p)
    seconds = time.process_time() - start
    results.append({"name": f"scikit-learn {sklearn.__version__}, {name}", "probabilities": probabilities, "seconds": seconds})
print(json.dumps(results))
