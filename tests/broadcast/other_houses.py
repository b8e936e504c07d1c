"""An OpenID Connect provider and WeChat's log-in on loopback, as strict as the real ones where it matters: codes once, PKCE, secrets."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "yishi", "the house's secret"


class House(ThreadingHTTPServer):
    """`person` is who sits before it; `wrong` changes what the next answers say."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.person: dict[str, Any] = {}
        self.wrong: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.kid = "one"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def visit(self, target: str) -> str:
        """What a browser does there: to where it is sent back."""
        opener = urllib.request.build_opener(_Stay)
        with opener.open(target.partition("#")[0], timeout=10) as answer:
            return str(answer.headers["Location"])

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        told = {
            "iss": self.address,
            "aud": CLIENT,
            "sub": self.person["sub"],
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
        }
        told |= self.wrong.get("claims", {})
        key, algorithm = self.wrong.get("key", self.key), self.wrong.get("algorithm", "RS256")
        return jwt.encode(told, key, algorithm=algorithm, headers={"kid": self.kid})


class _Stay(urllib.request.HTTPErrorProcessor):
    def http_response(self, request: Any, response: Any) -> Any:
        return response

    https_response = http_response


class _Handler(BaseHTTPRequestHandler):
    server: House

    def log_message(self, *_words: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, _flat(urlsplit(self.path).query)
        self.server.asked.append(path)
        if path.startswith("/connect/") or path == "/authorize":
            self._authorize(query)
        elif path == "/.well-known/openid-configuration":
            base = self.server.address
            self._json(
                {
                    "issuer": self.server.wrong.get("issuer", base),
                    "authorization_endpoint": f"{base}/authorize",
                    "token_endpoint": f"{base}/token",
                    "jwks_uri": f"{base}/keys",
                }
            )
        elif path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.server.key.public_key()))
            self._json({"keys": [{**public, "kid": self.server.kid, "alg": "RS256", "use": "sig"}]})
        elif path == "/sns/oauth2/access_token":
            self._wechat(query)
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        sent = _flat(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.asked.append(urlsplit(self.path).path)
        kept = self.server.codes.pop(sent.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        good = (
            kept is not None
            and sent.get("client_secret") == SECRET
            and sent.get("redirect_uri") == kept["redirect_uri"]
            and kept["code_challenge"] == challenge.rstrip(b"=").decode()
        )
        if not good or kept is None:
            self._json({"error": "invalid_grant"}, 400)
            return
        self._json({"access_token": "t", "token_type": "Bearer", "id_token": self.server.id_token(kept["nonce"])})

    def _authorize(self, query: dict[str, str]) -> None:
        if self.server.person.get("declines"):
            back = {"error": "access_denied", "state": query["state"]}
        else:
            code = secrets.token_hex(8)
            self.server.codes[code] = query
            back = {"code": code, "state": query["state"]}
        self.send_response(302)
        self.send_header("Location", f"{query['redirect_uri']}?{urlencode(back)}")
        self.end_headers()

    def _wechat(self, query: dict[str, str]) -> None:
        kept = self.server.codes.pop(query.get("code", ""), None)
        if kept is None or kept["appid"] != query.get("appid") or query.get("secret") != SECRET:
            self._json({"errcode": 40029, "errmsg": "invalid code"})
            return
        self._json(
            {"access_token": "t", "expires_in": 7200, "openid": self.server.person[query["appid"]]}
            | {key: self.server.person[key] for key in ("unionid", "is_snapshotuser") if key in self.server.person}
        )

    def _json(self, told: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _flat(query: str) -> dict[str, str]:
    return {key: values[-1] for key, values in parse_qs(query).items()}
