"""Django's entry to live: hangs its receivers and its parts of the registries."""

from django.apps import AppConfig


class LiveConfig(AppConfig):
    """People take part."""

    name = "live"
    verbose_name = "Live"

    def ready(self) -> None:
        """Connect facts and registries."""
        from live import receivers, registered  # needs the app registry

        receivers.connect()
        registered.register()
