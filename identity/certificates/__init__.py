"""X.509 for a member's services, people and devices: issued, checked, revoked; failing closed."""
