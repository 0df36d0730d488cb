"""A network of its own for each validator: links that can be cut, lose packets, or be slow.

Each validator lives in a network namespace with one address; a bridge joins them with the place
where the Lading nodes run. Faults are rules of nftables inside a validator's namespace, so that
what its own organisation's node asks it is never touched. Needs root, nftables and iproute2.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

NET = "10.77.0"
HOME = f"{NET}.1"
FIRST = 10
BRIDGE = "lbr0"
NAMES = Path("/run/netns")
ENDS = ("dport", "sport")
CUT_SECONDS = 3
DELAYER = Path(__file__).with_name("delayer.py")


class Links:
    """The namespaces of ``count`` validators, numbered from 0."""

    def __init__(self, count: int) -> None:
        self.count = count
        # The names too are the run's own: they go with its mount namespace.
        NAMES.mkdir(exist_ok=True)
        _run("mount", "-t", "tmpfs", "tmpfs", str(NAMES))
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "link", "add", BRIDGE, "type", "bridge")
        _run("ip", "addr", "add", f"{HOME}/24", "dev", BRIDGE)
        _run("ip", "link", "set", BRIDGE, "up")
        for number in range(count):
            name = self.name(number)
            _run("ip", "netns", "add", name)
            _run("ip", "link", "add", f"l{number}", "type", "veth", "peer", "name", f"p{number}")
            _run("ip", "link", "set", f"p{number}", "netns", name, "name", "eth0")
            _run("ip", "link", "set", f"l{number}", "master", BRIDGE, "up")
            _run(
                *self.inside(number), "ip", "addr", "add", f"{self.host(number)}/24", "dev", "eth0"
            )
            _run(*self.inside(number), "ip", "link", "set", "eth0", "up")
            _run(*self.inside(number), "ip", "link", "set", "lo", "up")

    @staticmethod
    def name(number: int) -> str:
        """The namespace's name."""
        return f"validator-{number}"

    @staticmethod
    def host(number: int) -> str:
        """The address of a validator."""
        return f"{NET}.{FIRST + number}"

    def inside(self, number: int) -> list[str]:
        """What stands before a command that runs where a validator lives."""
        return ["ip", "netns", "exec", self.name(number)]

    def close(self) -> None:
        """Take everything away."""
        for number in range(self.count):
            subprocess.run(["ip", "netns", "del", self.name(number)], check=False)
        subprocess.run(["ip", "link", "del", BRIDGE], check=False)
        subprocess.run(["umount", str(NAMES)], check=False)

    @contextmanager
    def parted(self, ours: Sequence[int], theirs: Sequence[int]) -> Iterator[None]:
        """No packet goes between the two sides, for the body."""
        with self._ruled({n: [_dropped(self.host(m)) for m in theirs] for n in ours}):
            yield

    @contextmanager
    def deaf(self, number: int) -> Iterator[None]:
        """A validator hears nothing of the others, who hear all that it sends."""
        others = [m for m in range(self.count) if m != number]
        rules = [f"add rule inet f i ip saddr {self.host(m)} drop" for m in others]
        with self._ruled({number: [rules]}):
            yield

    @contextmanager
    def lossy(self, percent: int) -> Iterator[None]:
        """Every validator loses so many of a hundred packets from the others."""
        chance = f"numgen random mod 100 < {percent} drop"
        between = f"ip saddr {NET}.{FIRST}-{NET}.{FIRST + self.count - 1}"
        rules = [f"add rule inet f i {between} {chance}"]
        with self._ruled({n: [rules] for n in range(self.count)}):
            yield

    @contextmanager
    def slow(self, port: int, milliseconds: int) -> Iterator[None]:
        """What a validator sends on connections that it opened to others' ``port`` comes later.

        Connections that are open already are cut first, so that all go through the delay.
        """
        everybody = range(self.count)
        delayers = [
            subprocess.Popen(
                [
                    *self.inside(n),
                    sys.executable,
                    str(DELAYER),
                    self.host(n),
                    str(port),
                    str(milliseconds),
                ]
            )
            for n in everybody
        ]
        try:
            cut = [f"add rule inet f i tcp {end} {port} reject with tcp reset" for end in ENDS]
            with self._ruled({n: [cut] for n in everybody}):
                time.sleep(CUT_SECONDS)
            redirect = [
                "add chain inet f p { type nat hook prerouting priority dstnat; }",
                f"add rule inet f p tcp dport {port} counter redirect to :{port + 1}",
            ]
            with self._ruled({n: [redirect] for n in everybody}):
                yield
        finally:
            for delayer in delayers:
                delayer.kill()
                delayer.wait()

    def dropped(self, number: int) -> int:
        """How many packets a validator's rules have dropped or redirected so far."""
        told = subprocess.run(
            [*self.inside(number), "nft", "-j", "list", "ruleset"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return sum(_packets(entry) for entry in json.loads(told.stdout)["nftables"])

    @contextmanager
    def _ruled(self, rules: dict[int, list[list[str]]]) -> Iterator[None]:
        try:
            for number, parts in rules.items():
                lines = [
                    "add table inet f",
                    "add chain inet f i { type filter hook input priority 0; }",
                    "add chain inet f o { type filter hook output priority 0; }",
                    *(line.replace(" drop", " counter drop") for part in parts for line in part),
                ]
                _run(*self.inside(number), "nft", "-f", "-", text="\n".join(lines) + "\n")
            yield
        finally:
            for number in rules:
                _run(*self.inside(number), "nft", "flush", "ruleset")


def _dropped(host: str) -> list[str]:
    return [
        f"add rule inet f i ip saddr {host} drop",
        f"add rule inet f o ip daddr {host} drop",
    ]


def _packets(entry: dict[str, object]) -> int:
    rule = entry.get("rule")
    if not isinstance(rule, dict):
        return 0
    return sum(part["counter"]["packets"] for part in rule["expr"] if "counter" in part)


def _run(*command: str, text: str | None = None) -> None:
    subprocess.run(command, check=True, input=text, text=True, stdout=subprocess.DEVNULL)
