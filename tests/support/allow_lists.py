"""A ledger of made-up blocks with the two precompiled lists of subnet-evm."""

from dataclasses import replace
from typing import Any

from synthetic_ledger import Log, SyntheticLedger

from node.oversight.allow_lists import DEPLOYERS, LISTS, ROLE_SET_TOPIC, TRANSACTIONS, Role

_NAMES = {address: name for name, address in LISTS.items()}
_CONFIGS = {TRANSACTIONS: "txAllowListConfig", DEPLOYERS: "contractDeployerAllowListConfig"}


class ListedLedger(SyntheticLedger):
    """As avalanchego with subnet-evm answers; ``set_role`` makes a block that changes a list.

    Attributes:
        roles: by list and account, from block ``0`` on.
        sent: transactions of each account.
        balances: wei of each account.
    """

    def __init__(self) -> None:
        super().__init__()
        self.network = replace(self.network, engine="avalanche")
        self.first: dict[tuple[str, str], Role] = {}
        self.roles: list[tuple[int, str, str, Role]] = []
        self.sent: dict[str, int] = {}
        self.balances: dict[str, int] = {}

    def begin_with(self, which: str, account: str, role: Role) -> None:
        """Give a role by the genesis, which tells no event."""
        self.first[which, account] = role
        self.roles.append((0, which, account, role))

    def set_role(self, which: str, account: str, role: Role, sender: str) -> None:
        """Change a list in a block of its own."""
        self.add_block([role_set(which, account, role, sender)])
        self.roles.append((self.height, which, account, role))

    def call(self, method: str, *params: Any) -> Any:
        """Answer one request."""
        if method == "eth_getChainConfig":
            return self._config()
        if method == "eth_call":
            which, account = _NAMES[params[0]["to"]], "0x" + params[0]["data"][-40:]
            return f"0x{self._role(which, account, int(params[1], 16)):064x}"
        if method == "eth_getTransactionCount":
            return hex(self.sent.get(params[0], 0))
        if method == "eth_getBalance":
            return hex(self.balances.get(params[0], 0))
        return super().call(method, *params)

    def _role(self, which: str, account: str, block: int) -> int:
        found = [r for at, w, a, r in self.roles if (w, a) == (which, account) and at <= block]
        return int(found[-1]) if found else 0

    def _config(self) -> dict[str, Any]:
        config: dict[str, Any] = {"chainId": self.network.chain_id, "upgrades": {}}
        for (which, account), role in self.first.items():
            given = config.setdefault(_CONFIGS[which], {"blockTimestamp": 0})
            given.setdefault(f"{role.name.lower()}Addresses", []).append(account)
        return config


def role_set(which: str, account: str, role: Role, sender: str) -> Log:
    """Return the log of a change."""
    return {
        "address": LISTS[which],
        "topics": [ROLE_SET_TOPIC, f"0x{role:064x}", _word(account), _word(sender)],
        "data": f"0x{0:064x}",
    }


def _word(account: str) -> str:
    return "0x" + "00" * 12 + account[2:]
