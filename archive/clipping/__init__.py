"""Clips: short stretches of the public replay as files of their own, made by services alone."""
