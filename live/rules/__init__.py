"""What rules look for in citizens' words: pure arithmetic on text, without framework, tables or clock; it decides nothing."""
