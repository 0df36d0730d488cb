"""The council after the founding: its motions, what is checked before one, and what stands."""
