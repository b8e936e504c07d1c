"""Pages of the ground floor: transport only, no rules."""
