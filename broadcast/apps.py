"""Django's entry to the ground floor."""

from django.apps import AppConfig


class BroadcastConfig(AppConfig):
    """The catalogue; must be ready before the apps that stand on it."""

    name = "broadcast"
    verbose_name = "Broadcast"

    def ready(self) -> None:
        """Load the start-up checks and the doctor's."""
        from broadcast import checks, readiness, registry  # noqa: F401  # checks register on import

        for check in (readiness.codes, readiness.accounts, readiness.programmes):
            registry.doctor_checks.register(check.__name__, check)
