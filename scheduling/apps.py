"""Django's entry to scheduling: hangs its tick and receivers on the ground floor."""

from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    """Time decides."""

    name = "scheduling"
    verbose_name = "Scheduling"

    def ready(self) -> None:
        """Register the tick and listen to airings that moved."""
        from broadcast import registry, signals
        from scheduling import doctor, guests, panel, receivers, seeds
        from scheduling.queries import alarms, slot_pages
        from scheduling.services import firing, making, numbering, photo_withdrawal, preemption, subscribers

        registry.reconcilers.register("scheduling", firing.tick)
        registry.reconcilers.register("scheduling.slots", making.reconcile)
        registry.reconcilers.register("scheduling.preemption", preemption.reconcile)
        registry.airing_announced.register("scheduling.numbering", numbering.settle)
        guests.register()
        subscribers.register()
        panel.register()
        photo_withdrawal.register()
        registry.staff_alarms.register("scheduling", alarms.banner)
        registry.health.register("schedule", alarms.is_well)
        registry.doctor_checks.register("schedule", doctor.check)
        registry.programme_plans.register("scheduling", slot_pages.plans_of)
        registry.seeds.register("scheduling", seeds.seed)
        registry.demo.register("scheduling", seeds.demo)
        signals.airing_state_changed.connect(receivers.airing_moved, dispatch_uid="scheduling.airing_moved")
