"""Files that come in by the browser, piece by piece, and go on where they stopped."""
