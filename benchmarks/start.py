"""What the first use costs, and later ones: `snnbench compare`, and what a dry run says.

    python -m benchmarks.start [--repeats 3] [--data-dir FOLDER]

Printed are seconds of the clock, the median and all repeats: of `compare` on the embedded digits
with an empty cache of kernels (goal 25), with their code in it, and with all runs recorded; and of
three sweeps, what `--dry-run` says they take and what they take (goal: within a factor of two).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_SWEEPS = {
    "2 runs on digits": ("--seeds", "2"),
    "20 runs on digits": ("--vary", "beta=0.1:0.9:10", "--seeds", "2"),
    "2 runs on MNIST": ("--dataset", "mnist", "--arch", "10-10", "-T", "10", "--epochs", "1",
                        "--train-samples", "2000", "--seeds", "2"),
}  # fmt: skip


def seconds_of(*arguments: str, cache: Path, cwd: Path) -> tuple[float, str]:
    """Run a command with the kernels of a folder; return its seconds and what it printed."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "snnbench", *arguments], check=True, capture_output=True, text=True,
        cwd=cwd, env=os.environ | {"NUMBA_CACHE_DIR": str(cache)},
    )  # fmt: skip
    return time.perf_counter() - started, done.stdout


def compared(folder: Path) -> Iterator[tuple[str, float]]:
    """Yield how `compare` begins, and what it takes."""
    cache = folder / "cache"
    cache.mkdir()
    for how, out in (("cold", "a"), ("compiled", "b"), ("recorded", "b")):
        yield how, seconds_of("compare", "--out", out, cache=cache, cwd=folder)[0]


def swept(options: Sequence[str], folder: Path) -> tuple[float, float]:
    """Return the seconds that a dry run says, and those that the sweep takes."""
    command = ("sweep", *options, "--out", "swept")
    cache = folder / "cache"
    _, printed = seconds_of(*command, "--dry-run", "--json", cache=cache, cwd=folder)
    return json.loads(printed)["expected_seconds"], seconds_of(*command, cache=cache, cwd=folder)[0]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.start", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--data-dir")
    options = parser.parse_args(arguments)
    data = () if options.data_dir is None else ("--data-dir", options.data_dir)
    took: dict[str, list[float]] = {}
    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory() as folder:
            for how, seconds in compared(Path(folder)):
                took.setdefault(f"compare, {how}", []).append(seconds)
            for name, sweep in _SWEEPS.items():
                mine = (*sweep, *data) if "mnist" in sweep else sweep
                with tempfile.TemporaryDirectory(dir=folder) as own:
                    (Path(own) / "cache").symlink_to(Path(folder) / "cache")
                    said, taken = swept(mine, Path(own))
                took.setdefault(f"{name}, said", []).append(said)
                took.setdefault(f"{name}, taken", []).append(taken)
    print("| what | seconds | each time |\n| --- | --- | --- |")
    for name, all_of in took.items():
        each = ", ".join(f"{seconds:.1f}" for seconds in all_of)
        print(f"| {name} | {statistics.median(all_of):.1f} | {each} |")


if __name__ == "__main__":
    main()
