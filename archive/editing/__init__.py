"""Editing of a finished airing's replay: what of it is left out or covered, without touching what was recorded."""
