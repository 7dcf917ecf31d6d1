"""Energy counters of processors: RAPL, which Linux shows as files (powercap).

A zone is a folder, intel-rapl:0 (AMD's, too), with `name` and `energy_uj`; zones within it are
intel-rapl:0:0 and so on. A package's counter has the cores and what else is on the chip in it, the
memory's (dram) is beside it, and psys is the whole machine, as far as it is known: packages and
dram are added, and nothing is added twice.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from snnbench.energy.counters import Counter, CounterError

ROOT = Path("/sys/class/powercap")
ENVIRONMENT = "SNNBENCH_POWERCAP"  # another place of it, as in a container
SOURCE = "cpu"

_ZONE = re.compile(r"([\w-]*rapl[\w-]*):(\d+)(?::(\d+))?", re.ASCII)
_LONGEST = 20  # digits of 64 bits
# No package takes so much; whatever seems to has begun anew without saying so.
_MOST_WATTS = 2000.0


def powercap_root() -> Path:
    """Return the folder of the zones."""
    return Path(os.environ.get(ENVIRONMENT) or ROOT)


def rapl_counters(root: Path) -> list[Counter]:
    """Return the counters of all packages, and of their memory where it has one.

    Raises:
        CounterError: there are none, or one of a package cannot be read.
    """
    if not root.is_dir():
        raise CounterError(
            f"there is no {root}, where Linux shows the counters of processors (RAPL); virtual "
            "machines and containers mostly have none."
        )
    zones = _zones(root)
    # one kind shows the packages: another one (intel-rapl-mmio) would show the same again
    for kind in sorted({kind for kind, *_ in zones}):
        found = [counter for zone in zones if zone[0] == kind for counter in _counters(zones, zone)]
        if any(not counter.alone for counter in found):
            return found
    raise CounterError(
        f"{root} shows no package of a processor (RAPL); containers hide them, and not every "
        "processor has such counters."
    )


_Zone = tuple[str, int, int]  # kind, number, number within it or -1


def _zones(root: Path) -> dict[_Zone, Path]:
    """Return all zones, sorted; they lie beside each other, within each other, or both."""
    found: dict[_Zone, Path] = {}
    for pattern in ("*:*", "*/*:*", "*/*/*:*"):
        for path in root.glob(pattern):
            if (match := _ZONE.fullmatch(path.name)) is not None and path.is_dir():
                kind, number, within = match.groups()
                found.setdefault((kind, int(number), int(within or -1)), path)
    return dict(sorted(found.items()))


def _counters(zones: dict[_Zone, Path], zone: _Zone) -> Iterable[Counter]:
    """Yield the counter of a zone that is to be added."""
    kind, number, within = zone
    name = _name(zones[zone])
    if within < 0 and name.startswith("package"):
        yield _counter(zones[zone], name)
    elif name == "dram":
        package = zones.get((kind, number, -1))
        label = name if package is None or within < 0 else f"{_name(package)}/{name}"
        yield _counter(zones[zone], label, alone=True)


def _counter(zone: Path, label: str, *, alone: bool = False) -> Counter:
    path, most = zone / "energy_uj", zone / "max_energy_range_uj"
    try:
        wraps_after = _number(most) or None
    except CounterError:
        wraps_after = None
    return Counter(
        label, SOURCE, lambda: _number(path), 1e-6, wraps_after, _MOST_WATTS, alone=alone
    )  # fmt: skip


def _name(zone: Path) -> str:
    return "-".join(_text(zone / "name", 100).split())


def _number(path: Path) -> int:
    text = _text(path, _LONGEST + 2).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST):
        raise CounterError(f"{path} holds {text[:_LONGEST]!r}, which is no number.")
    return int(text)


def _text(path: Path, most: int) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(most)
    except PermissionError:
        raise CounterError(
            f"{path} may be read by root only. `sudo chmod a+r {path.parents[1]}/*/energy_uj` "
            "lets everybody, until the machine starts anew."
        ) from None
    except OSError as error:
        raise CounterError(f"{path} cannot be read: {error.strerror}.") from None
