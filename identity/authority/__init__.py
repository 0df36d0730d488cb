"""The authority file: who may act for this member, decided and signed by its administrators."""
