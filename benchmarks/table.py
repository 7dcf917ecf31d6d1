"""The results as CSV rows and as Markdown."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import benchmarks
from benchmarks.cases import CASES, GROWTH, NOTES, OURS, PEERS, Case
from benchmarks.summary import (
    Results,
    Spread,
    growth_exponent,
    growth_times,
    least_work,
    limit_ms,
)

CSV_COLUMNS = (
    "case", "program", "members", "median_ms", "min_ms", "max_ms", "n", "ratio_to_snnbench",
    "ratio_min", "ratio_max", "first_step_s", "peak_mb", "before_mb", "limit_ms",
    "limit_share", "status", "images", "versions", "device_name", "system", "threads",
)  # fmt: skip


@dataclass(frozen=True)
class Session:
    """A session's results and what must stand beside them.

    Attributes:
        names: the cases asked for.
        peers: the programs asked for.
        machine: rates, device_name, system; empty if it could not be measured.
        facts: case -> what its limit follows from.
        threads: held to so many processors.
        command: what was typed.
        when: date and time.
        load: load average before the first process, where the system tells.
    """

    results: Results
    names: Sequence[str]
    peers: Sequence[str]
    machine: Mapping[str, Any]
    facts: Mapping[str, Mapping[str, Any]]
    threads: int
    command: str
    when: str
    load: float | None = None

    @property
    def cases(self) -> list[Case]:
        """The cases asked for."""
        return [CASES[name] for name in self.names]

    def limit(self, case: Case) -> float | None:
        """Return the least milliseconds of a step, None where it is not known."""
        if case.name not in self.facts or "gemm_flops_per_s" not in self.machine:
            return None
        return limit_ms(case, self.facts[case.name], self.machine)


def csv_rows(session: Session) -> Iterator[dict[str, Any]]:
    """Yield one row a program and case; a cell that is not known is empty."""
    results = session.results
    for case in session.cases:
        for program in (OURS, *(p for p in case.peers if p in session.peers)):
            time, ratio = results.time(case, program), results.ratio(case, program)
            limit = session.limit(case)
            yield {
                "case": case.name,
                "program": program,
                "members": case.members,
                "median_ms": time and time.median,
                "min_ms": time and time.low,
                "max_ms": time and time.high,
                "n": time.n if time else 0,
                "ratio_to_snnbench": ratio and ratio.median,
                "ratio_min": ratio and ratio.low,
                "ratio_max": ratio and ratio.high,
                "first_step_s": results.typical(case, program, "first_step_s"),
                "peak_mb": results.typical(case, program, "peak_mb"),
                "before_mb": results.typical(case, program, "before_mb"),
                "limit_ms": limit,
                "limit_share": limit / time.median if limit and time else None,
                "status": results.missing(case, program) or "measured",
                "images": _images(results, case, program),
                "versions": results.versions(program),
                "device_name": session.machine.get("device_name"),
                "system": session.machine.get("system"),
                "threads": session.threads,
            }


def markdown(session: Session) -> str:
    """Return the whole report."""
    parts = [_head(session), _goals(session), _times(session), _growth(session)]
    parts += [_limits(session), _memory(session), _method()]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(session: Session) -> str:
    results, machine = session.results, session.machine
    device = machine.get("device_name", "machine not measured")
    lines = [
        "# Speed",
        "",
        "Milliseconds a training step (encoding, forward, loss, backward, optimizer) at batch "
        "128: median over the repeats, in brackets the smallest and the largest.",
        "",
        f"- {session.when}, `{session.command}`",
        f"- {device}, {machine.get('system', '')}, {session.threads} threads"
        + ("" if session.load is None else f", load average before: {session.load:.1f}"),
        f"- images: {', '.join(results.images()) or 'none'}",
    ]
    if "gemm_flops_per_s" in machine:
        lines.append(
            f"- this machine: {machine['gemm_flops_per_s'] / 1e9:.0f} GFLOP/s (float32 GEMM), "
            f"{machine['triad_bytes_per_s'] / 1e9:.1f} GB/s (triad)"
        )
    for program in (OURS, *(p for p in PEERS if p in session.peers)):
        if results.versions(program):
            note = f" ({NOTES[program]})" if program in NOTES else ""
            lines.append(f"- {program}: {results.versions(program)}{note}")
    lines += [f"- {program}: {reason}" for program, reason in results.absent().items()]
    return "\n".join(lines)


def _goals(session: Session) -> str:
    rows = []
    for case in session.cases:
        if case.goal is None:
            continue
        results, peer = session.results, session.results.fastest_peer(case)
        met = {True: "yes", False: "no", None: "not measured"}[results.is_goal_met(case)]
        rows.append([
            case.title,
            _ms(results.time(case, OURS)),
            peer or "none",
            _ms(results.time(case, peer)) if peer else "",
            _times_faster(results.ratio(case, peer)) if peer else "",
            f"{case.goal:g}",
            met,
        ])  # fmt: skip
    head = ["case", "snnbench, ms", "fastest peer", "its ms", "times faster", "goal", "met"]
    return _section("Goals", head, rows)


def _times(session: Session) -> str:
    shown = [p for p in PEERS if any(p in case.peers for case in session.cases)]
    shown = [p for p in shown if p in session.peers]
    rows = []
    for case in session.cases:
        cells = [_cell(session.results, case, program) for program in shown]
        rows.append([case.title, _ms(session.results.time(case, OURS)), *cells])
    note = "Under each peer its milliseconds and how many times longer than snnbench it takes."
    return _section("All programs", ["case", OURS, *shown], rows, note)


def _cell(results: Results, case: Case, program: str) -> str:
    if program not in case.peers:
        return ""
    time, ratio = results.time(case, program), results.ratio(case, program)
    if time is None:
        return results.missing(case, program) or ""
    return f"{_ms(time)}, x {_times_faster(ratio)}" if ratio else _ms(time)


def _growth(session: Session) -> str:
    sections = []
    for growth in GROWTH:
        places = [x for x, name in growth.points if name in session.names]
        if len(places) < 2:
            continue
        rows = []
        for program in (OURS, *(p for p in PEERS if p in session.peers)):
            times = dict(growth_times(session.results, growth, program))
            if sum(times[x] is not None for x in places) > 1:
                rows.append([program, *(_ms(times[x]) for x in places)])
        exponent = growth_exponent(session.results, growth)
        note = "" if exponent is None else f"snnbench: time grows as the axis to the {exponent:.2f}"
        if note and growth.at_most_linear:
            note += ", no faster than linearly" if exponent <= 1 else ", **faster than linearly**"
        head = ["program", *(f"{x:g}" for x in places)]
        sections.append(_section(f"Growth with {growth.axis}", head, rows, note and note + "."))
    return "\n\n".join(sections)


def _limits(session: Session) -> str:
    rows = []
    for case in session.cases:
        limit, time = session.limit(case), session.results.time(case, OURS)
        if limit is None:
            continue
        work = least_work(case, session.facts[case.name])
        rows.append([
            case.title,
            _digits(work.operations / case.members / 1e6),
            _digits(work.bytes / case.members / 1e6),
            _digits(limit),
            _ms(time),
            f"{_digits(100 * limit / time.median)} %" if time else "",
        ])  # fmt: skip
    head = ["case", "operations, millions", "MB", "limit, ms", "snnbench, ms", "reached"]
    note = (
        "The least operations and bytes a step needs (formulas in `benchmarks/limits.py`), "
        "over what this machine does."
    )
    return _section("Limits", head, rows, note)


def _memory(session: Session) -> str:
    shown = [OURS, *(p for p in PEERS if p in session.peers)]
    rows = []
    for case in session.cases:
        cells = []
        for program in shown:
            peak = session.results.typical(case, program, "peak_mb")
            before = session.results.typical(case, program, "before_mb")
            alone = "" if before is None else f" ({before:.0f})"
            own = program == OURS or (program in case.peers and not case.peer_case)
            cells.append(f"{peak:.0f}{alone}" if own and peak is not None else "")
        rows.append([case.title, *cells])
    note = "Largest resident set in MB; in brackets with libraries and images only."
    return _section("Peak memory", ["case", *shown], rows, note)


def _method() -> str:
    return "## How it was measured\n\n" + (benchmarks.__doc__ or "").partition("\n\n")[2].strip()


def _section(title: str, head: list[str], rows: list[list[str]], note: str = "") -> str:
    if not rows:
        return ""
    lines = [f"## {title}", ""] + ([note, ""] if note else [])
    lines += ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _images(results: Results, case: Case, program: str) -> str | None:
    found = (r for r in results.rows if r["case"] == case.name and r["program"] == program)
    return next((row["images"] for row in found if row.get("images")), None)


def _ms(time: Spread | None) -> str:
    if time is None:
        return ""
    return _digits(time.median) + _range(time, _digits)


def _times_faster(ratio: Spread | None) -> str:
    return "" if ratio is None else _tenths(ratio.median) + _range(ratio, _tenths)


def _range(found: Spread, written: Callable[[float], str]) -> str:
    return f" [{written(found.low)} to {written(found.high)}]" if found.n > 1 else ""


def _digits(number: float) -> str:
    """Write three digits, and all of a number that has more before its point."""
    return f"{number:.3g}" if number < 1000 else f"{number:.0f}"


def _tenths(number: float) -> str:
    return f"{number:.1f}" if number < 100 else f"{number:.0f}"
