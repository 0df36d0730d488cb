"""Between members' nodes: profiles, pinned TLS, signed messages, sealed documents, receipts.

Nothing here speaks to the ledger or decides what may be sent; docs/protocol/exchange.md gives the
bytes.
"""
