"""Transport by HTTP: pages and forms of the room; no rules."""
