"""What `flops` prints of conventions: their meanings, their counts, two networks side by side."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from snnbench.cli.console import print_json, print_table, say, stdout
from snnbench.errors import UserError, did_you_mean, shortened

if TYPE_CHECKING:
    from snnbench.cost.report import NetworkCount

_INITIAL = (
    "The ANN has initial weights: how many of its hidden activations are 0 is not what training"
    " makes of it."
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

    found = explained()
    if name is not None:
        if name not in found:
            raise UserError(
                f"'{shortened(name)}' is no fact, convention or energy model.",
                did_you_mean(name, found),
            )
        found = {name: found[name]}
    if as_json:
        print_json({"explained": list(found.values())})
        return
    for number, entry in enumerate(found.values()):
        if number:
            stdout().print()
        stdout().print(f"[bold]{escape(entry['name'])}[/]: {escape(entry['meaning'])}")
        for key in ("unit", "formula", "source"):
            if entry.get(key):
                stdout().print(f"  {key}: {escape(entry[key])}", soft_wrap=True)


def print_conventions(count: "NetworkCount") -> None:
    """Print what the conventions say that tables do not have."""
    from snnbench.cost.derive import conventions

    values, words = count.conventions(), conventions()
    rows = [
        (column, value, words[column].unit)
        for column, value in values.items()
        if value is not None and words[column].since is None
    ]
    print_table("Network, by further conventions", ("result", "value", "unit"), rows)
    stdout().print("What each is: snnbench flops --explain")


def comparison_document(snn: "NetworkCount", ann: "NetworkCount") -> dict[str, Any]:
    """Return both networks' counts, ratios, break-evens and sentences."""
    from snnbench.cost.comparing import CostComparison

    both = CostComparison(snn.facts, ann.facts)
    names = ("name", "unit", "snn", "ann", "ratio")
    return {
        "counts": [dict(zip(names, row, strict=True)) for row in both.rows()],
        "break_even": [asdict(one) for one in both.breaks()],
        "sentence": both.sentence(),
        "lower_bound": snn.lower_bound or ann.lower_bound,
    }


def print_comparison(snn: "NetworkCount", ann: "NetworkCount") -> None:
    """Print an SNN beside the ANN of the same widths."""
    document = comparison_document(snn, ann)
    stdout().print(escape(document["sentence"]), soft_wrap=True)
    stdout().print()
    rows = [
        (row["name"], row["snn"], row["ann"], row["ratio"], row["unit"])
        for row in document["counts"]
        if row["snn"] is not None or row["ann"] is not None
    ]
    print_table("Counts", ("result", "SNN", "ANN", "ANN / SNN", "unit"), rows)
    stdout().print()
    breaks = [
        (b["model"], b["ratio"], b["spikes"], b["input_rate"], b["T"], b["first_layer"])
        for b in document["break_even"]
    ]
    header = ("model", "ANN / SNN", "at times the spikes", "at input rate", "at T", "first layer")
    title = "Where both cost the same, all else as it is, and the first layer's share"
    print_table(title, header, breaks)
    say(_ASSUMED if snn.facts[0].weights_nonzero is None else _INITIAL)
