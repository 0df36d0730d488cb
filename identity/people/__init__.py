"""How people and machines of a member prove who they are: passkeys, passwords with a second
factor, the company's own provider, and assertions of machines. It keeps nothing and asks nobody.
"""
