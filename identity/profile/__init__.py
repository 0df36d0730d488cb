"""A member's profile: what others must know to reach it, to write to it and to check it."""
