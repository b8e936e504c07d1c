"""The tutorial's chat room, asynchronous, with the words of a tick: whoever says something says it to the whole group."""

from __future__ import annotations

import json
import os
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.stock.settings")
_pages = get_asgi_application()
_path: Any = path


class ChatConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """As the tutorial has it."""

    async def connect(self) -> None:
        """Join the room."""
        self.room_group_name = f"chat_{self.scope['url_route']['kwargs']['room_name']}"
        await self.channel_layer.group_add(self.room_group_name, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave the room."""
        await self.channel_layer.group_discard(self.room_group_name, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Say it to all."""
        message = json.loads(text_data or "{}")["message"]
        await self.channel_layer.group_send(self.room_group_name, {"type": "chat.message", "message": message})

    async def chat_message(self, event: dict[str, Any]) -> None:
        """Pass on what somebody said."""
        await self.send(text_data=json.dumps({"message": event["message"]}))


def healthz(_request: HttpRequest) -> HttpResponse:
    """Whether it answers."""
    return HttpResponse("ok")


urlpatterns = [path("healthz", healthz)]
application = ProtocolTypeRouter(
    {"http": _pages, "websocket": URLRouter([_path("ws/chat/<str:room_name>/", ChatConsumer.as_asgi())])}
)
