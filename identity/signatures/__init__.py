"""Signatures beside acts: statements of members and witnesses, and the numbering of bills."""
