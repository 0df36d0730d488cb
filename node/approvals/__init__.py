"""Commands that wait until other people of this member have approved them."""
