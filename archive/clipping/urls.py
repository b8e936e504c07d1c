"""Addresses of clips for everybody, below /clips/."""

from __future__ import annotations

from django.urls import path

from archive.clipping import media, show

app_name = "clips"
urlpatterns = [
    path("<int:pk>", show.show, name="show"),
    path("<int:pk>/clip.mp4", media.video, name="video"),
    path("<int:pk>/poster.jpg", media.poster, name="poster"),
    path("<int:pk>/captions.vtt", media.captions, name="captions"),
]
