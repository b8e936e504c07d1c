"""The verbs of scheduling, the only writers of its tables: the ledger of due acts, and the slots."""
