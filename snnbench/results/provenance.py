"""Where a number comes from: versions, commit, machine, time."""

import datetime
import functools
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

import snnbench

_PACKAGE = Path(snnbench.__file__).resolve().parent


def provenance() -> dict[str, str]:
    """Return snnbench_version, commit, torch_version and device_name (the CPU's).

    What cannot be found is "". Found once a process: a run is what was loaded, not what has been
    edited since.
    """
    return dict(_found())


def utc_now() -> str:
    """Return the time as "2026-01-31T23:59:59Z"."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@functools.cache
def _found() -> dict[str, str]:
    return {
        "snnbench_version": snnbench.__version__,
        "commit": source_commit(_PACKAGE),
        "torch_version": _version("torch"),
        "device_name": cpu_name(),
    }


def source_commit(package: Path) -> str:
    """Return the short commit of the checkout whose own folder `package` is, or "".

    "-dirty" is added if a file of the package was changed, added or removed since. A package that
    merely lies inside a repository (an environment in somebody's project) has no commit: the
    folder must stand at the repository's top and be tracked there.
    """
    top = _git(package, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != package.resolve().parent:
        return ""
    if not _git(package, "ls-files", "--", "__init__.py"):
        return ""
    commit = _git(package, "rev-parse", "--short", "HEAD")
    changes = _git(package, "status", "--porcelain", "--untracked-files=all", "--", ".")
    if not commit or changes is None:
        return ""
    return f"{commit}-dirty" if changes else commit


def cpu_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor's name, as the system gives it."""
    try:
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, name = line.partition(":")
            if key.strip() == "model name" and name.strip():
                return name.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _git(folder: Path, *arguments: str) -> str | None:
    # GIT_DIR and its like (set inside hooks) would point git at another repository than `folder`.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        answer = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(folder), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
