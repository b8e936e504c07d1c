"""Whom we believe over TLS: the machine's authorities, and what ffmpeg says of a name that is not proven; it connects to nobody."""

from __future__ import annotations

import re
import ssl

# What the gnutls and the openssl builds of ffmpeg say of a certificate that is not signed by anybody we know, or is another's.
UNTRUSTED = r"failed verification|does not match hostname|certificate verify failed"


def authorities() -> str:
    """The file of the authorities as Python knows it: the machine's, or SSL_CERT_FILE. Builds of ffmpeg know others, or none.

    Where there is no such file it names one that is not there: then nobody is believed.
    """
    return ssl.get_default_verify_paths().cafile or "/etc/ssl/cert.pem"


def is_untrusted(said: str) -> bool:
    """Whether ffmpeg's last words say that the other side did not prove its name."""
    return re.search(UNTRUSTED, said, re.IGNORECASE) is not None
