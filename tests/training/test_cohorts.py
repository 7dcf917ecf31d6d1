import pytest

from snnbench.config import RunConfig
from snnbench.errors import UserError
from snnbench.network.plan import plan_layers
from snnbench.training.cohorts import cohort_key, free_memory, member_bytes, plan_cohorts

PLENTY = 2.0**40


def run(**settings):
    return RunConfig(**{"device": "cpu", "engine": "fast"} | settings)


def test_runs_that_differ_in_numbers_train_side_by_side():
    configs = [
        run(), run(beta=0.9), run(lr=0.1), run(loss="ce"),
        run(neuron="if"), run(lr_schedule="0.1x3,0.01x2"),
    ]  # fmt: skip
    assert plan_cohorts(configs, (64,), PLENTY) == [[0, 1, 2, 3, 4, 5]]


@pytest.mark.parametrize(
    "other",
    [{"T": 11}, {"seed": 1}, {"arch": "99-10"}, {"epochs": 6}, {"batch_size": 64},
     {"encoding": "repeat"}, {"optimizer": "adamw"}, {"reset": "zero"}, {"readout": "current"},
     {"surrogate": "atan"}, {"dropout": 0.1}, {"val_samples": 10}, {"model": "ann"}],
)  # fmt: skip
def test_runs_that_differ_in_the_shape_of_the_computation_do_not(other):
    one, two = (cohort_key(config) for config in (run(), run(**other)))
    assert one != two
    configs = [run(), run(**other), run(beta=0.1)]
    assert plan_cohorts(configs, (64,), PLENTY) == [[0, 2], [1]]


def test_a_cohort_too_large_for_memory_is_split_into_even_parts():
    configs = [run(beta=k / 10) for k in range(10)]
    needed = member_bytes(configs[0], plan_layers(configs[0], (64,)))
    cohorts = plan_cohorts(configs, (64,), 4.5 * needed)
    assert [len(c) for c in cohorts] == [4, 4, 2]
    assert sorted(k for cohort in cohorts for k in cohort) == list(range(10))


def test_a_run_too_large_for_memory_is_refused_with_its_size():
    with pytest.raises(UserError, match=r"GiB.*\n.*--batch-size"):
        plan_cohorts([run(arch="100000-10", T=1000)], (64,), 2.0**30)


def test_memory_grows_linearly_with_steps_and_batch():
    def needed(**settings):
        config = run(arch="50-10", **settings)
        return member_bytes(config, plan_layers(config, (64,)))

    base = needed(T=10, batch_size=200)
    assert needed(T=20, batch_size=200) < 2 * base < 2.2 * needed(T=20, batch_size=200)
    assert needed(T=10, batch_size=400) < 2 * base


def test_the_machine_has_some_memory():
    assert 2**26 < free_memory() < 2**50
