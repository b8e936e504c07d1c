"""Sends what is made piece by piece, each made in the request's own thread; no server ever holds the whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse


def streamed(pieces: Iterator[bytes], media_type: str, name: str) -> StreamingHttpResponse:
    """A download. Empty pieces are not sent."""
    response = StreamingHttpResponse(_awaited(pieces), content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


async def _awaited(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    following = sync_to_async(lambda: next(pieces, None), thread_sensitive=True)
    while (piece := await following()) is not None:
        if piece:
            yield piece
