"""The errors of running the engine; the tree's root is ``node.errors.NodeError``.

Invalid
└── EngineFileInvalid: a file of the engine is not what its format, its hash or the others say
Refused
├── EngineDirectoryExists: there are keys already
└── EngineRefused: the engine's own program, or its network, says no
Unavailable
├── EngineMissing: its programs are not built
└── EngineSilent: it does not answer, or not in time
"""

from node.errors import Invalid, Refused, Unavailable


class EngineFileInvalid(Invalid):
    """A founding, a bundle, a public half or a transaction's file that cannot be used."""

    code = "ENGINE_FILE_INVALID"
    what_to_do = "Get the file again from whoever made it, and compare its hash by another way."


class EngineDirectoryExists(Refused):
    """Keys that exist are never replaced."""

    code = "ENGINE_DIRECTORY_EXISTS"
    what_to_do = "Use the directory as it is, or name another one."


class EngineRefused(Refused):
    """What was asked was understood and rejected; the sentence is the engine's."""

    code = "ENGINE_REFUSED"
    what_to_do = "Read the sentence; correct what it names, and ask again."


class EngineMissing(Unavailable):
    """The engine's programs are not on this machine."""

    code = "ENGINE_MISSING"
    what_to_do = "Run deployments/engines/avalanche/build, or set LADING_ENGINES to where they are."


class EngineSilent(Unavailable):
    """The engine's process does not answer, or something did not happen in time."""

    code = "ENGINE_SILENT"
    what_to_do = "Read engine.log and data/logs in the engine's directory, then start it again."
