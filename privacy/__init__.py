"""What may be seen: commitments to a document's fields, disclosures, envelopes, container tags.

Pure functions and values: nothing here reads a clock, a file, a socket or a database.
"""
