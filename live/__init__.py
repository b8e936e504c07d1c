"""People take part: rooms, comments, questions, polls, and the sockets that carry them. Imports only broadcast."""
