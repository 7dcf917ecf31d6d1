"""Energies in a unit that leaves few digits."""

import math

_UNITS = ("pJ", "nJ", "µJ", "mJ", "J")


def energy_unit(pj: float) -> tuple[int, str]:
    """Return how many pJ the unit has that leaves few digits of an energy, and the unit.

    >>> energy_unit(95_400.0), energy_unit(999.96)
    ((1000, 'nJ'), (1000, 'nJ'))
    """
    power = int(math.log10(float(f"{pj:.3g}")) // 3) if pj > 0 else 0
    power = min(max(power, 0), len(_UNITS) - 1)
    return 1000**power, _UNITS[power]


def energy_text(pj: float) -> str:
    """Return an energy in that unit.

    >>> energy_text(95_400.0), energy_text(12.0)
    ('95.4 nJ', '12 pJ')
    """
    factor, unit = energy_unit(pj)
    return f"{pj / factor:.3g} {unit}"
