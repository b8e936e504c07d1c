"""What remains to watch: the recorder, playlists, delay, storage and replay. Imports only broadcast."""
