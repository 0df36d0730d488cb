"""Key pairs of people, services and lanes, and the encrypted file that keeps them."""
