"""People and machines of this member: accounts, how they sign in, and who is signed in now."""
