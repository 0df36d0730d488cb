"""The national profile: an act's SM2 co-signature, made beside its own and checked by receivers."""
