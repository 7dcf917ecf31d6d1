"""Small plans for the tests of a sweep."""

from snnbench.studies.axis import parse_axis
from snnbench.studies.options import adhoc_study
from snnbench.studies.plan import expand
from snnbench.studies.reading import read_study
from snnbench.sweep.datasets import DataSets
from snnbench.sweep.jobs import distinct
from snnbench.sweep.run import Where, maker

TINY = {"arch": "8-10", "T": 2, "epochs": 1, "train_samples": 200, "test_samples": 50,
        "batch_size": 50, "device": "cpu"}  # fmt: skip
DISTILLATION = """
[base]
arch = "8-10"
model = "ann"
epochs = 2
train_samples = 200
device = "cpu"

[variants.student]
teacher = "teacher"
loss = "mimic-l2"
arch = "6-10"

[variants.teacher]
"""


def adhoc(*axes, seeds=1, settings=None, **study):
    """Return the plan of a sweep given by --vary and options."""
    varied = [*map(parse_axis, axes)]
    base = TINY | (settings or {})
    for axis in varied:
        base.pop(axis.name, None)
    return expand(adhoc_study(base, varied, seeds=seeds, **study))


def from_text(text, folder):
    """Return the plan of a study file."""
    path = folder / "study.toml"
    path.write_text(text)
    return expand(read_study(path))


def jobs_of(plan, folder):
    """Return the jobs of a plan, and its data sets."""
    data = DataSets()
    return distinct(maker(plan.study.name, folder, data, Where())(plan.runs)), data
