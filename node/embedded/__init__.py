"""The embedded ledger: py-evm under Cancun rules on SQLite, behind Ethereum JSON-RPC.

For a demo, a test or a first trial where no ledger engine is at hand. One process writes, on one
machine, and whoever runs it can rewrite it: it proves nothing against its own operator.
"""
