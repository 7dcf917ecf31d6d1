"""An HDF5 file -> plain arrays, in a process of its own: `python hdf5.py FILE`.

The HDF5 library, given a file with flipped bits, may crash or never end. So it reads here, alone,
and what it has read leaves as safetensors, in which nothing can be run. Imports nothing of ours.

The arrays are numbered; `tree` says where they stood. In it a group is {name: entry}, an array its
number, text or a table of text is ["text", ...], and all else ["other", what it is].
"""

import json
import sys
from typing import Any

import h5py
import numpy as np
from safetensors.numpy import save

REFUSED = 3  # exit code: stderr says why
_DEEPEST = 60  # groups within groups
_MOST_BYTES = 4 << 30
_EXPANSION = 1100  # of data that deflate has packed, at most 1,032


class _RefusedError(Exception):
    pass


class _Reader:
    """Reads a file's groups and arrays within its bounds.

    A damaged file may say that it holds more than there is memory: what it can hold at most follows
    from its size.
    """

    def __init__(self, size: int) -> None:
        self.left = min(_MOST_BYTES, size * _EXPANSION)
        self.arrays: dict[str, np.ndarray] = {}
        self.seen: set[Any] = set()

    def group(self, group: h5py.Group, depth: int = 0) -> dict[str, Any]:
        address = h5py.h5o.get_info(group.id).addr
        if address in self.seen or depth > _DEEPEST:
            raise _RefusedError(f"its group {group.name!r} holds itself")
        self.seen.add(address)
        entries = {}
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise _RefusedError(f"{name!r} in it is a link to somewhere else")
            item = group[name]
            if isinstance(item, h5py.Group):
                entries[name] = self.group(item, depth + 1)
            else:
                entries[name] = self.entry(item)
        return entries

    def entry(self, item: Any) -> Any:
        if not isinstance(item, h5py.Dataset) or item.shape is None:
            return ["other", "no array"]
        if item.is_virtual or item.external:
            raise _RefusedError(f"{item.name!r} lies in another file")
        self.left -= item.size * item.dtype.itemsize
        if self.left < 0:
            raise _RefusedError(f"{item.name!r} says that it is larger than the file can hold")
        if h5py.check_string_dtype(item.dtype) is not None:
            return ["text", _text(item[()])]
        if item.dtype.kind not in "iufb" or item.dtype.itemsize > 8:
            return ["other", str(item.dtype)]
        number = str(len(self.arrays))
        values = np.asarray(item[()])
        self.arrays[number] = np.ascontiguousarray(values, values.dtype.newbyteorder("="))
        return number


def _text(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_text(v) for v in value]
    return value.decode() if isinstance(value, bytes) else str(value)


def unpack(path: str) -> bytes:
    """Return the arrays of an HDF5 file as safetensors, `tree` in its metadata."""
    with h5py.File(path, "r") as file:
        reader = _Reader(file.id.get_filesize())
        tree = reader.group(file)
    return save(reader.arrays, {"tree": json.dumps(tree)})


def _bound_memory() -> None:
    """Let the library not take all memory there is, where the system can see to that."""
    if sys.platform != "win32":
        import resource

        most = 3 * _MOST_BYTES  # of addresses, of which libraries take their share
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    try:
        _bound_memory()
        packed = unpack(sys.argv[1])
    except _RefusedError as refused:
        why = str(refused)
    except MemoryError:
        why = "it asks for more memory than there is"
    except UnicodeError:
        why = "it has text that is not UTF-8"
    except Exception as error:  # whatever h5py makes of it
        why = str(error).strip().partition("\n")[0] or type(error).__name__
    else:
        sys.stdout.buffer.write(packed)
        sys.exit(0)
    sys.stderr.buffer.write(why.encode("utf-8", "backslashreplace"))
    sys.exit(REFUSED)
