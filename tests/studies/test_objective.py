import pytest

from snnbench.config import RunConfig
from snnbench.errors import UserError
from snnbench.results.schema import columns_of
from snnbench.studies.objective import Objective, parse_objective, result_columns


def test_an_objective_is_a_column_and_a_direction():
    assert parse_objective("test_accuracy:max") == Objective("test_accuracy", "max")
    assert parse_objective(" energy_pj_compute45nm:min") == Objective(
        "energy_pj_compute45nm", "min"
    )
    assert str(parse_objective("params:min")) == "params:min"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "test_acuracy:max",
            "Objective 'test_acuracy:max': 'test_acuracy' is no number a run computes.\n"
            "Did you mean 'test_accuracy'?",
        ),
        ("beta:max", "Objective 'beta:max': 'beta' is a setting.\n"),
        ("commit:max", "Objective 'commit:max': 'commit' is no number a run computes.\n"),
        ("schema:max", "Objective 'schema:max': 'schema' is no number a run computes.\n"),
        (
            "test_accuracy",
            "Objective 'test_accuracy' does not say which way is better.\n"
            "Write test_accuracy:max or test_accuracy:min.",
        ),
        ("test_loss:maximum", "Objective 'test_loss:maximum' does not say"),
    ],
)
def test_a_wrong_objective_is_refused_in_words(text, message):
    with pytest.raises(UserError) as caught:
        parse_objective(text)
    assert str(caught.value).startswith(message)


def test_objectives_are_the_numeric_columns_that_are_not_settings():
    kinds = {column.name: column.kind for column in columns_of("runs")}
    assert {kinds[name] for name in result_columns()} == {"number", "integer"}
    assert not set(result_columns()) & RunConfig.model_fields.keys()
    assert {"test_accuracy", "params", "train_seconds", "firing_rate"} <= set(result_columns())
