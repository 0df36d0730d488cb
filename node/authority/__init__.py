"""The member's authority file on its disk: installed for node and signer, and reviewed."""
