"""The notebook of the documentation runs, and a kernel is interrupted as a command is.

`python -m tests.test_notebook` executes it again, and keeps its outputs.
"""

import hashlib
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

from snnbench.results.frames import read_runs
from tests.cli.test_sweep import recorded, wait_for

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebook.ipynb"
LONGEST = 300  # seconds of a cell, on a machine that does much else


def read():
    return nbformat.read(NOTEBOOK, as_version=4)


def cells_of(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def sources_of(notebook):
    """Return a checksum of what is executed."""
    text = "\0".join(cell.source for cell in cells_of(notebook))
    return hashlib.sha256(text.encode()).hexdigest()


def execute(notebook, folder):
    """Execute it in a folder.

    Raises:
        CellExecutionError: a cell fails.
    """
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=LONGEST, resources=where, record_timing=False).execute()


def texts_of(cell):
    for output in cell.outputs:
        data = output.get("data", {"text/plain": output.get("text", "")})
        yield from (text for mime, text in data.items() if mime != "image/png")


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    notebook = read()
    for cell in cells_of(notebook):
        cell.outputs, cell.execution_count = [], None
    execute(notebook, tmp_path_factory.mktemp("notebook"))
    return notebook


def test_no_cell_fails_and_each_shows_what_it_does_in_the_documentation(executed):
    for cell, committed in zip(cells_of(executed), cells_of(read()), strict=True):
        kinds, before = ([sorted(o.get("data", [o.output_type])) for o in c.outputs]
                         for c in (cell, committed))  # fmt: skip
        assert kinds == before, cell.source
        assert not any(output.get("name") == "stderr" for output in cell.outputs)


def test_the_committed_outputs_are_those_of_the_committed_cells():
    notebook = read()
    nbformat.validate(notebook)
    assert notebook.metadata["executed"] == sources_of(notebook), __doc__
    counts = [cell.execution_count for cell in cells_of(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_the_outputs_are_small_and_name_no_place():
    assert NOTEBOOK.stat().st_size < 200_000
    for cell in cells_of(read()):
        for text in texts_of(cell):
            for place in ("/home", "/tmp", "/work", "site-packages"):
                assert place not in text


@contextmanager
def kernel(folder):
    manager, client = start_new_kernel(cwd=str(folder))
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_an_interrupt_keeps_what_is_finished_and_the_same_call_goes_on(tmp_path):
    call = (
        'snnbench.sweep(T=3, train_samples=256, vary="arch=8-10,16-10;epochs={}".split(";"),'
        ' search="list", jobs=2, out="out")'
    )
    with kernel(tmp_path) as (manager, client):
        client.execute_interactive("import snnbench", timeout=LONGEST)
        asked = client.execute(call.format("1,100000"))
        wait_for(lambda: recorded(tmp_path / "out") == 1, LONGEST)
        said = ""
        while "Stopping when" not in said:  # of what still runs, by which it is told
            if not said:
                manager.interrupt_kernel()
            message = client.get_iopub_msg(timeout=LONGEST)["content"]
            said = message.get("data", {}).get("text/plain", "") or said or " "
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=LONGEST)
        assert reply["parent_header"]["msg_id"] == asked
        content = reply["content"]
        assert (content["ename"], content["evalue"]) == (
            "KeyboardInterrupt", "what was finished is recorded, and the same call does the rest"
        )  # fmt: skip
        first = read_runs(tmp_path / "out")
        assert list(first["status"]) == ["done"]
        reply = client.execute_interactive(call.format("1,2"), timeout=LONGEST)
        assert reply["content"]["status"] == "ok"
    runs = read_runs(tmp_path / "out")
    assert sorted(runs["epochs"]) == [1, 2]
    assert list(runs["started_at"])[:1] == list(first["started_at"])


def main():
    """Execute the notebook, and keep its outputs."""
    notebook = read()
    with tempfile.TemporaryDirectory() as folder:
        execute(notebook, folder)
    notebook.metadata = {
        "executed": sources_of(notebook),
        "kernelspec": notebook.metadata["kernelspec"],
        "language_info": {"name": "python"},
    }
    NOTEBOOK.write_text(nbformat.writes(notebook) + "\n")


if __name__ == "__main__":
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    main()
