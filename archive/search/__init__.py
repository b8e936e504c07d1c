"""The archive's search, in PostgreSQL alone: what was said, asked, answered and promised, found to the second; it publishes nothing."""
