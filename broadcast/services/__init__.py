"""The verbs of the ground floor, the only writers of its tables beside lifecycle and audit; every one takes the actor."""
