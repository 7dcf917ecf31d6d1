"""The figures of a page with all that they share said once.

matplotlib writes a style at every element, a marker in every figure and a group around everything:
four fifths of a page of many figures. A figure that stands alone keeps all of it.
"""

import re

_SVG = re.compile(r"<svg .*?</svg>", re.DOTALL)
_TAG = re.compile(r"<g>|<g [^>]*>|</g>")
_MARKER = re.compile(r'<defs>\s*(<path id="([^"]+)" ([^>]*)/>)\s*</defs>')
_GENERAL = re.compile(r"<defs>\s*<style[^>]*>(.*?)</style>\s*</defs>", re.DOTALL)
_NOTHING = re.compile(r'<path [^>]*style="fill: none"/>')  # a frame that is not drawn
_OWN_ID = re.compile(r' id="([^"]+)"')


def thinned(page: str) -> str:
    """Return the page: styles of its figures in its sheet, equal markers once, short ids."""
    styles: dict[str, str] = {}
    markers: dict[str, str] = {}
    ids: dict[str, str] = {}

    def thin(found: re.Match[str]) -> str:
        svg = _NOTHING.sub("", _GENERAL.sub("", found[0]))
        svg = re.sub(r"\s*\n\s*", "\n", svg).replace('\n"', '"').replace(">\n<", "><")
        svg = re.sub(r'style="([^"]*)"', lambda style: _class(style[1], styles), svg)
        svg = _MARKER.sub(lambda marker: _once(marker, markers, ids), svg)
        svg = _OWN_ID.sub(lambda own: f' id="{_short(own[1], ids)}"', svg)
        svg = re.sub(r'(url\(|href=")#([^)"]+)', lambda to: f"{to[1]}#{ids[to[2]]}", svg)
        return _without_bare_groups(svg)

    page = _SVG.sub(thin, page)
    general = "svg * { stroke-linejoin: round; stroke-linecap: butt; }"
    rules = "\n".join([general, *(f".{name} {{ {style} }}" for style, name in styles.items())])
    return page.replace("</style>", f"{rules}\n</style>", 1) if styles else page


def _class(style: str, styles: dict[str, str]) -> str:
    return f'class="{styles.setdefault(style, f"f{len(styles)}")}"'


def _once(marker: re.Match[str], markers: dict[str, str], ids: dict[str, str]) -> str:
    """Return the marker's definition, nothing where the page has its like already."""
    known = markers.setdefault(marker[3], marker[2])
    ids[marker[2]] = _short(known, ids)
    return marker[0] if known == marker[2] else ""


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

    return _TAG.sub(keep, svg)
