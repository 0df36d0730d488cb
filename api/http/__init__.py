"""The member's HTTP API: it authenticates, validates and hands commands to the node.

It decides no right: the command handler and the policy do. Every refusal leaves as problem+json.
"""
