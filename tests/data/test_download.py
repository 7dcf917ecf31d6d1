"""Against a real HTTP server on this machine; nothing else is on the network."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from snnbench.data import download
from snnbench.data.download import fetch_dataset, fetch_files
from snnbench.data.sources import SOURCES, Offer, Source
from snnbench.errors import UserError

CONTENT = bytes(range(256)) * 1000  # 256,000 bytes: several chunks
OTHER = CONTENT[::-1]


class Handler(BaseHTTPRequestHandler):
    """One folder a behaviour: /good, /wrong, /cut, /gone, /busy (twice, then good), /zipped."""

    server: "Server"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        behaviour = self.path.split("/")[1]
        tries = self.server.asked.count(self.path)
        if behaviour == "gone":
            self.send_error(404)
        elif behaviour == "busy" and tries <= 2:
            self.send_error(503)
        else:
            body = {"wrong": OTHER, "cut": CONTENT[:100_000]}.get(behaviour, CONTENT)
            if behaviour == "small":
                body = b"labels"
            self.send_response(200)
            self.send_header(
                "Content-Length", str(len(CONTENT) if behaviour == "cut" else len(body))
            )
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Notes what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def offer(self, behaviour: str, content: bytes = CONTENT) -> Offer:
        md5 = hashlib.md5(content).hexdigest()
        return Offer(f"{self.url}/{behaviour}/file.gz", md5, len(content))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Take no naps, but note their lengths."""
    lengths: list[float] = []
    monkeypatch.setattr(download.time, "sleep", lengths.append)
    return lengths


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.usefixtures("naps")
def test_a_good_file_is_kept_under_its_name(server: Server, tmp_path: Path) -> None:
    folder = fetch_files([[server.offer("good")]], tmp_path / "a" / "b")
    assert folder == tmp_path / "a" / "b"
    assert contents(tmp_path) == {"a/b/file.gz": CONTENT}


@pytest.mark.usefixtures("naps")
def test_progress_grows_to_the_published_size_over_all_files(
    server: Server, tmp_path: Path
) -> None:
    label = Offer(f"{server.url}/small/labels.gz", hashlib.md5(b"labels").hexdigest(), 6)
    seen: list[tuple[int, int]] = []
    fetch_files([[server.offer("good")], [label]], tmp_path, lambda *now: seen.append(now))
    done = [now for now, _ in seen]
    assert {total for _, total in seen} == {256_006}
    assert done == sorted(done)
    assert done[-1] == 256_006
    assert len({now for now in done if 0 < now < 256_000}) >= 3  # it moved on the way


@pytest.mark.usefixtures("naps")
def test_a_wrong_checksum_leaves_nothing_behind_and_is_not_tried_again(
    server: Server, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        fetch_files([[server.offer("wrong")]], tmp_path / "a" / "b")
    wrong, right = (hashlib.md5(content).hexdigest() for content in (OTHER, CONTENT))
    assert f"wrong checksum: MD5 {wrong} of 256,000 bytes, not {right}" in caught.value.problem
    assert list(tmp_path.iterdir()) == []  # nor the folders made for it
    assert server.asked == ["/wrong/file.gz"]


@pytest.mark.usefixtures("naps")
def test_after_a_cut_connection_the_second_mirror_is_tried(server: Server, tmp_path: Path) -> None:
    fetch_files([[server.offer("cut"), server.offer("good")]], tmp_path)
    assert contents(tmp_path) == {"file.gz": CONTENT}
    assert server.asked == ["/cut/file.gz", "/good/file.gz"]


def test_when_all_mirrors_are_dead_each_is_named_with_its_reason(
    server: Server, naps: list[float], tmp_path: Path
) -> None:
    closed = Server()
    closed.server_close()  # its port is free again: connections are refused
    offers = [
        server.offer("gone"),
        server.offer("cut"),
        closed.offer("good"),
        server.offer("wrong"),
    ]
    with pytest.raises(UserError) as caught:
        fetch_files([offers], tmp_path / "mnist", pauses=(1.0, 4.0))
    first, *reasons = caught.value.problem.splitlines()
    assert first == "file.gz could not be fetched:"
    assert "/gone/file.gz: HTTP 404 Client Error: Not Found" in reasons[0]
    assert "/cut/file.gz: the connection was cut before the end of the file" in reasons[1]
    assert f"{closed.url}/good/file.gz: " in reasons[2]
    assert "Connection refused" in reasons[2]
    assert "/wrong/file.gz: wrong checksum" in reasons[3]
    assert "by hand" in caught.value.remedy
    assert str(tmp_path / "mnist") in caught.value.remedy
    assert list(tmp_path.iterdir()) == []
    # What cannot get better is not asked for again; the rest is, after growing pauses.
    assert server.asked.count("/gone/file.gz") == server.asked.count("/wrong/file.gz") == 1
    assert server.asked.count("/cut/file.gz") == 3
    assert naps == [0.0, 1.0, 4.0]


def test_a_busy_mirror_is_asked_again_until_it_answers(
    server: Server, naps: list[float], tmp_path: Path
) -> None:
    fetch_files([[server.offer("busy")]], tmp_path, pauses=(1.0, 4.0))
    assert contents(tmp_path) == {"file.gz": CONTENT}
    assert naps == [0.0, 1.0, 4.0]


@pytest.mark.usefixtures("naps")
def test_what_is_there_and_right_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.gz").write_bytes(CONTENT)
    fetch_files([[server.offer("gone")]], tmp_path)
    assert server.asked == []


@pytest.mark.usefixtures("naps")
def test_a_damaged_file_is_replaced_but_only_by_a_good_one(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.gz").write_bytes(b"damaged")
    with pytest.raises(UserError):
        fetch_files([[server.offer("wrong")]], tmp_path)
    assert contents(tmp_path) == {"file.gz": b"damaged"}
    fetch_files([[server.offer("good")]], tmp_path)
    assert contents(tmp_path) == {"file.gz": CONTENT}


@pytest.mark.usefixtures("naps")
def test_files_that_came_whole_are_kept_when_a_later_one_fails(
    server: Server, tmp_path: Path
) -> None:
    lost = Offer(f"{server.url}/gone/labels.gz", "0" * 32, 6)
    with pytest.raises(UserError, match=r"labels.gz could not be fetched"):
        fetch_files([[server.offer("good")], [lost]], tmp_path / "mnist")
    assert contents(tmp_path) == {"mnist/file.gz": CONTENT}


@pytest.mark.usefixtures("naps")
def test_an_interrupt_leaves_nothing_behind(server: Server, tmp_path: Path) -> None:
    def interrupt(done: int, _: int) -> None:
        if done > 100_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_files([[server.offer("good")]], tmp_path / "mnist", interrupt)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("naps")
def test_a_folder_that_cannot_be_written_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match=r"file/mnist: cannot be written \(Not a directory\)"):
        fetch_files([[server.offer("good")]], tmp_path / "file" / "mnist")
    assert server.asked == []


@pytest.fixture
def small_source(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let MNIST be one small file offered by a mirror that has lost it."""
    source = Source("mnist", SOURCES["mnist"].layouts, ((server.offer("gone"),),))
    monkeypatch.setitem(SOURCES, "mnist", source)


@pytest.mark.usefixtures("naps", "small_source")
def test_mirrors_of_ones_own_replace_the_known_ones(server: Server, tmp_path: Path) -> None:
    folder = fetch_dataset("mnist", tmp_path, [f"{server.url}/cut/", f"{server.url}/good"])
    assert folder == tmp_path / "mnist"
    assert contents(tmp_path) == {"mnist/file.gz": CONTENT}
    assert server.asked == ["/cut/file.gz", "/good/file.gz"]


@pytest.mark.usefixtures("naps", "small_source")
def test_the_cache_is_where_a_data_set_goes_and_is_found(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "cache_folder", lambda: tmp_path / "cache")
    assert fetch_dataset("mnist", mirrors=[f"{server.url}/good"]) == tmp_path / "cache" / "mnist"


@pytest.mark.parametrize("name", ["digits", "tabular-standin", "table"])
def test_there_is_nothing_to_fetch_for_data_without_files(name: str) -> None:
    with pytest.raises(UserError, match=f"nothing to fetch for '{name}'"):
        fetch_dataset(name)


def test_every_offer_has_a_checksum_a_size_and_another_mirror() -> None:
    for source in SOURCES.values():
        for offers in source.downloads:
            assert len({offer.url for offer in offers}) == len(offers) >= 2
            for offer in offers:
                assert len(bytes.fromhex(offer.md5)) == 16
                assert offer.size > 1000
                names = [
                    name for layout in source.layouts for n in layout.files.values() for name in n
                ]
                assert offer.file_name in names  # what is fetched is found again
