"""The member's pages: a title's timeline for people, behind a sign-in with a token.

Read only, no scripts, nothing loaded from elsewhere.
"""
