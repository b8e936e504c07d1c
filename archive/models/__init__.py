"""Tables of archive, by what they are about; the media and their playlists are files, not rows."""

from archive.models.importing import ImportBatch, ImportItem
from archive.models.keeping import Derivative, FixityCheck, Step
from archive.models.playout import AsRunEntry, Filler, PlayoutRule, SourceChoice
from archive.models.podcasts import PartnerFigure, PodcastFeed
from archive.models.recording import IngestSecret, OutputCut, Part, PullSource, RecorderStatus, Recording
from archive.models.search import SearchDocument, SearchEpisode
from archive.models.simulcast import Push, SimulcastTarget
from archive.models.transcripts import Transcript, TranscriptLine

__all__ = [
    "AsRunEntry",
    "Derivative",
    "Filler",
    "FixityCheck",
    "ImportBatch",
    "ImportItem",
    "IngestSecret",
    "OutputCut",
    "Part",
    "PartnerFigure",
    "PlayoutRule",
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
]
