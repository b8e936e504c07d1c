"""The ground floor: catalogue, lifecycle of an airing, wiring; it must not know live, scheduling or archive by name."""
