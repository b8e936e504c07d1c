"""Django's entry to archive: hangs its functions into the house's registries."""

from __future__ import annotations

from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    """Recorder, playlists, replay."""

    name = "archive"
    verbose_name = "Archive"

    def ready(self) -> None:
        """Fill the registries."""
        from archive import (
            cuts,
            doctor,
            fillers,
            fixity,
            foretold,
            panel,
            playout,
            queries,
            ran,
            replay_media,
            services,
            simulcast,
            tasks,
            withheld,
        )
        from archive.search import lines, stale
        from archive.steps import acts
        from archive.transcripts import drafts
        from broadcast import registry

        registry.public_state.register("media", queries.public_media)
        registry.control_panels.register("feed", panel.feed_panel)
        registry.staff_acts.register("output.cut", cuts.cut_output)
        registry.staff_acts.register("output.resume", cuts.resume_output)
        registry.staff_acts.register("output.confirm", cuts.confirm_cut)
        for name, act in playout.ACTS.items():
            registry.staff_acts.register(name, act)
        registry.staff_acts.register("ingest.rotate", services.rotate_secret)
        registry.staff_acts_on.register("push.restart", simulcast.restart_push)
        registry.staff_acts_on.register("push.off", simulcast.switch_push_off)
        registry.staff_acts_on.register("push.on", simulcast.switch_push_on)
        registry.staff_acts_on.register("step.retry", acts.retry)
        registry.timeline.register("gaps", queries.gap_marks)
        registry.replay_media.register("archive", replay_media.found)
        registry.foretold.register("playout", foretold.sentences)
        registry.withheld.register("archive", withheld.spans)
        registry.as_run.register("archive", ran.ran)
        registry.reconcilers.register("archive", services.reconcile)
        registry.reconcilers.register("archive.steps", tasks.reconcile)
        registry.reconcilers.register("archive.transcripts", drafts.reconcile)
        registry.reconcilers.register("archive.keep", fixity.reconcile)
        registry.reconcilers.register("archive.fillers", fillers.reconcile)
        registry.reconcilers.register("archive.search", stale.reconcile)
        registry.doctor_checks.register("media", doctor.check)
        lines.register()
