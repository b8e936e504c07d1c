"""Tables of archive, by what they are about; the media and their playlists are files, not rows."""

from archive.models.clips import Clip
from archive.models.editing import Edit, EditedReplay
from archive.models.importing import ImportBatch, ImportItem
from archive.models.keeping import ColdKeeping, Derivative, FixityCheck, KeepingTerms, MediaRemoval, Step
from archive.models.playout import AsRunEntry, Filler, PlayoutRule, SourceChoice
from archive.models.podcasts import PartnerFigure, PodcastCover, PodcastFeed
from archive.models.recording import IngestSecret, OutputCut, Part, PullSource, RecorderStatus, Recording
from archive.models.search import SearchDocument, SearchEpisode
from archive.models.simulcast import Push, SimulcastTarget
from archive.models.transcripts import Transcript, TranscriptLine
from archive.models.uploads import Upload, UploadTray

__all__ = [
    "AsRunEntry",
    "Clip",
    "ColdKeeping",
    "Derivative",
    "Edit",
    "EditedReplay",
    "Filler",
    "FixityCheck",
    "ImportBatch",
    "ImportItem",
    "IngestSecret",
    "KeepingTerms",
    "MediaRemoval",
    "OutputCut",
    "Part",
    "PartnerFigure",
    "PlayoutRule",
    "PodcastCover",
    "PodcastFeed",
    "PullSource",
    "Push",
    "RecorderStatus",
    "Recording",
    "SearchDocument",
    "SearchEpisode",
    "SimulcastTarget",
    "SourceChoice",
    "Step",
    "Transcript",
    "TranscriptLine",
    "Upload",
    "UploadTray",
]
