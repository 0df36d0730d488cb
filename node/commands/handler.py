"""Takes commands of a member's people and services, and answers for reads; what a door calls.

The same key with the same request gives the same command; with another request it is refused.
What is refused here leaves an audit row of its own and nothing else.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError

from identity.policy.decide import Actor, Facts, decide
from node.commands.intake import Answer, Intake
from node.commands.requests import Asked
from node.errors import NotAllowed
from node.store.commands import Command

if TYPE_CHECKING:
    from node.node import Node

MAX_ASKED = 50


class CommandHandler:
    """Takes commands of one member's people and services."""

    def __init__(self, node: "Node") -> None:
        self._node = node

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
        """Take up to ``MAX_ASKED`` commands with one transaction.

        Returns:
            For each, in order, the command, or why it was not taken: the errors of ``submit``.

        Raises:
            StorageUnavailable, AuthorityUnavailable: nothing is stored of any.
        """
        actor = self.standing(actor)
        try:
            return Intake(self._node, actor, asked).take()
        except IntegrityError:
            # The same key, or the same bill, at the same moment: now the other one is there.
            return Intake(self._node, actor, asked).take()

    def require(self, actor: Actor, verb: str) -> None:
        """Raise NotAllowed unless the policy lets ``actor`` do ``verb``, a read of its table.

        Raises besides: AuthorityUnavailable.
        """
        actor = self.standing(actor)
        decision = decide(actor, verb, Facts(node=self._node.settings.member))
        if not decision.allowed:
            raise NotAllowed(decision.code, decision.message, verb=verb)

    def standing(self, actor: Actor) -> Actor:
        """Return the actor with the roles and limits of the authority file, where there is one.

        Whatever a door says of roles, then; another member's actor stays one. Raises:
        AuthorityUnavailable.
        """
        if actor.member != self._node.settings.member:
            return actor
        return self._node.authority.actor(actor.subject, actor.roles)
