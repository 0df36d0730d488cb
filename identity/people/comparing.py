"""A process that hashes and compares passwords, one after the other, at the lowest priority.

    python -m identity.people.comparing

A line of JSON in, ``{"stored", "password"}`` or ``{"password"}``, a line out: whether it matches,
or the new hash. It ends when its input does, so it never outlives who started it. A thread would
do, but for Python's lock: at the lowest priority it would hold up everybody while it has it.
"""

import json
import os
import sys

from identity.people import passwords

LOWEST = 19


def main() -> None:
    """Answer lines until there are no more."""
    os.nice(LOWEST)
    for line in sys.stdin:
        asked = json.loads(line)
        answer: object
        if "stored" in asked:
            answer = passwords.matches(asked["stored"], asked["password"])
        else:
            answer = passwords.hash_password(asked["password"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
