"""How long somebody who has signed in stays so, as arithmetic without a clock or a table."""
