"""Addresses below /staff/recordings/."""

from __future__ import annotations

from django.urls import path

from archive import feeds_page, recording_page

app_name = "recordings"
urlpatterns = [
    path("feeds/", feeds_page.feeds, name="feeds"),
    path("<uuid:airing_id>/", recording_page.show, name="show"),
    path("<uuid:airing_id>/retry", recording_page.retry, name="retry"),
]
