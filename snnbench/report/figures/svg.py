"""Matplotlib's SVG as a small element of a page that has many.

What nobody sees is left out, what many elements share stands once, and colours are the page's.
"""

import re
from collections.abc import Callable, Mapping
from itertools import groupby
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from zlib import crc32

FONT, FONT_SIZE = "DejaVu Sans", 10
_PLACES = ("d", "x", "y", "width", "height", "transform")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# Style of no effect here: the element has it anyway, or inherits it from the whole.
_UNSAID = {
    "stroke-linejoin": ("miter", "round"),
    "stroke-linecap": ("butt", "square"),
    "text-anchor": ("start",),
    "fill-opacity": ("1",),
    "stroke-opacity": ("1",),
}


def inline(svg: str, name: str, title: str, description: str, colours: Mapping[str, str]) -> str:
    """Return matplotlib's file as an `<svg>` element with title and description.

    Its ids are made the figure's own, its fixed size is left to the page, coordinates are rounded.

    Args:
        svg: the file.
        name: begins its ids.
        title, description: for those who cannot see it.
        colours: colour it was painted in -> the page's.
    """
    for colour, css in colours.items():
        svg = svg.replace(colour, css)
    tree = ElementTree.fromstring(
        _NO_XML.sub("\N{REPLACEMENT CHARACTER}", svg[svg.index("<svg") :])
    )
    for element in tree.iter():
        element.tag = element.tag.rpartition("}")[2]
        _tidy(element)
    for element in tree.iter():
        _round(element, 2 if element.tag == "defs" else 1)
    _flatten(tree)
    _define_first(tree)
    for key in ("clip-path", "style", "text-anchor"):
        for element in list(tree.iter()):
            if element.tag in ("svg", "g"):
                _share(element, key)
    _name_ids(tree, name)
    width, height = tree.attrib["viewBox"].split()[2:]
    tree.attrib = {
        "viewBox": f"0 0 {float(width):.0f} {float(height):.0f}", "role": "img",
        "xmlns": "http://www.w3.org/2000/svg", "aria-labelledby": f"{name}-title {name}-desc",
        "font-family": f"'{FONT}', sans-serif", "font-size": str(FONT_SIZE),
        "fill": "currentColor", "stroke-linejoin": "round",
    }  # fmt: skip
    for i, (tag, text) in enumerate((("title", title), ("desc", description))):
        words = Element(tag, {"id": f"{name}-{tag}"})
        words.text = text
        tree.insert(i, words)
    return ElementTree.tostring(tree, encoding="unicode").replace(" />", "/>")


def rounded(path: str, digits: int) -> str:
    """Return a path, a place or a transform with short coordinates.

    Of a single line, all but the first point are steps from the one before.
    """
    is_line = re.fullmatch(r"M[^A-Za-z]*(?:L[^A-Za-z]*)+z?\s*", path)
    if is_line:
        numbers = [round(float(n) * 10**digits) for n in re.findall(r"-?\d+(?:\.\d+)?", path)]
        steps = [b - a for a, b in zip(numbers, numbers[2:], strict=False)]
        texts = [_short(n / 10**digits, digits) for n in (*numbers[:2], *steps)]
        line = " ".join(texts[2:]).replace(" -", "-")
        return f"M{texts[0]} {texts[1]}l{line}{'z' if 'z' in path else ''}"
    text = re.sub(r"-?\d+\.\d+", lambda number: _short(float(number[0]), digits), path)
    has_lines_only = path.startswith("M") and not re.search("[a-yA-KN-Y]", path[1:])
    return re.sub(r"\s*L ", " ", text) if has_lines_only else text


def _short(value: float, digits: int) -> str:
    text = f"{round(value, digits) + 0.0:.{digits}f}"  # no -0
    return text.rstrip("0").rstrip(".") if "." in text else text


def _tidy(element: Element) -> None:
    """Shorten an element's numbers and style, and drop space between elements."""
    if not (element.text or "").strip() or element.tag not in ("text", "tspan", "style"):
        element.text = None
    element.tail = None
    attributes = element.attrib
    href = attributes.pop("{http://www.w3.org/1999/xlink}href", None)
    if href is not None:
        attributes["href"] = href
    if re.fullmatch(r"rotate\(-?0 .*", attributes.get("transform", "")):
        del attributes["transform"]
    if "style" in attributes:
        _set_style(element, _style(attributes["style"]))


def _round(parent: Element, digits: int) -> None:
    """Round the places in an element's children: of what is drawn many times more finely."""
    for child in parent:
        for key in _PLACES:
            if key in child.attrib:
                fine = 2 if key == "transform" else digits
                child.attrib[key] = " ".join(rounded(child.attrib[key], fine).split())


def _style(text: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in text.split(";") if part.strip())
    found = {key.strip(): value.strip() for key, _, value in pairs}
    return {key: value for key, value in found.items() if value not in _UNSAID.get(key, ())}


def _set_style(element: Element, style: dict[str, str]) -> None:
    if element.tag == "text":
        for key, common in (("font-family", None), ("font-size", f"{FONT_SIZE}px"),
                            ("fill", "currentColor")):  # fmt: skip
            if common is None or style.get(key) == common:
                style.pop(key, None)
        if "text-anchor" in style:  # an attribute, which many neighbours share
            element.attrib["text-anchor"] = style.pop("text-anchor")
        if "font" in style:
            size = re.search(r"[\d.]+px", style.pop("font"))
            if size is not None and size[0] != f"{FONT_SIZE}px":
                style["font-size"] = size[0]
    text = ";".join(f"{key}:{value}" for key, value in style.items())
    element.attrib.pop("style", None)
    if text:
        element.attrib["style"] = text


def _flatten(parent: Element) -> None:
    """Replace groups that say nothing by what they hold, and drop what paints nothing."""
    children: list[Element] = []
    for child in list(parent):
        _flatten(child)
        is_axis = child.attrib.get("id", "").startswith("matplotlib.axis")
        if is_axis:
            _one_grid(child)
        invisible = child.tag == "path" and child.attrib.get("style") == "fill:none"
        if child.tag in ("metadata", "style") or invisible:
            continue
        if child.tag in ("g", "defs") and not len(child):
            continue
        children += list(child) if child.tag == "g" and set(child.attrib) <= {"id"} else [child]
    parent[:] = children


def _one_grid(axis: Element) -> None:
    """Make one path of an axis's grid lines, which nothing need clip."""
    lines = [child for child in axis if child.tag == "path"]
    for line in lines:
        line.attrib.pop("clip-path", None)
    for _, alike in groupby(lines, lambda line: line.attrib.get("style")):
        first, *others = alike
        first.attrib["d"] += "".join(other.attrib["d"] for other in others)
        for other in others:
            axis.remove(other)


def _define_first(tree: Element) -> None:
    """Put all that is drawn several times before what is drawn."""
    definitions = Element("defs")
    for parent in list(tree.iter()):
        own = [child for child in parent if child.tag == "defs"]
        for child in own:
            definitions.extend(child)
            parent.remove(child)
    if len(definitions):
        tree.insert(0, definitions)


def _share(parent: Element, key: str) -> None:
    """Let neighbours with an equal attribute have it from one group."""
    children: list[Element] = []
    for value, run in groupby(list(parent), lambda child: child.attrib.get(key)):
        alike = list(run)
        if value is None or len(alike) < 2 or parent.attrib.get(key) == value:
            children += alike
            continue
        if len(alike) == len(parent) and key not in parent.attrib:
            parent.attrib[key] = value
            children += alike
        else:
            group = Element("g", {key: value})
            group[:] = alike
            children.append(group)
        for child in alike:
            del child.attrib[key]
    parent[:] = children


def _name_ids(tree: Element, name: str) -> None:
    """Make short ids of the figure's own of those that something refers to; drop the others."""
    text = ElementTree.tostring(tree, encoding="unicode")
    used = list(dict.fromkeys(re.findall(r'(?:url\(|href=")#([^")]+)', text)))
    begin = f"f{crc32(name.encode()):x}"  # marks name theirs a hundred times
    own = {old: f"{begin}-{number}" for number, old in enumerate(used)}
    rename: Callable[[re.Match[str]], str] = lambda found: f"#{own[found[1]]}"  # noqa: E731
    for element in tree.iter():
        if "id" in element.attrib:
            if element.attrib["id"] in own:
                element.attrib["id"] = own[element.attrib["id"]]
            else:
                del element.attrib["id"]
        for key in ("clip-path", "href"):
            if key in element.attrib:
                element.attrib[key] = re.sub(r"#([^)]+)", rename, element.attrib[key])
