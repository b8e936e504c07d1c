"""Addresses below /media/."""

from __future__ import annotations

from django.urls import path

from archive import derivatives, views
from archive.transcripts import media

app_name = "media"
urlpatterns = [
    path("airings/<uuid:airing_id>/live/<slug:rung>.m3u8", views.live_playlist, name="live"),
    path("airings/<uuid:airing_id>/live/<str:name>", views.live_file, name="live-file"),
    path("airings/<uuid:airing_id>/replay/<slug:rung>.m3u8", views.replay_playlist, name="replay"),
    path("airings/<uuid:airing_id>/replay/spans.json", views.replay_spans, name="spans"),
    path("airings/<uuid:airing_id>/replay/captions.vtt", media.captions, name="captions"),
    path("airings/<uuid:airing_id>/replay/transcript.json", media.transcript, name="transcript"),
    path("airings/<uuid:airing_id>/replay/words.<slug:form>", media.words, name="words"),
    path("airings/<uuid:airing_id>/derived/<str:name>", derivatives.file, name="derived"),
    path("airings/<uuid:airing_id>/replay/<path:name>", views.replay_file, name="replay-file"),
]
