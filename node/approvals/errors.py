"""What keeps a command from being approved.

Refused
├── ApprovalUnknown    nothing of this id waits for an approval
└── ApprovalDeclined   an approver has said no
"""

from node.errors import Refused


class ApprovalUnknown(Refused):
    """Nothing of this id waits for an approval: it never did, or it went on, or it ended."""

    code = "APPROVAL_UNKNOWN"
    what_to_do = "Read the command: it may have gone on already, or have lapsed."


class ApprovalDeclined(Refused):
    """An approver has said no; the command has ended."""

    code = "APPROVAL_DECLINED"
    what_to_do = "Ask the approver why, and make a new request if it is to be done after all."
