"""`python -m benchmarks.speed`: this program against other libraries, process by process.

How time is taken stands in `benchmarks/__init__.py`. Install what is compared with by
`pip install -e '.[peers]'`; what is missing is named in the tables.
"""

import argparse
import csv
import datetime
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES, OURS, PEERS
from benchmarks.summary import Results
from benchmarks.table import CSV_COLUMNS, Session, csv_rows, markdown

ROOT = Path(__file__).resolve().parent.parent
RAW_COLUMNS = (
    "repeat", "case", "program", "status", "reason", "ms", "q1_ms", "q3_ms", "steps",
    "first_step_s", "before_mb", "peak_mb", "first_loss", "last_loss", "images", "versions",
)  # fmt: skip

_QUIET = 0.5  # load average up to which nothing else is taken to run

# Arguments of benchmarks.child -> the JSON object it printed.
Ask = Callable[[Sequence[str]], dict[str, Any]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables and write them."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    bench = Bench(options, _asker(options))
    try:
        bench.measure()
    except KeyboardInterrupt:
        print("\nInterrupted: the tables hold what was measured so far.", file=sys.stderr)
    finally:
        bench.raw_file_closed()
    session = bench.session(_command(options))
    text = markdown(session)
    if options.out is not None:
        (options.out / "README.md").write_text(text, encoding="utf-8")
        with (options.out / "speed.csv").open("w", encoding="utf-8", newline="") as file:
            _write(file, CSV_COLUMNS, csv_rows(session))
    print(text)


class Bench:
    """The processes of a session, one after another, and what they answered."""

    def __init__(self, options: argparse.Namespace, ask: Ask) -> None:
        self.options, self.ask = options, ask
        self.rows: list[dict[str, Any]] = []
        self.machine: dict[str, Any] = {}
        self.facts: dict[str, dict[str, Any]] = {}
        self.when = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
        self.load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        self.raw_file = None
        if options.out is not None:
            options.out.mkdir(parents=True, exist_ok=True)
            self.raw_file = (options.out / "raw.csv").open("w", encoding="utf-8", newline="")
            csv.writer(self.raw_file, lineterminator="\n").writerow(RAW_COLUMNS)

    def measure(self) -> None:
        """Ask for the machine's rates, what limits follow from, and then all repeats."""
        if self.load is not None and self.load > _QUIET:
            _say(f"Load average {self.load:.1f}: this machine is not quiet, times will mislead.")
        self._machine_again()
        for name in self.options.cases:
            answer = self._answer(["facts", name])
            if "layers" in answer:
                self.facts[name] = answer
        for repeat in range(1, self.options.repeats + 1):
            for name in self.options.cases:
                for program in CASES[name].programs:
                    if program == OURS or program in self.options.peers:
                        self._run(repeat, name, program)
        self._machine_again()

    def _run(self, repeat: int, name: str, program: str) -> None:
        answer = self._known_missing(name, program) or self._answer([program, name])
        versions = "; ".join(f"{k} {v}" for k, v in answer.pop("versions", {}).items())
        row = dict.fromkeys(RAW_COLUMNS) | answer
        row |= {"repeat": repeat, "case": name, "program": program, "versions": versions}
        self.rows.append(row)
        if self.raw_file is not None:
            csv.DictWriter(self.raw_file, RAW_COLUMNS, lineterminator="\n").writerow(row)
            self.raw_file.flush()
        took = f"{row['ms']:.3g} ms" if row["ms"] else f"{row['status']}: {row['reason']}"
        _say(f"repeat {repeat} of {self.options.repeats}  {name}  {program}  {took}")

    def _known_missing(self, name: str, program: str) -> dict[str, Any] | None:
        """Return the answer again of a program that is absent, or failed in this case."""
        for row in self.rows:
            is_absent = row["status"] == "absent"
            if row["program"] == program and (
                is_absent or (row["status"] == "failed" and row["case"] == name)
            ):
                return {"status": row["status"], "reason": row["reason"]}
        return None

    def _machine_again(self) -> None:
        """Keep the best rates seen: a limit is what the machine can do at all."""
        for key, value in self._answer(["machine"]).items():
            old = self.machine.get(key)
            faster = isinstance(value, float) and old is not None
            self.machine[key] = max(old, value) if faster else value

    def _answer(self, arguments: list[str]) -> dict[str, Any]:
        answer = self.ask(arguments)
        if arguments[0] in ("machine", "facts") and answer.get("status") == "failed":
            _say(f"{' '.join(arguments)} failed: {answer['reason']}")
            return {}
        return answer

    def session(self, command: str) -> Session:
        """Return the results with what must stand beside them."""
        return Session(
            results=Results(self.rows),
            names=self.options.cases,
            peers=self.options.peers,
            machine=self.machine,
            facts=self.facts,
            threads=self.options.threads,
            command=command,
            when=self.when,
            load=self.load,
        )

    def raw_file_closed(self) -> None:
        """Close raw.csv."""
        if self.raw_file is not None:
            self.raw_file.close()


def run_child(arguments: Sequence[str], timeout_s: float) -> dict[str, Any]:
    """Run benchmarks.child and return the JSON of its last line, or how it failed."""
    command = [sys.executable, "-m", "benchmarks.child", *arguments]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        return {"status": "failed", "reason": f"no result within {timeout_s:g} s"}
    lines = done.stdout.strip().splitlines()
    if done.returncode == 0 and lines and lines[-1].startswith("{"):
        answer: dict[str, Any] = json.loads(lines[-1])
        return answer
    return {"status": "failed", "reason": _reason(done.stderr) or f"exit {done.returncode}"}


def _reason(stderr: str) -> str:
    """Return the line that names the error: some libraries print more after it."""
    lines = stderr.strip().splitlines()
    named = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Killed)\b", line)]
    return (named or lines or [""])[-1]


def _asker(options: argparse.Namespace) -> Ask:
    more = ["--engine", options.engine, "--threads", str(options.threads)]
    more += ["--quick"] if options.quick else []
    more += ["--data-dir", str(options.data_dir.resolve())] if options.data_dir else []
    return lambda arguments: run_child([*arguments, *more], options.timeout)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options; a case that takes its peers' times from another brings that one along."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--cases", type=_names(CASES), default=list(CASES),
                        help=f"comma-separated, of: {', '.join(CASES)}")  # fmt: skip
    parser.add_argument("--peers", type=_names(PEERS), default=list(PEERS),
                        help=f"comma-separated, of: {', '.join(PEERS)}; or none")  # fmt: skip
    parser.add_argument("--repeats", type=int, help="default: 5; with --quick 1")
    parser.add_argument("--out", type=Path,
                        help="default: results/speed; with --quick none")  # fmt: skip
    parser.add_argument("--engine", default="auto", help="engine of this program")
    parser.add_argument("--threads", type=int, default=2, help="processors to be used")
    parser.add_argument("--data-dir", type=Path, help="folder of the data sets")
    parser.add_argument("--timeout", type=float, default=600, help="seconds a process may take")
    parser.add_argument("--quick", action="store_true", help="a few steps each: a trial")
    options = parser.parse_args(arguments)
    needed = {CASES[name].peer_case for name in options.cases} | set(options.cases)
    options.cases = [name for name in CASES if name in needed]
    options.repeats = options.repeats or (1 if options.quick else 5)
    if options.out is None and not options.quick:
        options.out = ROOT / "results" / "speed"
    return options


def _command(options: argparse.Namespace) -> str:
    """Return what to type for the same measurement; folders are each machine's own."""
    parts = ["python -m benchmarks.speed"]
    for name, all_of_them in (("cases", CASES), ("peers", PEERS)):
        chosen = getattr(options, name)
        if list(chosen) != list(all_of_them):
            parts.append(f"--{name} {','.join(chosen) or 'none'}")
    parts.append(f"--repeats {options.repeats} --engine {options.engine}")
    parts.append(f"--threads {options.threads}" + (" --quick" if options.quick else ""))
    return " ".join(parts)


def _names(known: Sequence[str] | dict[str, Any]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = [] if text == "none" else text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"'{name}' is none of {', '.join(known)}")
        return names

    return parse


def _write(file: Any, columns: Sequence[str], rows: Any) -> None:
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
