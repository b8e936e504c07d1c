"""Addresses of the rooms: the pages' own and the programs' interface."""

from __future__ import annotations

from django.urls import path

from live.views import (
    api,
    ballots,
    calls,
    captions,
    comments,
    display,
    episode,
    figures,
    forms,
    my_questions,
    overlay,
    reports,
)

urlpatterns = [
    path("programmes/<slug:slug>/<slug:key>/", episode.episode, name="episode"),
    path("programmes/<slug:slug>/<slug:key>/comments", comments.page, name="episode-comments"),
    path("programmes/<slug:slug>/<slug:key>/act", forms.act, name="episode-act"),
    path("programmes/<slug:slug>/<slug:key>/report", reports.page, name="episode-report"),
    path("programmes/<slug:slug>/<slug:key>/call", calls.request_page, name="episode-call"),
    path("programmes/<slug:slug>/<slug:key>/figures", figures.public, name="episode-figures"),
    path("live/airings/<uuid:airing_id>/state", api.state, name="live-state"),
    path("live/airings/<uuid:airing_id>/state/private", api.state, name="live-state-private"),
    path("live/airings/<uuid:airing_id>/mine", api.mine, name="live-mine"),
    path("live/airings/<uuid:airing_id>/comments", api.comments, name="live-comments"),
    path("live/airings/<uuid:airing_id>/captions", captions.published, name="live-captions"),
    path("live/airings/<uuid:airing_id>/captions.vtt", captions.webvtt, name="live-captions-vtt"),
    path("live/airings/<uuid:airing_id>/staff/captions", captions.worked_on, name="live-staff-captions"),
    path("live/airings/<uuid:airing_id>/commands", api.command, name="live-commands"),
    path("live/airings/<uuid:airing_id>/timeline", api.timeline, name="live-timeline"),
    path("live/polls/<int:poll_id>/ballots", ballots.published, name="live-poll-ballots"),
    path("live/polls/<int:poll_id>/names", ballots.names, name="live-poll-names"),
    path("live/airings/<uuid:airing_id>/staff/snapshot", api.staff_snapshot, name="live-staff-snapshot"),
    path("live/airings/<uuid:airing_id>/staff/items", api.staff_items, name="live-staff-items"),
    path("live/airings/<uuid:airing_id>/staff/items/<str:kind>/<int:number>", api.staff_item, name="live-staff-item"),
    path("account/questions", my_questions.page, name="my-questions"),
    path("overlay/<str:token>/hall", display.page, name="hall"),
    path("overlay/<str:token>/", overlay.page, name="overlay"),
    path("overlay/<str:token>/state", overlay.state, name="overlay-state"),
]
