"""What `flops` prints of conventions: their meanings, their counts, two networks side by side."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.markup import escape

from snnbench.cli.console import print_json, print_table, print_words, say, stdout
from snnbench.errors import UserError, did_you_mean, shortened

if TYPE_CHECKING:
    from snnbench.api import CountResult
    from snnbench.cost.report import NetworkCount
    from snnbench.words.conventions import Convention
    from snnbench.words.energies import Energy

_INITIAL = (
    "The ANN has initial weights: how many of its hidden activations are 0 is not what training"
    " makes of it. --twin FILE names a saved model of it."
)
_ASSUMED = (
    "Nothing was run: no pixel and no activation of the ANN is taken as 0, so that skipping zeros"
    " saves it nothing here. Without --rate and --input-shape both are measured on test data."
)


def print_explained(name: str | None, *, as_json: bool) -> None:
    """Print what conventions, energy models and facts are, or one of them.

    Raises:
        UserError: there is none of this name.
    """
    from snnbench.cost.derive import explained
    from snnbench.words.energies import ENERGIES

    found = explained()
    if name is not None:
        column = ENERGIES[name].column if name in ENERGIES else name
        if column not in found:
            raise UserError(
                f"'{shortened(name)}' is no fact, convention or energy model.",
                did_you_mean(name, [*found, *ENERGIES]),
            )
        found = {column: found[column]}
    if as_json:
        print_json({"explained": list(found.values())})
        return
    for number, entry in enumerate(found.values()):
        if number:
            stdout().print()
        stdout().print(f"[bold]{escape(entry['name'])}[/]: {escape(entry['meaning'])}")
        for key in ("unit", "formula", "source", "assumes", "options"):
            if entry.get(key):
                stdout().print(f"  {key}: {escape(entry[key])}", soft_wrap=True)


class Asked(NamedTuple):
    """Conventions and energy models that somebody chose, with their options.

    Attributes:
        energies: the first is the headline.
    """

    energies: "tuple[Energy, ...]"
    conventions: "tuple[Convention, ...]" = ()

    @classmethod
    def of(cls, energies: Sequence[str] | None, conventions: Sequence[str] | None) -> "Asked":
        """Read what stands behind --energy and --convention.

        Raises:
            UserError: there is no such model or option, or it cannot be this number.
        """
        from snnbench.words.conventions import CONVENTIONS, find_convention
        from snnbench.words.energies import ENERGIES, HEADLINE

        chosen = [find_convention(ENERGIES, text) for text in energies or [HEADLINE.name]]
        others = [find_convention(CONVENTIONS, text) for text in conventions or ()]
        return cls(tuple(chosen), tuple(others))


def count_document(
    result: "CountResult", twin: "NetworkCount | None", asked: Asked, *, trained: bool
) -> dict[str, Any]:
    """Return a network's counts, and beside its twin's, if there is one.

    Args:
        result, twin: the network and its ANN.
        asked: by the user.
        trained: the ANN is a saved model.
    """
    count = result.count
    document = {
        "totals": count.totals(),
        "layers": count.layers,
        "lower_bound": count.lower_bound,
        "uncounted": count.uncounted,
        "notes": count.notes,
        "conventions": count.conventions((*asked.energies, *asked.conventions)),
    }
    if twin is None:
        return document
    return document | {"comparison": _comparison(count, twin, asked, trained=trained)}


def print_count(result: "CountResult", asked: Asked) -> None:
    """Print a network's counts, layer by layer."""
    from snnbench.cost.derive import operations
    from snnbench.report.reading.columns import headed

    count = result.count
    _print_energies(result, asked)
    stdout().print()
    layers, counts = count.layers, [quantity.name for quantity in operations()]
    known = [
        (f"{name}, at least" if count.lower_bound and name in counts else name, value)
        for name, value in count.totals().items()
        if value is not None
    ]
    print_table("Network, counts per sample", ("result", "value"), known)
    if count.lower_bound:
        listed = ", ".join(f"{name}: {n}" for name, n in count.uncounted.items())
        print_words(f"Lower bounds, without what has no rule: {listed}")
    stdout().print()
    _print_conventions(count, asked)
    facts = [name for name in layers[0] if name not in counts]
    for title, columns in (("facts", facts), ("counts per sample", ["layer", *counts])):
        stdout().print()
        print_table(f"Layers, {title}", *headed(columns, layers))


def _print_energies(result: "CountResult", asked: Asked) -> None:
    """Print a network's energy by the model asked for, in words, and by all there are."""
    from snnbench.cost.units import energy_text
    from snnbench.words.energies import ENERGIES

    count, least = result.count, "at least " if result.lower_bound else ""
    further = [word for word in asked.energies if word.choice]
    values = count.conventions(further)
    under = count.circumstances()
    if result.config is not None and result.config.model == "snn":
        under += f", encoding {result.config.encoding}"
    for word in asked.energies:
        value = values[word.column]
        said = "not known" if value is None else f"{least}{energy_text(value)} a sample"
        line = f"Energy by {word.label}: {said}; {under}; {word.assumption}."
        print_words(line)
    stdout().print()
    rows = [(word.label, values[word.column], word.assumption)
            for word in (*further, *ENERGIES.values())
            if values[word.column] is not None]  # fmt: skip
    print_table(f"Energy at {under}", ("model", "pJ a sample", "assumes"), rows)


def _print_conventions(count: "NetworkCount", asked: Asked) -> None:
    """Print what the counting conventions say that tables do not have."""
    from snnbench.words.conventions import CONVENTIONS

    values = count.conventions(asked.conventions)
    rows = [
        (word.label, values[word.column], word.unit)
        for word in (*asked.conventions, *CONVENTIONS.values())
        if values[word.column] is not None and word.since is None
    ]
    print_table("Network, by further conventions", ("result", "value", "unit"), rows)
    stdout().print("What each is: snnbench flops --explain")


def _comparison(
    snn: "NetworkCount", ann: "NetworkCount", asked: Asked, *, trained: bool
) -> dict[str, Any]:
    """Return both networks' counts, ratios, break-evens and sentences."""
    from snnbench.cost.comparing import CostComparison

    further = tuple(word for word in asked.energies if word.choice)
    both = CostComparison(snn.facts, ann.facts, further)
    names = ("name", "unit", "snn", "ann", "ratio")
    return {
        "counts": [dict(zip(names, row, strict=True)) for row in both.rows()],
        "break_even": [asdict(one) for one in both.breaks()],
        "sentence": both.sentence(),
        "note": _note(snn, trained=trained),
        "lower_bound": snn.lower_bound or ann.lower_bound,
    }


def _note(snn: "NetworkCount", *, trained: bool) -> str | None:
    """Say what the ANN's zeros come from, where they are not those of a trained one."""
    if snn.facts[0].weights_nonzero is None:
        return _ASSUMED
    return None if trained else _INITIAL


def print_comparison(
    snn: "NetworkCount", ann: "NetworkCount", asked: Asked, *, trained: bool
) -> None:
    """Print an SNN beside the ANN of the same widths."""
    document = _comparison(snn, ann, asked, trained=trained)
    print_words(document["sentence"])
    stdout().print()
    rows = [
        (row["name"], row["snn"], row["ann"], row["ratio"], row["unit"])
        for row in document["counts"]
        if row["snn"] is not None or row["ann"] is not None
    ]
    print_table("Counts", ("result", "SNN", "ANN", "ANN / SNN", "unit"), rows)
    stdout().print()
    breaks = [
        (b["model"], b["ratio"], b["spikes"], b["firing_rate"], b["input_rate"], b["T"],
         b["first_layer"])
        for b in document["break_even"]
    ]  # fmt: skip
    header = ("model", "ANN / SNN", "at times the spikes", "at firing rate", "at input rate",
              "at T", "first layer")  # fmt: skip
    title = "Where both cost the same, all else as it is, and the first layer's share"
    print_table(title, header, breaks)
    if document["note"] is not None:
        say(document["note"])
