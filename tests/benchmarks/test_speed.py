"""The session: what it asks of its processes, what it writes, and one real process."""

import argparse
import csv
import sys

import pytest

from benchmarks import child, speed

RATES = {"gemm_flops_per_s": 1e11, "triad_bytes_per_s": 1e10, "device_name": "a machine",
         "system": "a system"}  # fmt: skip
LAYER = {"kind": "linear", "fan_in": 784, "units": 10, "params": 7850, "input_rate": 0.1}
FACTS = {"layers": [LAYER], "pixels": {"count": 784, "active": 100.0, "hits": {"1": 80.0}}}
TIMES = {"snnbench": 2.0, "spikingjelly": 50.0, "snntorch": 60.0}


class Script:
    """Answers as processes would; `spyx` is not installed and `norse` fails."""

    def __init__(self, stop_after=None):
        self.asked, self.stop_after = [], stop_after

    def __call__(self, arguments):
        self.asked.append(tuple(arguments))
        if self.stop_after is not None and len(self.asked) > self.stop_after:
            raise KeyboardInterrupt
        if arguments[0] == "machine":
            return dict(RATES)
        if arguments[0] == "facts":
            return FACTS
        program = arguments[0]
        if program == "spyx":
            return {"status": "absent", "reason": "No module named 'jax'"}
        if program == "norse":
            return {"status": "failed", "reason": "RuntimeError: out of luck"}
        return {"status": "measured", "ms": TIMES[program], "peak_mb": 300.0, "before_mb": 200.0,
                "images": "mnist", "versions": {program: "1.0"}}  # fmt: skip


def run(monkeypatch, script, *arguments):
    monkeypatch.setattr(speed, "_asker", lambda options: script)
    speed.main(arguments)


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_programs_take_turns_and_are_written_raw_and_summed_up(monkeypatch, tmp_path, capsys):
    script = Script()
    run(monkeypatch, script, "--cases", "t50", "--repeats", "2", "--out", str(tmp_path))
    programs = [asked[0] for asked in script.asked]
    # an absent program and one that failed in this case are not asked again
    assert programs == ["machine", "facts", "snnbench", "spikingjelly", "snntorch", "norse",
                        "spyx", "snnbench", "spikingjelly", "snntorch", "machine"]  # fmt: skip
    raw = read(tmp_path / "raw.csv")
    assert [(row["repeat"], row["program"]) for row in raw] == [
        (repeat, program) for repeat in "12"
        for program in ("snnbench", "spikingjelly", "snntorch", "norse", "spyx")
    ]  # fmt: skip
    summary = {row["program"]: row for row in read(tmp_path / "speed.csv")}
    ours, jelly = summary["snnbench"], summary["spikingjelly"]
    assert (jelly["median_ms"], jelly["n"], jelly["ratio_to_snnbench"]) == ("50.0", "2", "25.0")
    assert float(ours["limit_share"]) == pytest.approx(float(ours["limit_ms"]) / 2.0)
    assert (ours["device_name"], ours["threads"], ours["versions"]) == (
        "a machine", "2", "snnbench 1.0",
    )  # fmt: skip
    report = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert report + "\n" == capsys.readouterr().out
    goal = next(line for line in report.splitlines() if line.endswith("| 20 | yes |"))
    assert "spikingjelly | 50 [50 to 50] | 25.0 [25.0 to 25.0]" in goal
    assert str(tmp_path) not in report


def test_absent_and_failed_programs_are_named_everywhere(monkeypatch, tmp_path):
    run(monkeypatch, Script(), "--cases", "t50", "--repeats", "1", "--out", str(tmp_path))
    summary = {row["program"]: row for row in read(tmp_path / "speed.csv")}
    assert summary["spyx"]["status"] == "absent: No module named 'jax'"
    assert (summary["spyx"]["median_ms"], summary["spyx"]["ratio_to_snnbench"]) == ("", "")
    assert summary["norse"]["status"] == "failed: RuntimeError: out of luck"
    report = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "- spyx: absent: No module named 'jax'" in report
    assert "- norse: failed: RuntimeError: out of luck" in report


def test_an_interrupted_session_keeps_what_it_measured(monkeypatch, tmp_path, capsys):
    script = Script(stop_after=4)  # machine, facts, two programs
    run(monkeypatch, script, "--cases", "t50", "--repeats", "3", "--out", str(tmp_path))
    assert [row["program"] for row in read(tmp_path / "raw.csv")] == ["snnbench", "spikingjelly"]
    summary = {row["program"]: row for row in read(tmp_path / "speed.csv")}
    assert summary["spikingjelly"]["ratio_to_snnbench"] == "25.0"
    assert summary["snntorch"]["status"] == "not run"
    assert "Interrupted" in capsys.readouterr().err


def test_a_sweep_brings_the_case_of_its_peers_along():
    options = speed.parse(["--cases", "betas16", "--peers", "norse"])
    assert (options.cases, options.peers, options.repeats) == (["t50", "betas16"], ["norse"], 5)
    assert options.out == speed.ROOT / "results" / "speed"


def test_a_quick_session_writes_nothing_unless_told_where():
    options = speed.parse(["--quick", "--peers", "none"])
    assert (options.out, options.repeats, options.peers) == (None, 1, [])


@pytest.mark.parametrize("arguments", [["--cases", "t49"], ["--peers", "bindsnet"]])
def test_an_unknown_name_lists_the_known_ones(arguments, capsys):
    with pytest.raises(SystemExit):
        speed.parse(arguments)
    message = capsys.readouterr().err
    assert f"'{arguments[1]}' is none of" in message
    assert ("t50" if arguments[0] == "--cases" else "norse") in message


def test_a_program_that_cannot_be_imported_is_absent(monkeypatch):
    monkeypatch.setitem(sys.modules, "norse", None)
    monkeypatch.delitem(sys.modules, "benchmarks.peers.norse", raising=False)
    answer = child._program(argparse.Namespace(what="norse", case="t10"))
    assert answer["status"] == "absent"
    assert "norse" in answer["reason"]


def test_a_process_that_fails_says_why_in_one_line():
    answer = speed.run_child(["snnbench", "no-such-case"], timeout_s=60)
    assert answer == {"status": "failed", "reason": "KeyError: 'no-such-case'"}


def test_the_line_that_names_the_error_is_found_among_others():
    stderr = "Traceback ...\nnumba.core.errors.TypingError: no such type\nDuring: Pass typing\n"
    assert speed._reason(stderr) == "numba.core.errors.TypingError: no such type"
    assert speed._reason("Killed\n") == "Killed"
    assert speed._reason("some words\nlast words\n") == "last words"
    assert speed._reason("") == ""


def test_a_real_process_measures_this_program():
    answer = speed.run_child(
        ["snnbench", "t10", "--quick", "--threads", "1", "--engine", "reference"], timeout_s=120
    )
    assert answer["status"] == "measured", answer
    assert answer["steps"] == 2
    assert 0 < answer["q1_ms"] <= answer["ms"] <= answer["q3_ms"]
    assert answer["first_step_s"] > 0
    assert answer["versions"]["engine"] == "reference"
    assert answer["images"] in ("mnist", "digits enlarged to 28x28 (mnist is missing)")
    if answer["peak_mb"] is not None and answer["before_mb"] is not None:
        assert answer["peak_mb"] >= answer["before_mb"]
