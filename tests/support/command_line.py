"""The command line for tests that ask it often: each command is a process of its own.

It is forked from one process that has imported what commands need, because importing takes longer
than most commands. ``tests/unit/api/test_cli.py`` starts the program itself.
"""

import atexit
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PARENT = """
import json, os, sys, traceback
import api.cli.main, api.cli.standing, node.node

def run(asked):
    for number, path in enumerate([os.devnull, *asked["files"]]):
        os.dup2(os.open(path, os.O_RDWR), number)
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["lading", *asked["arguments"]]
    api.cli.main.main()

for line in sys.stdin:
    child = os.fork()
    if child:
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    code = 1
    try:
        run(json.loads(line))
        code = 0
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
"""


def lading(
    *arguments: object, environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Run one command in an environment of its own, and return what it said and its exit code."""
    words = [str(each) for each in arguments]
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("out", "err")]
        for file in files:
            file.touch()
        asked = {
            "arguments": words,
            "environment": dict(environment),
            "files": [str(file) for file in files],
        }
        parent = _parent()
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdin.write(json.dumps(asked) + "\n")
        parent.stdin.flush()
        code = int(parent.stdout.readline())
        out, err = (file.read_text() for file in files)
    return subprocess.CompletedProcess(["lading", *words], code, out, err)


@cache
def _parent() -> "subprocess.Popen[str]":
    """Start what commands are forked from; it ends with this process, which holds its input."""
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(parent.communicate)
    return parent
