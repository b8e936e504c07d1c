"""What a new house begins with; each row only where there is none of its kind yet."""
