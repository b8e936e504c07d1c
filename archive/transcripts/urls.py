"""Addresses of the editor, below /staff/airings/."""

from __future__ import annotations

from django.urls import path

from archive.transcripts import page

app_name = "transcripts"
urlpatterns = [
    path("<uuid:airing_id>/transcript", page.show, name="show"),
    path("<uuid:airing_id>/transcript/save", page.save, name="save"),
    path("<uuid:airing_id>/transcript/import", page.take_file, name="import"),
    path("<uuid:airing_id>/transcript/live", page.take_live, name="live"),
    path("<uuid:airing_id>/transcript/sign", page.sign, name="sign"),
    path("<uuid:airing_id>/transcript/withdraw", page.withdraw, name="withdraw"),
    path("<uuid:airing_id>/transcript/file.<slug:form>", page.export, name="export"),
]
