"""What a process logs never decides what it does."""

import json
import subprocess
import sys
from pathlib import Path

LOG = (
    "import structlog; from node.logs import configure; configure();"
    " log = structlog.get_logger('test');"
    " log.debug('not told');"
    " log.warning('a part waits', part='send');"
    " log.exception('a part failed', exc_info=KeyError('who'));"
    " print('went on')"
)


def run(stderr: Path | int) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", LOG]
    if isinstance(stderr, int):
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=stderr, text=True, check=True)
    with stderr.open("w") as file:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=file, text=True, check=False)


def test_a_log_line_is_one_json_object_with_level_and_time() -> None:
    lines = [json.loads(line) for line in run(subprocess.PIPE).stderr.splitlines()]
    assert [(line["level"], line["event"]) for line in lines] == [
        ("warning", "a part waits"),
        ("error", "a part failed"),
    ]
    assert lines[0]["part"] == "send"
    assert lines[0]["timestamp"].endswith("Z")
    assert "KeyError" in lines[1]["exception"]


def test_a_log_on_a_full_disk_is_dropped_and_the_work_goes_on() -> None:
    assert run(Path("/dev/full")).stdout == "went on\n"
