"""Which zones of a processor are added, and what is said where they cannot be read."""

import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest

from snnbench.energy.counters import CounterError
from snnbench.energy.rapl import rapl_counters
from tests.energy.zones import RANGE, zone


def found(root):
    return {counter.label: counter.read() for counter in rapl_counters(root)}


def server(root):
    """Make two packages, each with cores, memory and what else is on the chip, and a psys."""
    for k in (0, 1):
        zone(root, f"intel-rapl:{k}", f"package-{k}", 1000 + k)
        zone(root, f"intel-rapl:{k}:0", "core", 700)
        zone(root, f"intel-rapl:{k}:1", "uncore", 70)
        zone(root, f"intel-rapl:{k}:2", "dram", 20 + k)
    zone(root, "intel-rapl:2", "psys", 9999)
    (root / "intel-rapl").mkdir()
    (root / "intel-rapl" / "enabled").write_text("1\n")


SERVER = {"package-0": 1000, "package-0/dram": 20, "package-1": 1001, "package-1/dram": 21}


def test_packages_and_their_memory_are_added_and_nothing_twice(tmp_path):
    server(tmp_path)
    assert found(tmp_path) == SERVER
    assert {c.wraps_after for c in rapl_counters(tmp_path)} == {RANGE}
    assert {c.joules for c in rapl_counters(tmp_path)} == {1e-6}
    assert [c.alone for c in rapl_counters(tmp_path)] == [False, True, False, True]


def test_as_links_beside_each_other_and_as_folders_within_each_other(tmp_path):
    """Linux has both: /sys/devices/virtual/powercap, and links to it in /sys/class/powercap."""
    devices, links = tmp_path / "devices", tmp_path / "class"
    server(tmp_path / "flat")
    links.mkdir()
    for place in sorted((tmp_path / "flat").glob("intel-rapl:*")):
        parent = place.name.rpartition(":")[0] if place.name.count(":") == 2 else ""
        real = devices / "intel-rapl" / parent / place.name
        shutil.copytree(place, real, dirs_exist_ok=True)
        (links / place.name).symlink_to(real)
        (real / "subsystem").symlink_to(links)
    (links / "intel-rapl").symlink_to(devices / "intel-rapl")
    assert found(devices) == found(links) == SERVER


def test_amds_zones_and_numbers_above_nine(tmp_path):
    for k in range(12):
        zone(tmp_path, f"intel-rapl:{k}", f"package-{k}", k)
        zone(tmp_path, f"intel-rapl:{k}:0", "core", 5)
    assert found(tmp_path) == {f"package-{k}": k for k in range(12)}
    assert list(found(tmp_path)) == [f"package-{k}" for k in range(12)]


def test_a_second_way_to_the_same_packages_is_not_added(tmp_path):
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 3)
    assert found(tmp_path) == {"package-0": 3}
    zone(tmp_path, "intel-rapl:0", "package-0", 5)
    assert found(tmp_path) == {"package-0": 5}


@pytest.mark.parametrize("most", [None, "", "many", "0", "-5"])
def test_a_range_that_is_missing_or_no_number_is_not_known(most, tmp_path):
    zone(tmp_path, "intel-rapl:0", "package-0", most=most)
    (counter,) = rapl_counters(tmp_path)
    assert counter.wraps_after is None


@pytest.mark.parametrize("text", ["", "abc", "-1", "1.5", "0x10", "1 2", "٣", "9" * 21, "\0", "é"])
def test_what_is_no_number_is_named(text, tmp_path):
    path = zone(tmp_path, "intel-rapl:0", "package-0")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CounterError, match=f"{re.escape(str(path))} holds .*, which is no number"):
        found(tmp_path)


def test_bytes_that_are_no_text(tmp_path):
    zone(tmp_path, "intel-rapl:0", "package-0").write_bytes(b"\xff\xfe" * 10**6)
    with pytest.raises(CounterError, match="no number"):
        found(tmp_path)


@pytest.mark.parametrize("name", ["energy_uj", "name"])
def test_a_file_that_is_missing_or_a_folder_is_named(name, tmp_path):
    path = zone(tmp_path, "intel-rapl:0", "package-0").with_name(name)
    path.unlink()
    with pytest.raises(CounterError, match=f"{name} cannot be read: No such file"):
        found(tmp_path)
    path.mkdir()
    with pytest.raises(CounterError, match=f"{name} cannot be read: Is a directory"):
        found(tmp_path)


def test_a_file_for_root_only_is_said_with_its_remedy():
    with tempfile.TemporaryDirectory() as folder:  # whose parents everybody may enter
        os.chmod(folder, 0o755)
        zone(Path(folder), "intel-rapl:0", "package-0").chmod(0o400 if os.geteuid() == 0 else 0)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            with pytest.raises(CounterError) as error:
                found(Path(folder))
        finally:
            os.seteuid(user)
        assert str(error.value) == (
            f"{folder}/intel-rapl:0/energy_uj may be read by root only. `sudo chmod a+r "
            f"{folder}/*/energy_uj` lets everybody, until the machine starts anew."
        )


def test_no_tree_and_a_tree_that_a_container_hides(tmp_path):
    with pytest.raises(CounterError, match=r"there is no .*/none, where Linux shows"):
        rapl_counters(tmp_path / "none")
    (tmp_path / "intel-rapl:0").symlink_to(tmp_path / "masked")
    with pytest.raises(CounterError, match="shows no package of a processor"):
        rapl_counters(tmp_path)


def test_psys_alone_is_no_package(tmp_path):
    zone(tmp_path, "intel-rapl:0", "psys", 5)
    zone(tmp_path, "dtpm:0", "package-0", 5)
    with pytest.raises(CounterError, match="shows no package of a processor"):
        rapl_counters(tmp_path)
