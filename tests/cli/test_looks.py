"""`snnbench sweep --until-decided`: the installed command, look after look."""

import json

STUDY = """
name = "looked-at"
[base]
dataset = "digits"
arch = "10"
T = 3
epochs = 1
train_samples = 200
test_samples = 100
[vary]
beta = [0.2, 0.8]
[[claims]]
text = "It computes something."
kind = "above"
metric = "flops_lab"
value = 1.0
[[claims]]
text = "The first is exactly as good as the other."
kind = "no_difference"
metric = "test_loss"
a = { beta = 0.2 }
b = { beta = 0.8 }
margin = 0.0
[[claims]]
text = "Nobody measured it."
kind = "above"
metric = "val_accuracy"
value = 0.1
where = { beta = 0.8 }
"""


def test_looks_end_when_no_seed_helps_and_go_on_where_they_were(snnbench, tmp_path):
    (tmp_path / "s.toml").write_text(STUDY)
    planned = snnbench("sweep", "s.toml", "--until-decided", "6", "--dry-run")
    assert "the first of 2 looks" in planned.stderr
    assert "to 12 runs in all" in planned.stderr
    done = snnbench("sweep", "s.toml", "--until-decided", "6", "--json")
    assert done.returncode == 0, done.stderr
    assert "Look 1 of 2, 5 seeds: " in done.stderr
    assert "No seeds decide 'Nobody measured it.'" in done.stderr
    seeds = sorted(run["seed"] for run in json.loads(done.stdout)["runs"])
    looked_twice = "Look 2 of 2, 6 seeds: " in done.stderr
    assert seeds == sorted([*range(6 if looked_twice else 5)] * 2)
    again = snnbench("sweep", "s.toml", "--until-decided", "6", "--json")
    assert f"{len(seeds)} of {len(seeds)} runs are recorded already." in again.stderr
    assert json.loads(again.stdout)["runs"] == json.loads(done.stdout)["runs"]


def test_what_cannot_be_looked_at_is_refused(snnbench, tmp_path):
    (tmp_path / "s.toml").write_text(STUDY)
    for words, said in (
        (("s.toml", "--until-decided", "6", "--seeds", "3"), "both say how many"),
        (("--vary", "beta=0.1,0.2", "--until-decided", "6"), "needs claims"),
        (("s.toml", "--until-decided", "1"), "out of range"),
    ):
        done = snnbench("sweep", *words)
        assert done.returncode == 2
        assert said in done.stderr
