"""Paragraphs with citations and formulas, as Markdown and as LaTeX."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from snnbench.report.page.tex import CHARACTER, tex

# Of Markdown and of the HTML that it lets through; "=" and "-" matter only at a line's start.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#&~$!@^])")


class Cite(NamedTuple):
    """Sources that are cited, by their keys."""

    keys: tuple[str, ...]


class Formula(NamedTuple):
    """A formula within a line, in LaTeX's math."""

    latex: str


Text = tuple[str | Cite | Formula, ...]


class Paragraph(NamedTuple):
    """A heading, sentences, and a list below them."""

    heading: str
    sentences: Sequence[Text]
    items: Sequence[Text] = ()


class Heading(NamedTuple):
    """A heading of several paragraphs."""

    text: str


Prose = Sequence[Paragraph | Heading]


def keys_of(prose: Prose) -> list[str]:
    """Return the keys of all sources that are cited, none twice."""
    paragraphs = [part for part in prose if isinstance(part, Paragraph)]
    texts = [text for p in paragraphs for text in (*p.sentences, *p.items)]
    found = [key for text in texts for part in text if isinstance(part, Cite) for key in part.keys]
    return list(dict.fromkeys(found))


def to_markdown(prose: Prose) -> str:
    """Return Markdown with formulas in "$" and citations as pandoc reads them."""
    blocks = []
    for part in prose:
        if isinstance(part, Heading):
            blocks.append(f"## {_escaped(part.text)}")
            continue
        lines = " ".join("".join(map(_markdown, text)) for text in part.sentences)
        blocks.append(f"**{_escaped(part.heading)}.** {lines}".strip())
        if part.items:
            blocks.append("\n".join(f"- {''.join(map(_markdown, text))}" for text in part.items))
    return "\n\n".join(blocks) + "\n"


def to_latex(prose: Prose) -> str:
    """Return LaTeX for a document's body."""
    return "\n".join([CHARACTER, *_latex_blocks(prose)]) + "\n"


def _latex_blocks(prose: Prose) -> Iterator[str]:
    for part in prose:
        if isinstance(part, Heading):
            yield rf"\subsection*{{{tex(part.text)}}}"
            continue
        yield rf"\paragraph{{{tex(part.heading)}.}}"
        yield from ("".join(map(_latex, text)) for text in part.sentences)
        if part.items:
            items = "\n".join(rf"\item {''.join(map(_latex, text))}" for text in part.items)
            yield f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}"


def _markdown(part: str | Cite | Formula) -> str:
    if isinstance(part, Cite):
        return f" [{'; '.join(f'@{key}' for key in part.keys)}]" if part.keys else ""
    return f"${part.latex}$" if isinstance(part, Formula) else _escaped(part)


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", re.sub(r"\s+", " ", text))


def _latex(part: str | Cite | Formula) -> str:
    if isinstance(part, Cite):
        return rf"~\cite{{{','.join(part.keys)}}}" if part.keys else ""
    if isinstance(part, Formula):
        return f"${part.latex}$"
    # the blanks at its ends are part of the sentence
    around = [" " if part[end : end + 1].isspace() else "" for end in (0, len(part) - 1)]
    return f"{around[0]}{tex(part)}{around[1] if part.strip() else ''}"
