"""Django's entries to django-allauth, of which only the protocols are used: no middleware, no pages, no providers of its own."""

from __future__ import annotations

from allauth.account.apps import AccountConfig
from allauth.socialaccount.apps import SocialAccountConfig


class Accounts(AccountConfig):  # type: ignore[misc,unused-ignore]
    """Its tables are only there because the other's point at them."""

    def ready(self) -> None:
        """It would ask for a middleware that every request pays for; ours stand in `broadcast.views.account_social`."""


class SocialAccounts(SocialAccountConfig):  # type: ignore[misc,unused-ignore]
    """Clients of OAuth 2."""

    def ready(self) -> None:
        """It would load every provider that is installed; ours are named in `broadcast.social`."""
