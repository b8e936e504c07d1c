"""Keeps episodes for good: bags that others can read, their way back, how all is kept; it records and plays nothing."""
