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
            foretold,
            panel,
            people,
            playout,
            queries,
            ran,
            replay_media,
            services,
            simulcast,
            withheld,
        )
        from archive.clipping import kept as kept_clips
        from archive.clipping import queries as clips
        from archive.clipping import services as clipping
        from archive.editing import public
        from archive.search import lines
        from archive.steps import acts
        from archive.transcripts import kept as kept_transcripts
        from broadcast import registry

        registry.public_state.register("media", queries.public_media)
        registry.control_panels.register("feed", panel.feed_panel)
        registry.control_panels.register("clips", clips.panel)
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
        registry.staff_acts_on.register("clip.mark", clipping.mark)
        registry.timeline.register("gaps", queries.gap_marks)
        registry.replay_media.register("archive", replay_media.found)
        registry.replay_media.register("clips", clips.replay_media)
        registry.kept_documents.register("archive.clips", kept_clips.documents)
        registry.kept_documents.register("archive.transcripts", kept_transcripts.documents)
        registry.kept_documents.register("archive.edits", public.documents)
        registry.foretold.register("playout", foretold.sentences)
        registry.withheld.register("archive", withheld.spans)
        registry.cut_out.register("archive", public.cut_out)
        registry.as_run.register("archive", ran.ran)
        registry.doctor_checks.register("media", doctor.check)
        lines.register()
        people.register()
        _repair()


def _repair() -> None:
    """What the tick asks about once a second."""
    from archive import fillers, fixity, services, tasks
    from archive.clipping import work as clip_work
    from archive.keeping import cooling, removing
    from archive.search import stale
    from archive.transcripts import drafts
    from archive.uploads import work as uploads
    from broadcast import registry

    registry.reconcilers.register("archive", services.reconcile)
    registry.reconcilers.register("archive.steps", tasks.reconcile)
    registry.reconcilers.register("archive.clips", clip_work.reconcile)
    registry.reconcilers.register("archive.transcripts", drafts.reconcile)
    registry.reconcilers.register("archive.keep", fixity.reconcile)
    registry.reconcilers.register("archive.retention", removing.reconcile)
    registry.reconcilers.register("archive.cold", cooling.reconcile)
    registry.reconcilers.register("archive.fillers", fillers.reconcile)
    registry.reconcilers.register("archive.search", stale.reconcile)
    registry.reconcilers.register("archive.uploads", uploads.reconcile)
