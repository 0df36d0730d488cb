"""The member's signer: a process of its own that holds act and numbering keys, and little else."""
