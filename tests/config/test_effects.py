"""What has no effect is decided once for a combination of the settings that decide it."""

import random

import pytest

from snnbench.config import RunConfig, effects
from snnbench.config.effects import without_effect
from snnbench.config.setting import SETTINGS
from snnbench.config.settings import Settings

RULES = dict.fromkeys(s.unless for s in SETTINGS.values() if s.unless)  # each once, in order
ARCHES = ("10", "12-10", "12:relu-10", "8:relu-10:linear", "4c3-p2-10", "8-6:tanh-10")


class Watched:
    """Settings that note which of them a rule looks at."""

    def __init__(self, settings):
        self._settings, self.seen = settings, set()

    def __getattr__(self, name):
        if name in SETTINGS:
            self.seen.add(name)
            return getattr(self._settings, name)
        return getattr(type(self._settings), name).fget(self)  # a property of several


def drawn(seed):
    """Settings whose words, arch and optional numbers are drawn."""
    draws = random.Random(seed)
    values = {n: draws.choice(tuple(s.words)) for n, s in SETTINGS.items() if s.words}
    optional = ("test_samples", "val_samples", "val_fraction", "lr_schedule")
    given = {n: {"lr_schedule": "0.1x2", "val_fraction": 0.1}.get(n, 5) for n in optional}
    values |= {n: v for n, v in given.items() if draws.random() < 0.5}
    return Settings(**values, arch=draws.choice(ARCHES), z=draws.random())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_looks_at_nothing_but_what_it_says(rule):
    for seed in range(100):
        watched = Watched(drawn(seed))
        rule(watched)
        assert watched.seen <= set(effects._LOOKS_AT[rule])


def test_a_combination_decides_the_same_whoever_asked_first():
    for seed in range(300):
        settings = drawn(seed)
        remembered = dict(without_effect(settings))
        effects.forget()
        assert without_effect(settings) == remembered
        assert list(remembered) == [name for name in SETTINGS if name in remembered]


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(effects, "_MOST_KNOWN", 4)
    effects.forget()
    for width in range(1, 20):
        assert "T" not in without_effect(RunConfig(arch=f"{width}-10"))
        assert "activation" in without_effect(RunConfig(arch=f"{width}-10"))
    assert len(effects._combinations(tuple(SETTINGS))[1]) <= 4
    effects.forget()
