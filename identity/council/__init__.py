"""A council seat: the one key that speaks for it, and what the council is asked to decide on."""
