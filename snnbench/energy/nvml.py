"""The energy counter of an NVIDIA GPU, by NVML; Volta and later have one."""

import contextlib
from collections.abc import Callable

from snnbench.energy.counters import Counter, CounterError

SOURCE = "gpu"
_MILLIJOULE = 1e-3


def gpu_counter(uuid: str) -> tuple[Counter, Callable[[], None]]:
    """Return the counter of a GPU, and what is to be called when it is read no more.

    Args:
        uuid: the GPU's, with or without "GPU-": numbers are others for CUDA than for NVML.

    Raises:
        CounterError: it has none, or the library is missing.
    """
    try:
        import pynvml
    except ImportError:
        raise CounterError(
            "nvidia-ml-py, which reads the GPU's counter, is not installed. "
            "pip install 'snnbench[energy]'"
        ) from None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise CounterError(f"NVML does not start: {error}.") from None

    def close() -> None:
        with contextlib.suppress(pynvml.NVMLError):  # it has ended by itself
            pynvml.nvmlShutdown()

    def read() -> int:
        try:
            return int(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle))
        except pynvml.NVMLError as error:
            raise CounterError(f"NVML does not tell the GPU's energy: {error}.") from None

    try:
        handle = pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid.removeprefix('GPU-')}")
        read()
    except (CounterError, pynvml.NVMLError) as error:
        close()
        if isinstance(error, CounterError):
            raise
        raise CounterError(f"NVML does not know the GPU: {error}.") from None
    return Counter(SOURCE, SOURCE, read, _MILLIJOULE), close
