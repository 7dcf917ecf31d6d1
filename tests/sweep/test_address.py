"""What is no scheduler's address is refused in one message, within seconds."""

import socket
import threading
import time

import pytest

from snnbench.errors import UserError
from snnbench.sweep.cluster import ClusterExecutor
from tests.cli.test_sweep import here

__all__ = ["here"]

VARIED = ["sweep", "--vary", "beta=0.1,0.2", "--cluster"]
SECONDS = 8  # of which one is for the answer, and the rest for a busy machine


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("snnbench.sweep.cluster._ANSWER", 1.0)


@pytest.mark.parametrize("address", [
    "junk", "", " ", "://", "tcp://", "tcp://:8786", "127.0.0.1", "tcp://127.0.0.1",
    "tcp://127.0.0.1:", "tcp://127.0.0.1:0", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:port",
    "http://127.0.0.1:8786", "tcp://127.0.0.1:8786/path", "tcp:/127.0.0.1:8786", "a b:8786",
    "[/red]", "tcp://::1:8786", "scheduler.json",
])  # fmt: skip
@pytest.mark.parametrize("more", [[], ["--dry-run"]], ids=["", "dry"])
def test_an_address_of_another_form_is_refused(here, address, more, tmp_path):
    started = time.monotonic()
    done = here(*VARIED, address, *more)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"Error: --cluster: '{address}' is no address of a Dask scheduler.",
        "Write tcp://HOST:PORT, as `dask scheduler` prints it.",
    ]
    assert time.monotonic() - started < SECONDS
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def server():
    """Return a function that starts a server which answers with some bytes, and its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    kept = []

    def start(answer):
        def serve():
            while True:
                try:
                    connection, _ = listening.accept()
                    if answer is None:
                        connection.close()
                        continue
                    kept.append(connection)
                    connection.sendall(answer)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        return f"tcp://127.0.0.1:{listening.getsockname()[1]}"

    yield start
    listening.close()
    for connection in kept:
        connection.close()


@pytest.mark.parametrize("answer", [
    None, b"", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", b"SSH-2.0-OpenSSH_9\r\n",
    bytes(range(256)) * 400, bytes(1000), b"\x01" + bytes(7) + b"\x04" + bytes(7) + b"junk",
], ids=["closes", "silent", "http", "ssh", "garbage", "zeros", "frames"])  # fmt: skip
def test_a_server_of_another_kind_is_no_scheduler(server, here, answer):
    address, started = server(answer), time.monotonic()
    done = here(*VARIED, address)
    assert done.returncode == 2
    problem, remedy = done.stderr.splitlines()
    assert problem.startswith(f"Error: No Dask scheduler answers at {address}: ")
    assert "tcp://HOST:PORT" in remedy
    assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "127.0.0.1:9", "tcp://no.such.host:8786",
                                     "tcp://[::1]:9", "tls://127.0.0.1:9"])  # fmt: skip
def test_where_nobody_listens_is_no_scheduler(address):
    with pytest.raises(UserError, match="No Dask scheduler answers"):
        ClusterExecutor(address)
