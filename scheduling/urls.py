"""Public addresses of scheduling: calendars, feeds, the widget, the interface for partners."""

from __future__ import annotations

from django.urls import include, path

from scheduling.views import calendars, photos, widget

app_name = "schedule"
urlpatterns = [
    path("calendar/all.ics", calendars.calendar, name="calendar-all"),
    path("calendar/private/<str:secret>.ics", calendars.private, name="calendar-private"),
    path("calendar/<slug:slug>.ics", calendars.calendar, name="calendar"),
    path("feeds/upcoming.atom", calendars.feed, {"form": "atom"}, name="atom-all"),
    path("feeds/upcoming.json", calendars.feed, {"form": "json"}, name="json-all"),
    path("feeds/<slug:slug>/upcoming.atom", calendars.feed, {"form": "atom"}, name="atom"),
    path("feeds/<slug:slug>/upcoming.json", calendars.feed, {"form": "json"}, name="json"),
    path("people/photos/<str:name>.jpg", photos.photo, name="photo"),
    path("widget/", widget.widget, name="widget-all"),
    path("widget/<slug:slug>/", widget.widget, name="widget"),
    path("api/v1/", include("scheduling.views.api")),
]
