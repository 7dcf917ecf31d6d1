import pytest

from snnbench.cost.formulas import energy_pj_compute45nm, flops_lab_ann, flops_lab_snn


def test_the_labs_ann_has_15_900_flops():
    assert flops_lab_ann(784, 10) + flops_lab_ann(10, 10) == 15_900


def test_the_lab_formula_at_rate_one_and_one_step_is_the_anns():
    assert flops_lab_snn(784, 10, 1.0, 1) == flops_lab_ann(784, 10)


def test_the_lab_formula_summed_over_steps_is_the_formula_of_the_mean_rate():
    rates = [0.1, 0.4, 0.25]
    single = sum((2 * 784 * rate - 1) * 10 + 2 * 10 for rate in rates)
    assert flops_lab_snn(784, 10, sum(rates) / 3, 3) == pytest.approx(single)


def test_the_published_figure_follows_from_plausible_rates():
    # 10,945 at T = 5: MNIST's mean pixel 0.1325 (test images) in, and 0.5 or so between
    assert flops_lab_snn(784, 10, 0.1325, 5) + flops_lab_snn(10, 10, 0.456, 5) == pytest.approx(
        10_945, rel=1e-3
    )


def test_energy_is_4_6_pj_a_mac_and_0_9_pj_an_ac():
    assert energy_pj_compute45nm(10, 0) == 46
    assert energy_pj_compute45nm(0, 10) == 9
