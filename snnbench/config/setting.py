"""What a setting is: a field of `Settings` says it once, and everything else is derived.

The command line's options, the keys of TOML files, the parameters of a sweep, the columns of the
tables, what runs of a cohort may differ in, a run's identity and the report's groups all follow
from a field's annotation (kind and bounds), its default and its `Setting`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field
from pydantic.fields import FieldInfo

from snnbench.config.values import read_integer, read_number, read_text, read_truth
from snnbench.words.table import Table

Value = str | int | float | bool | None
Kind = Literal["text", "integer", "number", "boolean"]

# What a setting says something about. Of all but the first two runs are the same whatever it is.
Role = Literal["computation", "file", "repetition", "machine", "place", "speed"]

# Why a setting of a role is not varied, and what to do instead.
UNVARYABLE: dict[Role, tuple[str, str]] = {
    "place": ("says where the data lie, not what is computed", "Give {option} once."),
    "speed": ("says how fast a run is, not what is computed", "Give {option} once."),
    "repetition": ("is not varied but repeated over", "Use --seeds 3, or seeds = [0, 1, 2]."),
}

Number = Annotated[float, BeforeValidator(lambda v, info: read_number(info.field_name, v))]
Integer = Annotated[int, BeforeValidator(lambda v, info: read_integer(info.field_name, v))]
Truth = Annotated[bool, BeforeValidator(lambda v, info: read_truth(info.field_name, v))]
Text = Annotated[str, BeforeValidator(lambda v, info: read_text(info.field_name, v))]

# type of a plug-in's default -> annotation of its setting
ANNOTATIONS: dict[type, Any] = {float: Number, int: Integer, bool: Truth, str: Text}
_KINDS: dict[Any, Kind] = {float: "number", int: "integer", bool: "boolean", str: "text"}


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Between what numbers lie: at least, above, at most, below; None where they have no end."""

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None

    def refusal(self, number: float) -> str | None:
        """Return what a number would have to be, as "at least 0", or None if it lies within."""
        if self.ge is not None and not number >= self.ge:
            return f"at least {self.ge:g}"
        if self.gt is not None and not number > self.gt:
            return f"above {self.gt:g}"
        if self.le is not None and not number <= self.le:
            return f"at most {self.le:g}"
        if self.lt is not None and not number < self.lt:
            return f"below {self.lt:g}"
        return None


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a setting is besides its bounds.

    Attributes:
        name: as users write it.
        kind: of its values.
        default: None also where it follows from other settings.
        optional: it may be left open, as None.
        group: under which it is listed.
        meaning: one line for people.
        unit: of its values, "" where there is none.
        bounds: of its values, where they are numbers.
        words: the table whose words its values are.
        of: the setting whose chosen word must use it: else it has no effect.
        unless: returns why it can have no effect in a combination, or None.
        required: where it has an effect it must be given.
        free: the runs of a cohort may differ in it: it does not shape the computation, or is done
            with each run's outputs alone.
        network: it belongs to a saved network, which keeps it.
        role: what it says something about.
        identity: what of its value names a run: "value", the "stem" of a path, or "nothing",
            because the data's checksum stands for it or it changes no number.
        metavar: stands for its value in --help.
        called: of a truth, what true and false are called in names of configurations, as
            ("BatchNorm", "no BatchNorm"); None for "batch_norm=true".
        since: version of the tables in which it came.
        absent: of a setting that came later than version 1, what the program did before.
    """

    group: str
    meaning: str
    name: str = ""
    kind: Kind = "text"
    default: Value = None
    optional: bool = False
    unit: str = ""
    bounds: Bounds = Bounds()
    words: Table[Any] | None = None
    of: str = ""
    unless: Callable[[Any], str | None] | None = None
    required: bool = False
    free: bool = False
    network: bool = False
    role: Role = "computation"
    identity: Literal["value", "stem", "nothing"] = "value"
    metavar: str = "VALUE"
    called: tuple[str, str] | None = None
    since: int = 1
    absent: Value = None

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it can take, or () where it is a number or free text."""
        return tuple(self.words or ())

    @property
    def option(self) -> str:
        """Its option on the command line."""
        return "-T" if self.name == "T" else f"--{self.name.replace('_', '-')}"


# Name -> setting, in the order of the tables' columns; plug-ins add to it.
SETTINGS: dict[str, Setting] = {}


def setting(
    default: Any,
    group: str,
    meaning: str,
    *,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    **about: Any,
) -> Any:
    """Return a field of `Settings`.

    Args:
        default: a value, or a function of the settings before it.
        group, meaning: see `Setting`, as for the rest.
        ge, gt, le, lt: bounds of numbers.
    """
    bounds = Bounds(ge=ge, gt=gt, le=le, lt=lt)
    given: dict[str, Any] = {n: bound for n, bound in vars(bounds).items() if bound is not None}
    given |= {"default_factory": default} if callable(default) else {"default": default}
    extra: Any = {"about": Setting(group=group, meaning=meaning, bounds=bounds, **about)}
    return Field(**given, json_schema_extra=extra)


def setting_of(name: str, field: FieldInfo) -> Setting:
    """Return what a field of `Settings` says."""
    extra: Any = field.json_schema_extra
    annotation: Any = field.annotation
    while annotation not in _KINDS:  # of "X | None" and of Annotated[X, ...] it is X
        annotation = get_args(annotation)[0]
    said: Setting = extra["about"]
    default = field.default if field.default_factory is None else None
    optional = field.default_factory is None and default is None
    return replace(said, name=name, kind=_KINDS[annotation], default=default, optional=optional)
