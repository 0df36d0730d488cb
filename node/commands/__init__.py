"""What a member's people and services ask for, from acceptance to what the ledger made of it: one
handler fetches the facts, asks the policy, prepares the act, and stores command, audit row and
outbox rows together; the rules of each verb live with their objects (titles, releases, devices).
"""
