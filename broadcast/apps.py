"""Django's entry to the ground floor."""

from django.apps import AppConfig


class BroadcastConfig(AppConfig):
    """The catalogue; must be ready before the apps that stand on it."""

    name = "broadcast"
    verbose_name = "Broadcast"

    def ready(self) -> None:
        """Load the start-up checks and the doctor's, and what the ground floor keeps of people."""
        from broadcast import checks, personal_sections, readiness, registry, search_words  # noqa: F401  # checks register on import
        from broadcast.services import forgetting, spending, withdrawal, withdrawal_episodes

        own = (readiness.codes, readiness.accounts, readiness.programmes, readiness.audit)
        for check in (*own, readiness.partners, readiness.social):
            registry.doctor_checks.register(check.__name__, check)
        registry.staff_alarms.register("codes", spending.alarm)
        personal_sections.register()
        forgetting.register()
        search_words.register()
        withdrawal_episodes.register()
        registry.reconcilers.register("withdrawal by person", withdrawal.reconcile)
