"""An SNN and the ANN of its widths: trained, answered in words, put on a page."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnbench.api.asking import Follow, follower, given_settings, interruptible
from snnbench.config import RunConfig
from snnbench.environment import waiting_chosen
from snnbench.errors import UserError
from snnbench.progress.screens import NoScreen, screen_here
from snnbench.studies.twins import SEEDS, comparison, tuning

if TYPE_CHECKING:
    from snnbench.api.results import Results
    from snnbench.studies.asked import Vary
    from snnbench.sweep.run import Where

FOLDER, MARGIN, PAGE = Path("results/compare"), "1%", "compare.html"


@waiting_chosen()
def compare(
    config: RunConfig | None = None,
    *,
    vary: "Vary | None" = None,
    seeds: object = SEEDS,
    margin: str | float = MARGIN,
    twin_lr: float | None = None,
    tune: int | None = None,
    energy: str | None = None,
    jobs: int | None = None,
    checkpoint_every: float | None = None,
    out: str | Path = FOLDER,
    html: str | Path | None = None,
    progress: bool = True,
    **settings: Any,
) -> "Results":
    """Train an SNN and the ANN of its widths; say which is as accurate, and which is cheaper.

    As `snnbench compare` does: recorded runs are not trained again, and an interrupted call goes
    on when it is made again.

    Args:
        config: the SNN's settings; or name them as keywords: `compare(arch="64-10", T=10)`.
        vary: several SNNs, each with its twin: `{"beta": [0.5, 0.9]}`.
        seeds: how many, or a list; the same for both.
        margin: so much less accurate counts as not worse: "1%", or 0.01.
        twin_lr: the ANN's own learning rate.
        tune: look for the ANN's learning rate: so many drawn, on validation data.
        energy: model that is told first, as in "memory45nm:bits=8".
        jobs: worker processes; None: all cores.
        checkpoint_every: seconds between checkpoints; None: 30.
        out: folder of the tables.
        html: the page; None: compare.html in that folder.
        progress: draw bars in the notebook, or on the terminal.

    Returns:
        The runs compared, with `answer`; the page and its picture are `files`.

    Raises:
        UserError: anything wrong with settings, data or the folder.
        KeyboardInterrupt: after Ctrl-C, when the runs under way have ended; at once after another.

    >>> found = compare(dataset="digits", arch="32-10", T=5, seeds=3)  # doctest: +SKIP
    >>> print(found)  # doctest: +SKIP
    """
    from snnbench.sweep.run import Where

    screen = screen_here() if progress else NoScreen()
    where = Where(jobs, checkpoint_every=checkpoint_every)
    with interruptible():
        return run_comparison(
            given_settings(config, settings), where, vary=vary, seeds=seeds, margin=margin,
            twin_lr=twin_lr, tune=tune, energy=energy, out=Path(out),
            html=Path(html) if html is not None else None,
            follow=follower(screen, with_best=False), say=screen.say,
        )  # fmt: skip


def run_comparison(
    given: Mapping[str, Any],
    where: "Where",
    *,
    vary: "Vary | None",
    seeds: object,
    margin: str | float,
    twin_lr: float | None,
    tune: int | None,
    energy: str | None,
    out: Path,
    html: Path | None,
    follow: Follow,
    say: Callable[[str], None],
    ambient: Mapping[str, Any] | None = None,
) -> "Results":
    """Train what is missing, answer, and write the page and its picture; see `compare`.

    Args:
        given: settings.
        where: machine, and how.
        vary, seeds, margin, twin_lr, tune, energy, out, html: see `compare`.
        follow: runs an order.
        say: told what was found on the way.
        ambient: settings over which all others win.

    Raises:
        UserError: anything wrong with these.
    """
    from snnbench.studies.asked import read_repeats, read_vary
    from snnbench.studies.margins import read_margin
    from snnbench.sweep.order import Order
    from snnbench.words.energies import headline_of

    share, headline = read_margin(margin), headline_of(energy)
    if tune is not None and twin_lr is not None:
        raise UserError("--tune looks for what --twin-lr says.", "Keep one of them.")
    repeats, axes = read_repeats(seeds), read_vary(vary)
    comparison(given, axes, seeds=repeats)  # refused before anything is trained
    if tune is not None:
        drawn = {name: value for name, value in given.items() if name != "lr"}
        looked_for = tuning(given, tune, repeats)
        order = Order.of(looked_for, out, where, {}, dict(ambient or {}) | drawn)
        twin_lr = _best_lr(out, follow(order))
        say(f"The ANN's learning rate is {twin_lr:g}, the best of {tune} on validation data.")
    study = comparison(given, axes, seeds=repeats, twin_lr=twin_lr)
    ids = follow(Order.of(study, out, where, {}, ambient or {}))

    from snnbench.api.results import Results
    from snnbench.api.writing import write_files
    from snnbench.report.judging.answer import answer
    from snnbench.report.page.render import standing_alone, to_html
    from snnbench.report.reading.source import load

    tables = load([out], headline).named(ids)
    found = Results(tables, {study.name: study}, answer(tables, share))
    page = html if html is not None else out / PAGE
    texts = {page: to_html(found.drawn)}
    if found.drawn.headline is not None:
        texts[page.with_suffix(".svg")] = standing_alone(found.drawn.headline)
    contents = {path: text.encode(errors="replace") for path, text in texts.items()}
    return found.having(write_files(contents))


def _best_lr(folder: Path, ids: Mapping[str, None]) -> float:
    """Return the learning rate with which the ANN is best on validation data."""
    from snnbench.results.frames import read_runs

    runs = read_runs(folder)
    found = runs[runs["run_id"].isin(list(ids)) & runs["val_accuracy"].notna()]
    if found.empty:
        raise UserError("No run of the ANN came to an end.", "Try smaller values of lr.")
    return float(str(found.groupby("lr")["val_accuracy"].mean().idxmax()))
