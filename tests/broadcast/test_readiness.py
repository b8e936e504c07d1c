"""What the doctor says of other houses and partners: set up whole, over TLS, with keys that can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from broadcast import readiness

NONE = {
    "app": "",
    "secret": "",
    "site_app": "",
    "site_secret": "",
    "api": "https://a.example",
    "open": "https://b.example",
}


def test_nothing_is_said_where_nothing_is_switched_on(settings: Any) -> None:
    settings.OIDC, settings.WECHAT, settings.PARTNERS = (
        dict.fromkeys(("issuer", "client", "secret", "name"), ""),
        NONE,
        "",
    )
    assert readiness.social() == readiness.partners() == []


def test_what_is_half_set_up_or_asked_in_the_open_is_told(settings: Any) -> None:
    settings.OIDC = {"issuer": "http://id.example", "client": "yishi", "secret": "", "name": "x"}
    settings.WECHAT = NONE | {"app": "wx1", "site_app": "wx2", "site_secret": "s", "api": "http://127.0.0.1:1"}
    said = " ".join(found for found, _expected, _mend in readiness.social())
    assert "YISHI_OIDC_CLIENT without" in said
    assert "YISHI_WECHAT_APP without" in said
    assert "YISHI_OIDC_ISSUER is asked without TLS" in said
    assert "SITE" not in said
    assert "API" not in said


def test_a_file_of_partners_that_cannot_be_read_is_told(settings: Any, tmp_path: Path) -> None:
    file = tmp_path / "partners.toml"
    settings.PARTNERS = str(file)
    assert readiness.partners()[0][2]
    file.write_text("[x]", encoding="utf-8")
    assert readiness.partners()[0][2]
