"""Addresses below /staff/recordings/."""

from __future__ import annotations

from django.urls import path

from archive import feeds_page, recording_page
from archive.clipping import page as clips
from archive.editing import page as editing

app_name = "recordings"
urlpatterns = [
    path("feeds/", feeds_page.feeds, name="feeds"),
    path("<uuid:airing_id>/", recording_page.show, name="show"),
    path("<uuid:airing_id>/retry", recording_page.retry, name="retry"),
    path("<uuid:airing_id>/clips", clips.show, name="clips"),
    path("<uuid:airing_id>/clips/save", clips.save, name="clip-save"),
    path("<uuid:airing_id>/clips/<int:pk>/publish", clips.publish, name="clip-publish"),
    path("<uuid:airing_id>/clips/<int:pk>/withdraw", clips.withdraw, name="clip-withdraw"),
    path("<uuid:airing_id>/clips/<int:pk>/retry", clips.retry, name="clip-retry"),
    path("<uuid:airing_id>/edit", editing.show, name="edit"),
    path("<uuid:airing_id>/edit/act", editing.act, name="edit-act"),
    path("<uuid:airing_id>/edit/poster", editing.poster, name="edit-poster"),
    path("<uuid:airing_id>/edit/publication", editing.publication, name="edit-publication"),
]
