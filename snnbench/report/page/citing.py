"""Which sources a text names, and their entries for a bibliography."""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from snnbench.report.page.tex import tex

OURS = "snnbench"
_ENTRY = re.compile(r"^@\w+\{([\w-]+),\n.*?^\}$", re.DOTALL | re.MULTILINE)
_KEYWORDS = re.compile(r"^  keywords = \{(.*)\}\n", re.MULTILINE)


class Source(NamedTuple):
    """An entry of `sources.bib`: its key, how texts name it, and itself in BibTeX."""

    key: str
    names: tuple[str, ...]
    entry: str


@cache
def sources() -> tuple[Source, ...]:
    """Return all sources that are known."""
    text = files("snnbench.report.page").joinpath("sources.bib").read_text(encoding="utf-8")
    found = []
    for entry in _ENTRY.finditer(text):
        (names,) = _KEYWORDS.findall(entry[0])
        bare = _KEYWORDS.sub("", entry[0]).replace(",\n}", "\n}")
        found.append(Source(entry[1], tuple(n.strip() for n in names.split(";")), bare))
    return tuple(found)


def cited(*texts: str) -> tuple[str, ...]:
    """Return the keys of the sources that texts name.

    >>> cited('M. Horowitz, "Computing\\'s energy problem", ISSCC 2014', "SpikingJelly 2.0.0")
    ('horowitz2014', 'spikingjelly2023')
    """
    return tuple(s.key for s in sources() if any(n in text for n in s.names for text in texts))


def bibliography(keys: Iterable[str], versions: Iterable[str]) -> str:
    """Return the entries of some sources, and of this program first, as BibTeX.

    Args:
        keys: see `cited`.
        versions: of snnbench that made the runs.
    """
    wanted = set(keys)
    known = ", ".join(map(tex, sorted(versions)))
    version = f",\n  note = {{Version {known}}}" if known else ""
    ours = (
        f"@misc{{{OURS},\n  author = {{{{The snnbench authors}}}},\n  title = {{snnbench: spiking"
        " neural networks against ordinary ones, trained, counted and compared},\n"
        f"  howpublished = {{\\url{{https://pypi.org/project/snnbench/}}}}{version}\n}}"
    )
    return "\n\n".join([ours, *(s.entry for s in sources() if s.key in wanted)]) + "\n"
