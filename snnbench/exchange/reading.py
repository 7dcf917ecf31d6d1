"""A NIR file -> its graph: what it holds, checked, nested graphs spread out."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load

from snnbench.errors import LONGEST_PATH, UserError, shortened, shown
from snnbench.exchange.graph import REMEDY, Entry, Graph, spread

_SECONDS = 20  # for any file, and more for a large one
_BYTES_A_SECOND = 5e6
_READER = Path(__file__).with_name("hdf5.py")
_REFUSED = 3  # exit code of the reader, which says why


def read_graph(path: Path) -> Graph:
    """Read a NIR file.

    Raises:
        UserError: there is no such file, it is damaged or no NIR, or its graph is not one that can
            be run: nodes that are not known, edges that lead nowhere.
    """
    name = shortened(str(path), LONGEST_PATH)
    if not path.is_file():
        raise UserError(f"There is no file {name}.", "Name a file that nir.write wrote.")
    try:
        file = _unpack(path)
    except ValueError as error:
        raise UserError(f"{name} is damaged or no NIR file: {error}.", REMEDY) from None
    root = file.get("node") if isinstance(file, dict) else None
    if not isinstance(root, dict):
        raise UserError(f"{name} is no NIR file: it has no group 'node'.", REMEDY)
    try:
        return spread(root)
    except UserError as error:
        raise UserError(f"{name}: {error.problem}", error.remedy) from None


def _unpack(path: Path) -> Entry:
    """Return the file's groups, arrays and text.

    Raises:
        ValueError: says why it cannot be read.
    """
    seconds = _SECONDS + path.stat().st_size / _BYTES_A_SECOND
    try:
        # -P: modules that lie beside the reader are not taken for those of the same names.
        done = subprocess.run(
            [sys.executable, "-P", _READER, path.absolute()],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ValueError(f"the HDF5 library did not read it in {seconds:.0f} seconds") from None
    if done.returncode == _REFUSED:
        raise ValueError(shortened(done.stderr.decode(errors="replace"), LONGEST_PATH))
    if done.returncode != 0:
        raise ValueError("the HDF5 library cannot read it")
    try:
        arrays = load(done.stdout)
        size = int.from_bytes(done.stdout[:8], "little")
        tree = json.loads(json.loads(done.stdout[8 : 8 + size])["__metadata__"]["tree"])
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"the HDF5 library gave no arrays, {shown(error)}") from None
    return _placed(tree, arrays)


def _placed(tree: Any, arrays: dict[str, Any]) -> Entry:
    """Return the tree with its arrays in place of their numbers, and text as text."""
    if isinstance(tree, dict):
        return {name: _placed(entry, arrays) for name, entry in tree.items()}
    if isinstance(tree, str):
        return arrays[tree]
    kind, value = tree
    return value if kind == "text" else None
