"""Spyx on JAX: the whole step, encoding included, in one compiled function."""

import os
from collections.abc import Callable, Iterator
from functools import partial

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
import optax
import spyx
from flax import nnx
from spyx import nn as spiking
from spyx.data import rate_code

from benchmarks.cases import BATCH, BETA, LR, SLOPE, Case
from benchmarks.images import Images, Labels, Values, batches
from benchmarks.timing import Step, repeated
from snnbench.config.arch import parse_arch

PACKAGES = ("spyx", "jax", "flax", "optax")

# (weights, images, key of the random draws) -> firing rates [B, 10]
Rates = Callable[[nnx.State, jax.Array, jax.Array], jax.Array]


def make(case: Case, images: Images, threads: int) -> Iterator[Step]:
    """Return the steps; JAX takes its threads from the processors the process is held to."""
    del threads
    model = spiking.Sequential(*_layers(case, images.dataset.input_shape))
    # Pure functions of the weights, as Spyx's own compiled loop has them: less overhead a step
    # than flax's stateful jit.
    graph, weights, rest = nnx.split(model, nnx.Param, ...)
    encode = rate_code(case.T, max_r=1.0)

    def rates(weights: nnx.State, x: jax.Array, key: jax.Array) -> jax.Array:
        spikes = encode(x[:, None], key).astype(jnp.float32)
        return spiking.run(nnx.merge(graph, weights, rest), spikes, batch_major=True)[0].mean(1)

    if case.task == "evaluate":
        return _evaluations(weights, rates, *_on_device(case, *images.test()))
    return repeated(_training(weights, rates, *_on_device(case, *images.train())))


def _training(weights: nnx.State, rates: Rates, x: jax.Array, y: jax.Array) -> Callable[[], float]:
    optimizer = optax.adam(LR)

    def loss_of(weights: nnx.State, x: jax.Array, y: jax.Array, key: jax.Array) -> jax.Array:
        output = rates(weights, x, key)
        return jnp.mean((output - jax.nn.one_hot(y, output.shape[1])) ** 2)

    @partial(jax.jit, donate_argnums=0)
    def update(state, rows, key):  # type: ignore[no-untyped-def]
        weights, moments = state
        loss, gradients = jax.value_and_grad(loss_of)(weights, x[rows], y[rows], key)
        changes, moments = optimizer.update(gradients, moments, weights)
        return (optax.apply_updates(weights, changes), moments), loss

    state = (weights, optimizer.init(weights))
    keys, rows = _keys(), batches(len(y))

    def step() -> float:
        nonlocal state
        state, loss = update(state, jnp.asarray(next(rows)), next(keys))
        return float(loss)

    return step


def _evaluations(weights: nnx.State, rates: Rates, x: jax.Array, y: jax.Array) -> Iterator[Step]:
    @jax.jit
    def count_correct(x: jax.Array, y: jax.Array, key: jax.Array) -> jax.Array:
        return (rates(weights, x, key).argmax(1) == y).sum()

    keys = _keys()

    def evaluate() -> float:
        pieces = [slice(start, start + BATCH) for start in range(0, len(y), BATCH)]
        return 1 - sum(int(count_correct(x[p], y[p], next(keys))) for p in pieces) / len(y)

    return repeated(evaluate, parts=len(y) // BATCH)


def _on_device(case: Case, x: Values, y: Labels) -> tuple[jax.Array, jax.Array]:
    """Return images, flat or with channels last, and classes."""
    x = x.reshape(len(x), -1) if case.is_flat else np.moveaxis(x, 1, -1)
    return jnp.asarray(x), jnp.asarray(y)


def _keys() -> Iterator[jax.Array]:
    key = jax.random.key(0)
    while True:
        key, use = jax.random.split(key)
        yield use


def _layers(case: Case, shape: tuple[int, ...]) -> Iterator[object]:
    draws = nnx.Rngs(0)
    channels, side = shape[0], shape[1]
    width, flat = channels * side * side, case.is_flat
    for spec in parse_arch(case.arch):
        if spec.kind == "pool":
            window = (spec.width, spec.width)
            yield partial(nnx.max_pool, window_shape=window, strides=window)
            side //= spec.width
            width = channels * side * side
            continue
        if spec.kind == "conv":
            yield nnx.Conv(channels, spec.width, (spec.kernel, spec.kernel), rngs=draws)
            channels, width = spec.width, spec.width * side * side
            neurons: tuple[int, ...] = (side, side, channels)
        else:
            if not flat:
                yield spiking.Flatten()
                flat = True
            yield nnx.Linear(width, spec.width, rngs=draws)
            width = spec.width
            neurons = (width,)
        lif = spiking.LIF(neurons, beta=BETA, activation=spyx.axn.superspike(SLOPE), rngs=draws)
        lif.beta = nnx.Variable(lif.beta[...])  # a constant: the others do not train theirs
        yield lif
