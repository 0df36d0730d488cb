"""The command line: it starts a member's processes, and speaks to a member's API as a client.

Commands import what they need when they run, so that a process starts with its own code only.
"""
