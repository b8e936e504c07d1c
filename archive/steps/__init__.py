"""Work on finished recordings: a row a step, done by whichever worker holds its lease, idempotent and resumable."""
