"""What happened, in one order, for everybody who wants to know.

The stream numbers every event of the ledger and every change of a command's state, in the
transaction that brings it about. Subscribers read it by position, by server-sent events or by
signed webhooks; people are told by mail of what waits for them. It holds ids and states, never a
document's content, and decides nothing.
"""
