"""Django's entry to the ground floor."""

from django.apps import AppConfig


class BroadcastConfig(AppConfig):
    """The catalogue; must be ready before the apps that stand on it."""

    name = "broadcast"
    verbose_name = "Broadcast"

    def ready(self) -> None:
        """Load the start-up checks."""
        from broadcast import checks  # noqa: F401  # registers on import; needs the app registry
