"""The figures of a page with all that they share said once.

matplotlib writes a style at every element, a marker in every figure, an element a tick and a group
around everything: four fifths of a page of many figures. A figure that stands alone keeps them.
"""

import re
from collections import defaultdict

_SVG = re.compile(r"<svg .*?</svg>", re.DOTALL)
_GROUP = re.compile(r"<g>|<g [^>]*>|</g>")
_GENERAL = re.compile(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", re.DOTALL)
_NOTHING = re.compile(r'<path [^>]*style="fill: none"/>')  # a frame that is not drawn
_MARKER = re.compile(r'<defs><path id="([^"]+)" ([^>]*)/></defs>')
_TICK = re.compile(r'<defs><path id="([^"]+)" d="M 0 0 ([^" ]+ [^" ]+)" [^>]*/></defs>')
_USE = re.compile(r'<use href="#([^"]+)" x="([^"]+)" y="([^"]+)" class="(\w+)"/>')
_GRID = re.compile(r'<path d="(M [^"MC]*)" clip-path="([^"]+)" class="(\w+)"/>')
_FAINT = "stroke-opacity: 0.15"  # a grid's lines, see the style of the drawings
_OWN_ID = re.compile(r' id="([^"]+)"')
_LINE = re.compile(r' d="(M [-\d. MLz\n]+)"')
_SVG_WORD = re.compile(r"-?[\d.]+|[MLz]")


def thinned(page: str) -> str:
    """Return the page with its figures' styles in its sheet, equal markers once, short paths."""
    styles: dict[str, str] = {}
    markers: dict[str, str] = {}
    ids: dict[str, str] = {}

    def thin(found: re.Match[str]) -> str:
        svg = _NOTHING.sub("", _GENERAL.sub("", found[0]))
        svg = re.sub(r"\s*\n\s*", "\n", svg).replace('\n"', '"').replace(">\n<", "><")
        svg = re.sub(r'style="([^"]*)"', lambda style: _class(style[1], styles), svg)
        faint = {name for style, name in styles.items() if _FAINT in style}
        svg = _without_bare_groups(_lines_together(svg, faint))
        svg = _MARKER.sub(lambda marker: _once(marker, markers, ids), svg)
        svg = _LINE.sub(lambda line: f' d="{relative(line[1])}"', svg)
        svg = _OWN_ID.sub(lambda own: f' id="{_short(own[1], ids)}"', svg)
        return re.sub(r'(url\(|href=")#([^)"]+)', lambda to: f"{to[1]}#{ids[to[2]]}", svg)

    page = _SVG.sub(thin, page)
    general = "svg * { stroke-linejoin: round; stroke-linecap: butt; }"
    used = set(re.findall(r'class="(f\d+)"', page))
    named = (f".{name} {{ {style} }}" for style, name in styles.items() if name in used)
    rules = "\n".join([general, *named])
    return page.replace("</style>", f"{rules}\n</style>", 1) if styles else page


def relative(path: str) -> str:
    """Return a path of straight lines with every point relative to the one before it.

    >>> relative("M 10 20 30.5 20 30.5 19.5 z M 1 1 L 2 2")
    'm10 20 20.5 0 0-.5zm-9-19 1 1'
    """
    words = iter(_SVG_WORD.findall(path))
    x = y = first_x = first_y = 0.0
    parts: list[str] = []
    starts = False
    for word in words:
        if word == "z":
            parts.append("z")
            x, y = first_x, first_y
        elif word == "M":
            starts = True
        elif word != "L":
            to_x, to_y = float(word), float(next(words))
            step = f"{_number(to_x - x)} {_number(to_y - y)}"
            parts.append(f"m{step}" if starts else f" {step}")
            x, y = to_x, to_y
            if starts:
                first_x, first_y, starts = x, y, False
    return re.sub(r" (?=-)", "", "".join(parts))


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    text = re.sub(r"^(-?)0\.", r"\1.", text)
    return "0" if text in ("-0", "") else text


def _class(style: str, styles: dict[str, str]) -> str:
    return f'class="{styles.setdefault(style, f"f{len(styles)}")}"'


def _lines_together(svg: str, faint: set[str]) -> str:
    """Return the figure with all lines of its grid in one path, and all its ticks."""
    ticks = dict(_TICK.findall(svg))
    lines: dict[tuple[str, ...], list[str]] = defaultdict(list)

    def grid(found: re.Match[str]) -> str:
        if found[3] not in faint:
            return found[0]
        return _gathered(found[1], ("clip-path", found[2], "class", found[3]))

    def use(found: re.Match[str]) -> str:
        if found[1] not in ticks:
            return found[0]
        end = " ".join(
            f"{float(a) + float(b):.2f}"
            for a, b in zip(found.group(2, 3), ticks[found[1]].split(), strict=True)
        )
        return _gathered(f"M {found[2]} {found[3]} {end}", ("class", found[4]))

    def _gathered(line: str, about: tuple[str, ...]) -> str:
        lines[about].append(line)
        return f"<{' '.join(about)}>" if len(lines[about]) == 1 else ""

    svg = _USE.sub(use, _GRID.sub(grid, _TICK.sub("", svg)))
    for about, parts in lines.items():
        named = " ".join(f'{a}="{b}"' for a, b in zip(about[::2], about[1::2], strict=True))
        svg = svg.replace(f"<{' '.join(about)}>", f'<path d="{" ".join(parts)}" {named}/>', 1)
    return svg


def _once(marker: re.Match[str], markers: dict[str, str], ids: dict[str, str]) -> str:
    """Return the marker's definition, nothing where the page has its like already."""
    known = markers.setdefault(marker[2], marker[1])
    ids[marker[1]] = _short(known, ids)
    return marker[0] if known == marker[1] else ""


def _short(name: str, ids: dict[str, str]) -> str:
    """Return what an id is called on the page: those of titles and descriptions as they are."""
    if name.endswith(("-title", "-desc")):
        return name
    return ids.setdefault(name, f"_{len(ids)}")


def _without_bare_groups(svg: str) -> str:
    opened: list[bool] = []  # whether each group that is open says something

    def keep(tag: re.Match[str]) -> str:
        if tag[0] != "</g>":
            opened.append(tag[0] != "<g>")
            return tag[0] if opened[-1] else ""
        return tag[0] if opened.pop() else ""

    return _GROUP.sub(keep, svg)
