"""How a notice reaches somebody: e-mail by us, text message and WeChat by adapters that the settings name; it knows no table."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils.module_loading import import_string

TIMEOUT_SECONDS = 20
# In which order they are tried; contacts are stored under the second name.
CHANNELS = (("email", "email"), ("sms", "phone"), ("wechat", "wechat"))


@dataclass(frozen=True)
class Message:
    """One notice for one contact. `key` is the same however often it is handed over, for senders that can tell."""

    to: str
    title: str
    text: str
    key: str


# Takes one message, or raises: then it was not sent.
Sender = Callable[[Message], None]


def email(message: Message) -> None:
    """By the mail server of YISHI_EMAIL_URL. The Message-ID is made of the key, so that mail programs show a second copy as the same."""
    host = settings.EMAIL_FROM.rpartition("@")[2].rstrip(">") or "localhost"
    name = hashlib.sha256(message.key.encode()).hexdigest()[:32]
    mail = EmailMessage(
        subject=" ".join(message.title.split()),
        body=message.text,
        from_email=settings.EMAIL_FROM,
        to=[message.to],
        headers={"Message-ID": f"<{name}@{host}>", "Auto-Submitted": "auto-generated"},
        connection=get_connection(timeout=TIMEOUT_SECONDS),
    )
    mail.send(fail_silently=False)


def sender(channel: str) -> Sender | None:
    """Who takes messages of the channel, or None where nobody does. Raises ImportError for a dotted path that leads nowhere."""
    if channel == "email":
        return email if settings.EMAIL_HOST else None
    path = settings.NOTICE_SENDERS.get(channel, "")
    return _imported(path) if path else None


@lru_cache(maxsize=8)
def _imported(path: str) -> Sender:
    found: Sender = import_string(path)
    return found


def way_to(contacts: Mapping[str, str]) -> str:
    """The first channel for which there is both a contact and a sender; "hand" where people must tell them."""
    for channel, name in CHANNELS:
        if contacts.get(name) and sender(channel) is not None:
            return channel
    return "hand"


def address(channel: str, contacts: Mapping[str, str]) -> str:
    """The contact that belongs to the channel."""
    return contacts.get(dict(CHANNELS).get(channel, ""), "")
