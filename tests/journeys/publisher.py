"""An encoder in the studio: a real ffmpeg that sends a moving picture and a tone to an ingest address."""

from __future__ import annotations

import signal
import subprocess
from dataclasses import dataclass, field

from archive import tools

PICTURE = [
    "-re",
    "-f",
    "lavfi",
    "-i",
    "testsrc2=size=640x360:rate=15",
    "-f",
    "lavfi",
    "-i",
    "sine=frequency=330:sample_rate=48000",
]
CODING = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-b:v", "300k"]
KEYFRAMES = ["-g", "30", "-keyint_min", "30", "-sc_threshold", "0", "-c:a", "aac", "-b:a", "64k"]


@dataclass
class Publisher:
    """Sends until it is stopped or refused."""

    address: str
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> Publisher:
        """Begin to send; MPEG-TS for SRT, FLV for RTMP."""
        shape = "flv" if self.address.startswith("rtmp") else "mpegts"
        command = [tools.find().path, "-hide_banner", "-nostdin", "-loglevel", "error", *PICTURE, *CODING, *KEYFRAMES]
        self.process = subprocess.Popen(
            [*command, "-f", shape, self.address],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        return self

    def stop(self) -> None:
        """The cable is pulled."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        if self.process:
            self.process.wait(10)

    def refused_within(self, seconds: float) -> bool:
        """Whether the other side ended it in that time."""
        assert self.process
        try:
            return self.process.wait(seconds) != 0
        except subprocess.TimeoutExpired:
            return False
