"""One organisation's part of the shared ledger's engine, an Avalanche network.

Its keys, the files it runs on, its process, its rights. What the founders must have in common each
renders for itself; what k of n must sign travels as a file.
"""
