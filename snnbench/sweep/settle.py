"""Device and engine of a sweep's runs, and their data."""

from snnbench.config import RunConfig
from snnbench.data.dataset import Dataset


def load_for(config: RunConfig) -> Dataset:
    """Load a run's data; its teacher need not be there yet.

    Raises:
        UserError: the data are missing or damaged, or do not fit the settings.
    """
    from snnbench.api import load_data

    return load_data(config.model_copy(update={"teacher": None}))


def settle(config: RunConfig, *, elsewhere: bool = False) -> RunConfig:
    """Return the config with device and engine settled.

    Args:
        elsewhere: other machines will run it; a GPU is theirs to have.

    Raises:
        UserError: a GPU is asked for and there is none.
    """
    from snnbench.runs import resolve_machine

    if elsewhere and config.device == "cuda":
        engine = "reference" if config.engine == "auto" else config.engine
        return config.model_copy(update={"engine": engine})
    return resolve_machine(config)
