"""The table of cases: complete, and every name in it means something."""

from pathlib import Path

import pytest

from benchmarks import ours, peers
from benchmarks.cases import CASES, GOAL_PEERS, GROWTH, LIBRARIES, NOTES, OURS, PEERS


def test_goals_are_those_that_were_set():
    goals = {name: case.goal for name, case in CASES.items() if case.goal is not None}
    assert goals == {
        "t50": 20, "t10": 15, "betas16": 80, "wide": 4, "deep": 4, "cnn": 2, "ann": 15,
    }  # fmt: skip


def test_every_case_with_a_goal_runs_all_libraries_or_takes_their_times_from_one_that_does():
    for case in CASES.values():
        source = CASES[case.peer_case] if case.peer_case else case
        if case.model == "snn" and case.goal:
            assert set(LIBRARIES) <= set(source.programs), case.name


def test_a_sweep_is_compared_with_the_same_network_run_alone():
    for case in CASES.values():
        if case.peer_case is not None:
            alone = CASES[case.peer_case]
            assert (alone.arch, alone.T, alone.dataset) == (case.arch, case.T, case.dataset)
            assert alone.members == 1 < case.members
            assert case.programs == (OURS,)


def test_growth_runs_along_ascending_cases_that_differ_in_one_thing():
    for growth in GROWTH:
        places = [place for place, _ in growth.points]
        assert places == sorted(set(places)), growth.axis
        assert all(name in CASES for _, name in growth.points), growth.axis
    by_steps, by_runs, by_width = GROWTH[:3]
    assert [CASES[name].T for _, name in by_steps.points] == [10, 25, 50, 100]
    assert [CASES[name].members for _, name in by_runs.points] == [1, 4, 16, 64]
    assert [CASES[name].arch for _, name in by_width.points] == ["10-10", "128-10", "1000-10"]


def test_every_peer_has_a_module():
    folder = Path(peers.__file__).parent
    assert set(peers._MODULES) == set(NOTES) == set(PEERS)
    for module, _ in peers._MODULES.values():
        assert (folder / f"{module}.py").is_file(), module
    for name, programs in GOAL_PEERS.items():
        assert set(programs) <= set(CASES[name].peers)


@pytest.mark.parametrize("name", CASES)
def test_our_runs_are_as_many_as_members_and_differ_in_beta_alone(name):
    case = CASES[name]
    runs = ours.configs(case, "reference", threads=1)
    assert len(runs) == case.members
    assert {run.arch for run in runs} == {case.arch}
    if case.members > 1:
        betas = [run.beta for run in runs]
        assert len(set(betas)) == case.members
        assert 0 < min(betas) < max(betas) < 1
        assert {run.changed(beta=0.5) for run in runs} == {runs[0].changed(beta=0.5)}
