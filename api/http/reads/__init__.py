"""What the doors show: rows of the node's tables in the trade's words, for JSON and for pages.

Nothing here writes, and nothing here decides who may read: the routes ask the policy first.
"""
