"""Numbers for the secretariat: what the house itself counted, and beside it, never added to it, what partners say."""
