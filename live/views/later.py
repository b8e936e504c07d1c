"""Where the modules are that the room's script fetches later, so that it can ask for them again; it fetches nothing."""

from __future__ import annotations

from django.contrib.staticfiles.storage import staticfiles_storage

# By the names under which the scripts ask for them (static/live/lazy.js).
LATER = {
    "hls": "vendor/hls.js",
    "identity": "live/identity.js",
    "captions": "live/captions.js",
    "danmaku": "live/danmaku.js",
    "agenda": "live/agenda-panel.js",
    "moments": "live/moments.js",
    "replay-danmaku": "live/replay-danmaku.js",
    "replay-now": "live/replay-now.js",
    "replay-words": "live/replay-words.js",
    "poll-panel": "live/poll-panel.js",
    "poll-detail": "live/poll-detail.js",
}


def addresses() -> dict[str, str]:
    """The hashed address of each, by name."""
    return {name: staticfiles_storage.url(path) for name, path in LATER.items()}
