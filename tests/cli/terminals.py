"""The installed command on a terminal."""

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

from tests.forking import SNNBENCH


def on_terminal(*arguments, cwd, size):
    """Return the lines that a command shows on a terminal of so many columns and rows."""
    columns, rows = size
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    # pytest's workers say how wide their own terminal is, which would be believed
    env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    child = subprocess.Popen([SNNBENCH, *map(str, arguments)], cwd=cwd, stdin=its, stdout=its,
                             stderr=its, env=env | {"TERM": "xterm"})  # fmt: skip
    os.close(its)
    shown = b""
    with contextlib.suppress(OSError):  # the terminal ends with the child
        while part := os.read(ours, 1 << 16):
            shown += part
    os.close(ours)
    assert child.wait() == 0, shown
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]|\r", "", shown.decode()).splitlines()
