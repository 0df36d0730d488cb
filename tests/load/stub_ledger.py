"""The stub engine as a program: a block every second, a member admitted in the first.

    python tests/load/stub_ledger.py NETWORK MEMBER ROLES PORT

It prints its URL, and at its end (SIGTERM) the seconds of CPU it took.
"""

import json
import resource
import signal
import sys
from pathlib import Path
from threading import Event, Thread

from rpc_server import RpcServer
from stub_engine import StubEngine, include_for_ever

from node.chain.network import parse

BLOCK_SECONDS = 1.0


def main() -> None:
    """Serve until SIGTERM."""
    network_file, member, roles, port = sys.argv[1:]
    engine = StubEngine(parse(Path(network_file).read_bytes()))
    name = bytes.fromhex(member[2:])
    admission = engine.acted(
        "AdmitMember", 1, principal=bytes(32), object=name, roles=int(roles), profile=bytes(32),
        rulebook=bytes(32), keys=[name], purposes=[1],
    )  # fmt: skip
    engine.add_block([admission])
    server = RpcServer(engine, int(port))
    Thread(target=include_for_ever, args=(engine, BLOCK_SECONDS), daemon=True).start()
    print(server.url, flush=True)
    ended = Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    ended.wait()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"cpu_seconds": used.ru_utime + used.ru_stime}), flush=True)


if __name__ == "__main__":
    main()
