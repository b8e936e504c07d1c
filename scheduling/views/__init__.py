"""Transport by HTTP: pages and forms of time; no rules."""
