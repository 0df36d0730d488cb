"""Takes commands of a member's people and services, and answers for reads; what a door calls.

The same key with the same request gives the same command; with another request it is refused.
What is refused here leaves an audit row of its own and nothing else.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from identity.policy.decide import Actor, Facts, decide
from node.commands.counter import Answers, Counter
from node.commands.intake import Answer, Intake
from node.commands.requests import Asked
from node.commands.verbs import VERBS
from node.errors import NotAllowed
from node.store.commands import Command

if TYPE_CHECKING:
    from node.node import Node

MAX_ASKED = 50


class CommandHandler:
    """Takes commands of one member's people and services."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._counter = Counter(node)

    def submit(self, actor: Actor, key: str, verb: str, body: dict[str, Any]) -> Command:
        """Take a command; this is what a door calls, outside any transaction.

        Args:
            key: the caller's idempotency key, 1 to 128 visible ASCII characters.
            verb: an act's name.
            body: JSON as the verb's format in node/commands/verbs.py says.

        Raises:
            Invalid, Refused: nothing is stored but an audit row.
            Unavailable: nothing is stored.
        """
        (answer,) = self.submit_all(actor, [Asked(key, verb, body)])
        if isinstance(answer, Command):
            return answer
        raise answer

    def submit_all(self, actor: Actor, asked: Sequence[Asked]) -> list[Answer]:
        """Take up to ``MAX_ASKED`` commands with one transaction; wait for it.

        Returns:
            For each, in order, the command, or why it was not taken: the errors of ``submit``.

        Raises:
            StorageUnavailable, AuthorityFileUnavailable: nothing is stored of any.
        """
        return self.hand_in(actor, asked).result()

    def hand_in(self, actor: Actor, asked: Sequence[Asked]) -> Answers:
        """Return at once what will hold the answers of ``submit_all``, or raise its errors.

        At once, unless a command ``takes_long``.
        """
        intake = Intake(self._node, self.standing(actor), asked)
        intake.read()
        return self._counter.hand_in(intake)

    def takes_long(self, asked: Sequence[Asked]) -> bool:
        """Whether handing these in takes long: documents are checked and sealed before."""
        return any(one.verb in VERBS and VERBS[one.verb].looks_ahead for one in asked)

    def close(self) -> None:
        """Take no further commands, once those that were handed in are stored."""
        self._counter.close()

    def require(self, actor: Actor, verb: str) -> None:
        """Raise NotAllowed unless the policy lets ``actor`` do ``verb``, a read of its table.

        Raises besides: AuthorityFileUnavailable.
        """
        actor = self.standing(actor)
        decision = decide(actor, verb, Facts(node=self._node.settings.member))
        if not decision.allowed:
            raise NotAllowed(decision.code, decision.message, verb=verb)

    def standing(self, actor: Actor) -> Actor:
        """Return the actor with the roles and limits of the authority file, where there is one.

        Whatever a door says of roles, then; another member's actor stays one. Raises:
        AuthorityFileUnavailable.
        """
        if actor.member != self._node.settings.member:
            return actor
        standing = self._node.authority.actor(actor.subject, actor.roles)
        return replace(standing, scopes=actor.scopes)
