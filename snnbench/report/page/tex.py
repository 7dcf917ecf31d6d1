"""Text and numbers for LaTeX: what people named anything appears as they wrote it."""

import re

# What LaTeX takes for a command, a ligature, or an argument of what stands before it.
_ESCAPED = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "_": r"\_", "%": r"\%", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "`": r"\textasciigrave{}",
    '"': r"\char34{}", "[": "{[}", "]": "{]}", "*": "{*}",
    "±": r"$\pm$", "×": r"$\times$", "µ": r"$\mu$", "°": r"$^\circ$", "²": r"$^2$", "·": r"$\cdot$",
    "–": r"\textendash{}", "—": r"\textemdash{}", "…": r"\ldots{}", "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}", "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}",
    "≤": r"$\leq$", "≥": r"$\geq$", "→": r"$\rightarrow$",
}  # fmt: skip
_LIGATURES = re.compile(r"([-',])(?=\1)")  # "--" of a name is no dash
_LETTERS = frozenset("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿ")

_LONG = 24  # characters of a word

# pdfTeX knows no characters but Latin ones: it prints the others' code points.
CHARACTER = r"\providecommand{\snnbenchchar}[2]{\ifdefined\Umathcode#1\else\texttt{U+#2}\fi}"


def tex(text: str) -> str:
    """Return text on one line that any LaTeX prints as it is; of pdfTeX see `CHARACTER`.

    >>> print(tex("lr_schedule 50 % -- [x] ä"))
    lr\\_schedule 50 \\% -{}- {[}x{]} ä
    """
    return " ".join(map(_word, text.split()))


def _word(word: str) -> str:
    """Return a word; a long one, as a checksum, can be broken without a hyphen."""
    parts = [word]
    if len(word) > _LONG:
        parts = [word[i : i + _LONG // 2] for i in range(0, len(word), _LONG // 2)]
    escaped = ("".join(map(_character, part)) for part in parts)
    return r"\allowbreak{}".join(_LIGATURES.sub(r"\1{}", part) for part in escaped)


def _character(c: str) -> str:
    if c in _ESCAPED:
        return _ESCAPED[c]
    if c in _LETTERS or (c.isascii() and c.isprintable()):
        return c
    return rf"\snnbenchchar{{{c}}}{{{ord(c):04X}}}"


def math(number: str) -> str:
    """Return a number as `number_text` and `spread_text` give it, in math.

    >>> math("1,230 ±120"), math("1.235e-05")
    ('$1{,}230 \\\\pm 120$', '$1.235 \\\\times 10^{-5}$')
    """
    text = number.replace(",", "{,}").replace("±", r"\pm ")
    text = re.sub(r"e([+-]?)0*(\d+)", _power, text)
    return f"${text}$"


def _power(found: re.Match[str]) -> str:
    return rf" \times 10^{{{found[1].strip('+')}{found[2]}}}"


def slug(text: str) -> str:
    """Return text as a part of a label or a file's name: letters, digits and "-".

    >>> slug("Cost of training and of a sample, lab1_T")
    'cost-of-training-and-of-a-sample-lab1-t'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
