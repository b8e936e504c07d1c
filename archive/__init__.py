"""What remains to watch: recorder, playlists with delay and cuts, replay; it knows broadcast alone."""
