"""What this node watches beside its own work: the engine's lists, and what others' ledgers have."""
