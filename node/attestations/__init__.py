"""Append-only logs whose checkpoints stand on the ledger: their trees and consistency proofs."""
