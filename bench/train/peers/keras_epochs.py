"""The churn network in Keras on TensorFlow. A fifth argument sets the number of threads; without it Keras chooses."""
import os
import sys
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import tensorflow as tf

if len(sys.argv) > 5:
    tf.config.threading.set_intra_op_parallelism_threads(int(sys.argv[5]))
    tf.config.threading.set_inter_op_parallelism_threads(int(sys.argv[5]))

import keras
from keras import layers, regularizers

from peer import load_rows, serve


def churn_network(features):
    network = keras.Sequential([keras.Input(shape=(features,))])
    for units in (128, 64):
        network.add(layers.Dense(units, activation="relu", kernel_regularizer=regularizers.L2(0.001)))
        network.add(layers.BatchNormalization())
        network.add(layers.Dropout(0.3))
    network.add(layers.Dense(32, activation="relu"))
    network.add(layers.Dropout(0.2))
    network.add(layers.Dense(1, activation="sigmoid"))
    network.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss="binary_crossentropy", jit_compile=False)
    return network


class EpochTimer(keras.callbacks.Callback):
    """Times the epoch alone, without what each call of fit sets up around it."""

    def on_epoch_begin(self, epoch, logs=None):
        self.cpu, self.wall = time.process_time(), time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.cpu, self.wall = time.process_time() - self.cpu, time.perf_counter() - self.wall


if __name__ == "__main__":
    x, y, batch = load_rows(sys.argv[1:])
    network = churn_network(x.shape[1])
    timer = EpochTimer()

    def train_epoch():
        history = network.fit(x, y, batch_size=batch, epochs=1, shuffle=True, verbose=0, callbacks=[timer])
        return history.history["loss"][0], timer.cpu, timer.wall

    serve(f"Keras {keras.__version__} on TensorFlow {tf.__version__}", train_epoch)
