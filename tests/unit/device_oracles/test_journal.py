"""The lane's journal: a counter is never given twice, whatever happens to the process."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from device_oracles.errors import JournalInUse, JournalInvalid, JournalUnavailable
from device_oracles.gateway.journal import Journal

SIGNED = {"container": "MAEU6543213"}


def test_counters_go_on_after_a_restart(tmp_path: Path) -> None:
    with Journal(tmp_path / "lane.jsonl") as journal:
        assert [journal.next_counter("a"), journal.next_counter("b")] == [1, 2]
    with Journal(tmp_path / "lane.jsonl") as journal:
        assert journal.last_counter == 2
        assert journal.next_counter("c") == 3


def test_what_was_recorded_of_a_reading_is_known_after_a_restart(tmp_path: Path) -> None:
    with Journal(tmp_path / "lane.jsonl") as journal:
        journal.record_reading("a", SIGNED, 10)
        journal.record_act("a", journal.next_counter("a"), "0x01")
        journal.record_outcome("a", {"open": True})
    with Journal(tmp_path / "lane.jsonl") as journal:
        passage = journal.passage("a")
        assert passage is not None
        assert (passage.act, passage.device_counter) == ("0x01", 1)
        assert passage.outcome == {"open": True}
        assert journal.passage("b") is None


def test_a_line_without_its_end_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "lane.jsonl"
    with Journal(path) as journal:
        journal.next_counter("a")
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"entry":"counter","reading":"b","cou')
    with Journal(path) as journal:
        assert journal.last_counter == 1
        assert path.read_bytes() == whole
        assert journal.next_counter("b") == 2


@pytest.mark.parametrize(
    "line",
    [b"nonsense\n", b'{"entry":"counter","reading":"b","counter":9}\n', b'{"entry":"other"}\n'],
)
def test_a_damaged_line_stops_the_gateway(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "lane.jsonl"
    with Journal(path) as journal:
        journal.next_counter("a")
    path.write_bytes(path.read_bytes() + line)
    with pytest.raises(JournalInvalid):
        Journal(path)


def test_a_second_gateway_of_the_lane_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "lane.jsonl"), pytest.raises(JournalInUse):
        Journal(tmp_path / "lane.jsonl")


def test_a_full_disk_gives_no_counter(tmp_path: Path) -> None:
    with Journal(tmp_path / "lane.jsonl") as journal:
        journal.next_counter("a")
        # A limit on the file's size fails a write as a full disk does.
        script = (
            "import resource, signal, sys, pathlib\n"
            "from device_oracles.gateway.journal import Journal\n"
            "from device_oracles.errors import JournalUnavailable\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "path = pathlib.Path(sys.argv[1])\n"
            "journal = Journal(path)\n"
            "size = path.stat().st_size\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, size + 10))\n"
            "try:\n"
            "    journal.next_counter('b')\n"
            "except JournalUnavailable:\n"
            "    print(journal.last_counter, path.stat().st_size == size)\n"
        )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "lane.jsonl")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "1 True\n"


def test_a_directory_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(JournalUnavailable):
        Journal(tmp_path / "none" / "lane.jsonl")


def test_no_counter_comes_twice_when_the_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lane.jsonl"
    script = (
        "import sys, pathlib\n"
        "from device_oracles.gateway.journal import Journal\n"
        "journal = Journal(pathlib.Path(sys.argv[1]))\n"
        "while True:\n"
        "    sys.stdout.write(f'{journal.next_counter(str(journal.last_counter))}\\n')\n"
        "    sys.stdout.flush()\n"
    )
    given: list[int] = []
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            given += [int(process.stdout.readline()) for _ in range(20)]
            os.kill(process.pid, signal.SIGKILL)
            given += [int(line) for line in process.stdout.read().splitlines() if line]
    assert len(given) == len(set(given))
    assert given == sorted(given)
