"""scikit-learn's MLPClassifier on one thread: the same Dense layers, but neither batch normalisation nor dropout."""
import sys
import warnings

import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from peer import load_rows, serve

warnings.simplefilter("ignore", ConvergenceWarning)
x, y, batch = load_rows(sys.argv[1:])
network = MLPClassifier(
    hidden_layer_sizes=(128, 64, 32), batch_size=batch, learning_rate_init=0.001, max_iter=1, warm_start=True, random_state=1
)


def train_epoch():
    network.fit(x, y)
    return network.loss_


with threadpool_limits(limits=1):
    serve(f"scikit-learn {sklearn.__version__} MLP", train_epoch)
