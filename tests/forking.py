"""`snnbench ARGS` in a process of its own, without the two seconds of imports.

A server has imported what the commands import; a command is a fork of it: its own arguments,
folder, environment, streams and exit code, and nothing that another command has left behind.
"""

import functools
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

# What is read when a library is imported: the server has other values.
_READ_AT_IMPORT = (
    "PYTHON", "NUMBA_", "OMP_", "MKL_", "KMP_", "MPL", "TORCH_", "LC_", "LANG", "HOME",
)  # fmt: skip
SNNBENCH = Path(sys.executable).parent / "snnbench"


def run_snnbench(*arguments, cwd=".", env=None, timeout=120, check=False):
    """Return what `subprocess.run` returns of a command; it sees none of our own settings."""
    arguments = [str(argument) for argument in arguments]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SNNBENCH_")}
    environment |= env or {}
    if sys.platform == "linux" and _at_import(environment) == _at_import(os.environ):
        done = _fork(arguments, cwd, environment, timeout)
    else:
        done = subprocess.run(
            [SNNBENCH, *arguments],
            capture_output=True, text=True, cwd=cwd, timeout=timeout, env=environment, check=False,
        )  # fmt: skip
    if check:
        assert done.returncode == 0, done.stderr
    return done


def _fork(arguments, cwd, environment, timeout):
    server = _server()
    with tempfile.TemporaryFile("w+b") as out, tempfile.TemporaryFile("w+b") as error:
        streams = [f"/proc/{os.getpid()}/fd/{file.fileno()}" for file in (out, error)]
        asked = [arguments, os.path.abspath(cwd), environment, streams, timeout]
        print(json.dumps(asked), file=server.stdin, flush=True)
        code = json.loads(server.stdout.readline())
        said = []
        for file in (out, error):
            file.seek(0)
            said.append(file.read().decode())
    if code is None:
        raise subprocess.TimeoutExpired(arguments, timeout, *said)
    return subprocess.CompletedProcess(arguments, code, *said)


@functools.cache
def _server():
    """Start the server; it ends with this process, which closes its pipe."""
    return subprocess.Popen(
        [sys.executable, "-c", "from tests.forking import serve; serve()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip


def serve():
    """Fork a command for each line of stdin, and answer with its exit code; null: it took long.

    The commands themselves are not imported: their options follow from the plug-ins.
    """
    import matplotlib.figure  # noqa: F401
    import numba  # noqa: F401
    import torch  # noqa: F401

    import snnbench.kernels.functions
    import snnbench.report.page.render
    import snnbench.runs  # noqa: F401

    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        arguments, cwd, environment, streams, timeout = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(arguments, cwd, environment, streams)
        print(json.dumps(_ended(child, timeout)), file=answers, flush=True)


def _become(arguments, cwd, environment, streams):
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # TMPDIR may be another
    for number, path in enumerate([os.devnull, *streams]):
        opened = os.open(path, os.O_RDWR)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["snnbench", *arguments]
    try:
        from snnbench.__main__ import run

        run()
    except BaseException:
        traceback.print_exc()
    os._exit(1)  # as Python ends after a traceback


def _ended(child, timeout):
    watched = os.pidfd_open(child)
    ready, _, _ = select.select([watched], [], [], timeout)
    os.close(watched)
    if not ready:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if ready else None


def _at_import(environment):
    return {k: v for k, v in environment.items() if k.startswith(_READ_AT_IMPORT)}
