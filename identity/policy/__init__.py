"""Who inside a member may do what: roles as data, and one pure decision."""
