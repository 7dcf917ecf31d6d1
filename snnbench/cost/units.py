"""Energies in a unit that leaves few digits."""

import math


def energy_text(pj: float) -> str:
    """Return an energy in a unit that leaves few digits.

    >>> energy_text(95_400.0), energy_text(12.0)
    ('95.4 nJ', '12 pJ')
    """
    power = min(max(int(math.log10(pj) // 3), 0), 4) if pj > 0 else 0
    return f"{pj / 1000**power:.3g} {('pJ', 'nJ', 'µJ', 'mJ', 'J')[power]}"
