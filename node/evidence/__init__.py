"""Evidence that needs no node to be believed: anchors, statuses, receipts, and their check."""
