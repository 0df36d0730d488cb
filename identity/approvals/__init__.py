"""Approvals: what a second person signs over one act, and how the signer checks it."""
