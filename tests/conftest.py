"""Profiles of hypothesis: the default one is quick; `--hypothesis-profile=fuzz` goes on and on."""

from datetime import timedelta

from hypothesis import HealthCheck, settings

_SOON = timedelta(seconds=5)  # on a machine that does much else

settings.register_profile("quick", deadline=_SOON)
# Stopped from outside, as by `timeout 600 pytest ...`: what it finds it prints at once.
settings.register_profile(
    "fuzz", max_examples=10_000_000, deadline=_SOON, suppress_health_check=list(HealthCheck)
)
settings.load_profile("quick")
