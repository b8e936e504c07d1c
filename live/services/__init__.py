"""The verbs of live, the only writers of its tables; rights are checked here, and every one takes the actor."""
