"""One measurement in a process of its own; prints one line of JSON.

    python -m benchmarks.child machine
    python -m benchmarks.child facts CASE
    python -m benchmarks.child PROGRAM CASE

A program that is not installed, or does not take a case, is an answer and no failure.
"""

import argparse
import json
import os
import time

from benchmarks.cases import CASES, OURS, PEERS
from benchmarks.timing import QUICK, Budget, measure, peak_mb, resident_mb
from snnbench.environment import choose_waiting

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS",
                     "NUMBA_NUM_THREADS")  # fmt: skip


def main() -> None:
    """Measure what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what")
    parser.add_argument("case", nargs="?")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data-dir")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    for variable in _THREAD_VARIABLES:  # read when the libraries are imported, below
        os.environ[variable] = str(options.threads)
    if options.what not in PEERS:  # this program's choices for OpenMP are not theirs
        choose_waiting()
    from benchmarks.machine import hold_to

    hold_to(options.threads)
    if options.what == "machine":
        answer = _machine(options.threads)
    elif options.what == "facts":
        answer = _facts(options)
    else:
        answer = _program(options)
    print(json.dumps(answer))


def _machine(threads: int) -> dict[str, object]:
    from benchmarks.machine import rates, system
    from snnbench.results.provenance import cpu_name

    return {**rates(threads), "device_name": cpu_name(), "system": system()}


def _facts(options: argparse.Namespace) -> dict[str, object]:
    from benchmarks.images import load_images
    from benchmarks.machine import pixel_facts
    from benchmarks.ours import layer_facts

    case = CASES[options.case]
    images = load_images(case, options.data_dir, train=2560)
    layers = layer_facts(case, images, engine=options.engine, threads=options.threads)
    return {"layers": layers, "pixels": pixel_facts(images)}


def _program(options: argparse.Namespace) -> dict[str, object]:
    started = time.perf_counter()
    from benchmarks.images import load_images

    case = CASES[options.case]
    try:
        if options.what == OURS:
            from benchmarks import ours
        else:
            from benchmarks import peers

            module = peers.load(options.what)
    except ImportError as error:
        return {"status": "absent", "reason": str(error)}
    images = load_images(case, options.data_dir)
    if options.what == OURS:
        versions = ours.versions(case, options.engine)
        steps = ours.make(case, images, engine=options.engine, threads=options.threads)
    else:
        versions = peers.versions(module.PACKAGES)
        steps = peers.make(options.what, case, images, options.threads)
    before = resident_mb()
    steps = _noting_first(steps, noted := [])
    timing = measure(steps, QUICK if options.quick else Budget())
    return {
        "status": "measured",
        **timing.__dict__,
        "first_step_s": noted[0] - started,
        "before_mb": before,
        "peak_mb": peak_mb(),
        "images": images.called,
        "versions": versions,
    }


def _noting_first(steps, noted):  # type: ignore[no-untyped-def]
    """Pass steps on, and note when the first was finished."""
    for step in steps:
        if not noted:
            noted.append(time.perf_counter())
        yield step


if __name__ == "__main__":
    main()
