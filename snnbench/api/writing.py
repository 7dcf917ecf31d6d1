"""The files of a report: bad places are refused before the work, all is written last."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from snnbench.errors import UserError

if TYPE_CHECKING:
    from snnbench.report.page.sections import Report
    from snnbench.report.reading.source import Tables

_PAPERS = (".md", ".tex")


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The files and folders that were asked for; None where none was."""

    html: Path | None = None
    markdown: Path | None = None
    latex: Path | None = None
    methods: Path | None = None
    figures: Path | None = None
    neurobench: Path | None = None

    @property
    def _in_one_file(self) -> bool:
        """Whether all tables go into one file; else a file each into a folder."""
        return self.latex is not None and self.latex.suffix == ".tex"

    def check(self, places: Sequence[Path]) -> None:
        """Refuse bad places before the work.

        Args:
            places: that are read.

        Raises:
            UserError: a file cannot be written, would replace one that is read or another one, or
                has a name of the wrong kind.
        """
        if self.methods is not None and self.methods.suffix not in _PAPERS:
            raise UserError(
                f"--methods: {self.methods} says no format.", "Let its name end in .md or .tex."
            )
        tables = None if self._in_one_file else self.latex
        for option, place in (("--figures", self.figures), ("--latex", tables)):
            if place is not None and place.is_file():
                raise UserError(
                    f"{option}: {place} is a file.",
                    "Name a folder, or for the tables in one file a name that ends in .tex.",
                )
        seen: dict[Path, str] = {}
        for option, path in self._files():
            if path.is_dir() or not path.absolute().parent.is_dir():
                raise UserError(
                    f"{path} cannot be written.", "Name a file in a folder that exists."
                )
            if path.resolve() in {place.resolve() for place in places}:
                raise UserError(
                    f"{option} would replace {path}, which is read.", "Name another file."
                )
            if path.resolve() in seen:
                raise UserError(
                    f"{option} and {seen[path.resolve()]} are both {path}.", "Name two files."
                )
            seen[path.resolve()] = option

    def _files(self) -> Iterator[tuple[str, Path]]:
        for option, path in (
            ("--html", self.html), ("--markdown", self.markdown), ("--neurobench", self.neurobench),
            ("--methods", self.methods),
            ("--latex", self.latex if self._in_one_file else None),
        ):  # fmt: skip
            if path is not None:
                yield option, path
        if self.methods is not None:
            yield "the sources of --methods", self.methods.with_suffix(".bib")

    @property
    def draws(self) -> bool:
        """Whether there are figures among them."""
        return self.html is not None or self.figures is not None

    def write(self, made: "Report", tables: "Tables | None" = None) -> tuple[Path, ...]:
        """Write what was asked for, and return the files.

        Args:
            made: the report.
            tables: on which it is; None where folders are compared, which have no runs together.

        Raises:
            UserError: a file cannot be written.
        """
        folders = (self.figures, None if self._in_one_file else self.latex)
        return write_files(self._contents(made, tables), [f for f in folders if f is not None])

    def _contents(self, made: "Report", tables: "Tables | None") -> dict[Path, bytes]:
        from snnbench.report.page import render
        from snnbench.report.page.exchange import to_neurobench
        from snnbench.report.page.latex import HEAD, to_latex

        found: dict[Path, str] = {}
        if self.neurobench is not None and tables is not None:
            found[self.neurobench] = to_neurobench(tables)
        if self.html is not None:
            found[self.html] = render.to_html(made)
        if self.markdown is not None:
            found[self.markdown] = render.to_markdown(made)
        if self.latex is not None:
            written = to_latex(made)
            if self._in_one_file:
                found[self.latex] = "\n".join((HEAD, *written.values()))
            else:
                found |= {self.latex / f"{name}.tex": HEAD + text for name, text in written.items()}
        if self.methods is not None:
            found |= _methods(self.methods, made)
        contents = {path: text.encode(errors="replace") for path, text in found.items()}
        if self.figures is not None:
            drawn = render.to_figures(made)
            contents |= {self.figures / name: content for name, content in drawn.items()}
        return contents


def write_files(contents: Mapping[Path, bytes], folders: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Write files, and return these.

    Args:
        contents: file -> content.
        folders: that are made if they are not there.

    Raises:
        UserError: one cannot be written.
    """
    from snnbench.results import disk

    path = Path()
    try:
        for path in folders:
            path.mkdir(parents=True, exist_ok=True)
        for path, content in contents.items():
            disk.write_file(path, content)
    except OSError as error:
        raise disk.trouble(error, path) from None
    return tuple(contents)


def _methods(path: Path, made: "Report") -> dict[Path, str]:
    """Return what was done, and the sources cited, by their files.

    Raises:
        UserError: no run finished.
    """
    from snnbench.report.page import citing, prose
    from snnbench.report.page.methods import methods, versions_of

    if not any(len(c.done) for section in made.sections for c in section.configurations):
        raise UserError("--methods: no run finished.", "Leave it out.")
    told = methods(made)
    text = prose.to_latex(told) if path.suffix == ".tex" else prose.to_markdown(told)
    sources = citing.bibliography(prose.keys_of(told), versions_of(made))
    return {path: text, path.with_suffix(".bib"): sources}
