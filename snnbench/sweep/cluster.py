"""Where tasks run: the workers of a Dask scheduler that the user has started.

The tables stay with this process: a lost worker costs what it was computing, and so does a lost
scheduler.
"""

import asyncio
import contextlib
import logging
import re
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from snnbench.errors import UserError
from snnbench.sweep.executors import GoneError
from snnbench.sweep.jobs import Task
from snnbench.sweep.worker import Outcome, run_task

_ADDRESS = re.compile(
    r"(?:(?:tcp|tls|wss?|ucxx?)://)?(?:[^\s:/\[\]]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})/?"
)
_ANSWER = 5  # seconds in which a scheduler must answer
_LOOK = 0.05  # seconds between looks at the tasks
_SHARE = 0.6  # of a worker's memory that a task may take

_one_at_a_time = threading.Lock()  # in a worker's process: its cores are one task's


def check_address(address: str) -> None:
    """Refuse what is no address of a scheduler, before anything is imported.

    Raises:
        UserError: see above.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found[1]) < 2**16:
        raise UserError(
            f"--cluster: '{address}' is no address of a Dask scheduler.",
            "Write tcp://HOST:PORT, as `dask scheduler` prints it.",
        )


def _check_answer(address: str) -> None:
    """Refuse an address at which no scheduler answers.

    Asked before there is a client, which takes long to give up, and has much to say about it.
    """

    async def kind_of_server() -> str:
        from distributed.core import rpc

        async with asyncio.timeout(_ANSWER), rpc(address) as server:  # type: ignore[no-untyped-call]
            kind: str = (await server.identity())["type"]
        return kind

    try:
        with ThreadPoolExecutor(1) as apart:  # in a notebook this thread has a loop already
            kind = apart.submit(asyncio.run, kind_of_server()).result()
    except TimeoutError:
        why = f"no answer in {_ANSWER} seconds"
    except OSError as error:
        why = str(error).rstrip(".")
    except Exception:  # whatever the answer of another server is taken for
        why = "it has another protocol"
    else:
        if kind == "Scheduler":
            return
        why = f"that is a {kind.lower()}"
    raise _no_answer(address, why)


def _no_answer(address: str, why: str) -> UserError:
    return UserError(
        f"No Dask scheduler answers at {address}: {why}.",
        "Start one with `dask scheduler`, and give the tcp://HOST:PORT that it prints.",
    )


class ClusterExecutor:
    """Tasks on a Dask cluster, as many at a time as it has workers.

    Args:
        address: of the scheduler, as tcp://host:8786.

    Raises:
        UserError: Dask is not installed, or no scheduler answers.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise UserError(
                "--cluster needs Dask, which is not installed.", "pip install 'snnbench[cluster]'"
            ) from None
        for name in ("distributed", "distributed.client"):  # it says what we say, at length
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.address = address
        _check_answer(address)
        try:
            self._client: Any = Client(  # type: ignore[no-untyped-call]
                address, timeout=_ANSWER, set_as_default=False
            )
        except (OSError, ValueError) as error:
            raise _no_answer(address, str(error)) from None
        self._running: dict[Any, Task] = {}
        self.shares_disk = False  # nobody knows
        self._sweep = uuid.uuid4().hex[:8]

    @property
    def _workers(self) -> dict[str, Any]:
        found: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        return found

    @property
    def slots(self) -> int:
        """How many workers there are now; 1 while none has come yet."""
        return max(1, len(self._workers))

    @property
    def worker_bytes(self) -> float | None:
        """What a task may take in the smallest worker; None where they have no limit."""
        limits = [worker["memory_limit"] for worker in self._workers.values()]
        return _SHARE * min(limits) if limits and all(limits) else None

    def submit(self, task: Task) -> None:
        """Hand a task to the scheduler."""
        key = f"snnbench-{self._sweep}-{task.number}"
        self._running[self._client.submit(_run_there, task, key=key, pure=False)] = task

    def wait(self, seconds: float) -> list[tuple[Task, Outcome]]:
        """Return the tasks that have ended.

        Raises:
            GoneError: the scheduler does not answer any more.
        """
        deadline = time.monotonic() + seconds
        while True:
            self._check()
            done = [future for future in self._running if future.done()]
            if done or time.monotonic() > deadline:
                return [(self._running.pop(future), self._outcome(future)) for future in done]
            time.sleep(_LOOK)

    def _check(self) -> None:
        lost = any(future.status in ("cancelled", "lost") for future in self._running)
        if lost or self._client.status != "running":
            raise GoneError(
                f"The Dask scheduler at {self.address} is gone; what was finished is recorded.",
                "Start it again, and run the same command: it goes on with what is missing.",
            )

    def _outcome(self, future: Any) -> Outcome:
        error = future.exception()
        if error is None:
            outcome: Outcome = future.result()
            return outcome
        return Outcome("failed", error=f"{type(error).__name__}: {error}")

    def shares(self) -> dict[int, float]:
        """Return nothing: workers elsewhere do not tell how far they are."""
        return {}

    def close(self) -> None:
        """Take back what has not ended, and leave the cluster as it was."""
        for future in self._running:
            if self._client.status == "running":
                future.cancel()
        self._running.clear()
        with contextlib.suppress(OSError, TimeoutError):  # of a scheduler that is gone
            self._client.close(timeout=_ANSWER)


def _run_there(task: Task) -> Outcome:
    from distributed import get_worker

    with _one_at_a_time:
        return run_task(task, threads=get_worker().state.nthreads)
