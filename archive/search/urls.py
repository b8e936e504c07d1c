"""The address of the search."""

from __future__ import annotations

from django.urls import path

from archive.search import page

urlpatterns = [path("", page.search, name="search")]
