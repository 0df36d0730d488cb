"""The errors of looking, backup and restore; the tree's root is ``node.errors.NodeError``.

Invalid
├── AlarmUnknown: no alarm has that id
└── BackupInvalid: a directory that is no whole backup, or was changed
Refused
└── TargetInUse: what would be written over
Unavailable
├── BackupFailed: a copy could not be made or put back
└── DatabaseNotMade: the node has never been started
"""

from node.errors import Invalid, Refused, Unavailable


class AlarmUnknown(Invalid):
    """There is no alarm with that id, or it has ended."""

    code = "ALARM_UNKNOWN"
    what_to_do = "Read the ids of the alarms that stand: lading alarms DIRECTORY."


class BackupInvalid(Invalid):
    """The directory is no backup, or not all of it is what the manifest says."""

    code = "BACKUP_INVALID"
    what_to_do = "Take another backup. This one is damaged: nothing was restored from it."


class TargetInUse(Refused):
    """Something is where the backup or the member's directory is to be written."""

    code = "TARGET_IN_USE"
    what_to_do = "Name a directory that does not exist yet, and a database without tables."


class BackupFailed(Unavailable):
    """The disk, or a program of PostgreSQL, failed while a copy was made or put back."""

    code = "BACKUP_FAILED"
    what_to_do = "Read the sentence, mend the cause, remove what was begun, and start again."


class DatabaseNotMade(Unavailable):
    """There are no tables yet: a node makes them at its first start."""

    code = "DATABASE_NOT_MADE"
    what_to_do = "Start the node once: lading serve."
