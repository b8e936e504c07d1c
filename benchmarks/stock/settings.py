"""The fewest settings that the tutorial's chat needs; STOCK_LAYER names the layer's class, STOCK_REDIS its server."""

from __future__ import annotations

import os

SECRET_KEY = os.environ.get("STOCK_SECRET", "of a benchmark alone, never of a service" * 2)
DEBUG = False
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["daphne", "channels"]
ROOT_URLCONF = "benchmarks.stock.asgi"
ASGI_APPLICATION = "benchmarks.stock.asgi.application"
USE_TZ = True
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": os.environ.get("STOCK_LAYER", "channels_redis.core.RedisChannelLayer"),
        "CONFIG": {
            # Its client's own limits (100 connections, a few seconds) end a rush of joins, or a tick for thousands, in HTTP 500
            # and close code 1011.
            "hosts": [
                {
                    "address": os.environ.get("STOCK_REDIS", "redis://127.0.0.1:6379/0"),
                    "max_connections": 20_000,
                    "socket_timeout": 120,
                }
            ],
            # Its own 100 would lose most of a tick for thousands of sockets in one process.
            **({"capacity": 1_000_000} if "pubsub" not in os.environ.get("STOCK_LAYER", "") else {}),
        },
    }
}
