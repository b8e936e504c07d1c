"""What one writes after the Channels tutorial: the baseline of `fanout`; no part of the house."""
