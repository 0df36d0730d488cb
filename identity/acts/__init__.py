"""Typed acts and the verb table, as data, with the bytes that are signed and relayed."""
