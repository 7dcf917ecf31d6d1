"""Kernels that a test makes end with it: else they were noted as some that trainings need."""

import pytest

from snnbench.kernels.base import jit


@pytest.fixture(autouse=True)
def kernels_end_with_their_test():
    yield
    for name in [name for name in jit._kept if name.startswith("tests.")]:
        del jit._kept[name]
