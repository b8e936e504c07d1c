"""Django's entry to scheduling: hangs its tick and receivers on the ground floor."""

from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    """Time decides."""

    name = "scheduling"
    verbose_name = "Scheduling"

    def ready(self) -> None:
        """Register the tick and listen to airings that moved."""
        from broadcast import registry, signals
        from scheduling import panel, receivers, seeds
        from scheduling.services import ledger, slots, subscribers

        registry.reconcilers.register("scheduling", ledger.tick)
        registry.reconcilers.register("scheduling.slots", slots.reconcile)
        subscribers.register()
        panel.register()
        registry.seeds.register("scheduling", seeds.seed)
        registry.demo.register("scheduling", seeds.demo)
        signals.airing_state_changed.connect(receivers.airing_moved, dispatch_uid="scheduling.airing_moved")
