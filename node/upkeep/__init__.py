"""Keeping one member's node well: what waits, what is wrong, what to do, and copies.

Works on a member's directory and database alone, beside running processes or without them; nothing
here opens a key store.
"""
