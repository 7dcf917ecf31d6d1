"""What `--retry` takes: which recorded runs are run again."""

from collections.abc import Mapping

from snnbench.errors import UserError, did_you_mean

# What `--retry` takes -> the statuses that are run again.
RETRIES: Mapping[str, tuple[str, ...]] = {
    "failed": ("failed", "timeout", "oom"),
    "timeout": ("timeout",),
    "oom": ("oom",),
    "diverged": ("diverged",),
}
UNFINISHED = RETRIES["failed"]


def read_retry(text: str | None) -> tuple[str, ...]:
    """Return the statuses that `--retry` names.

    Raises:
        UserError: a name is unknown.
    """
    names = [] if text is None else [name.strip() for name in text.split(",")]
    for name in names:
        if name not in RETRIES:
            raise UserError(f"--retry {name} is not known.", did_you_mean(name, RETRIES))
    return tuple(status for name in names for status in RETRIES[name])
