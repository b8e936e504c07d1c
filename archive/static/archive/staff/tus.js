/* Sends one file by tus 1.0: asks how far it is, goes on from there, waits out a lost network; it draws nothing. */

import { Sha256, base64 } from "./sha256.js";

const LEAST = 256 * 1024;
const MOST = 8 * 1024 * 1024;
const READ = 8 * 1024 * 1024;
const AIM_SECONDS = 2;
const LONGEST_WAIT = 15;

const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

/** Refused for good: words of the server, or "login" where the session ended. */
export class Refused extends Error {}

export class Sending {
  /** `tell(self)` is called at every change; `csrf()` gives the token. States: waiting, reading, sending, offline, paused, done, refused. */
  constructor(file, create, csrf, tell) {
    Object.assign(this, { file, create, csrf, tell, address: "", offset: 0, state: "waiting", words: "", rate: 0, piece: 1024 * 1024 });
    this.whole = new Sha256();
    this.hashed = 0;
    this.stopped = false;
  }

  set(state, words = "") {
    this.state = state;
    this.words = words;
    this.tell(this);
  }

  /** Goes on after the piece that is under way. */
  halt() {
    this.stopped = true;
    if (this.state !== "done" && this.state !== "refused") this.set("paused");
  }

  /** Resolves when the file is up, refused or paused. Never rejects. */
  async run() {
    this.stopped = false;
    let failures = 0;
    while (!this.stopped) {
      try {
        await this.go();
        return;
      } catch (error) {
        if (error instanceof Refused) {
          this.set(error.message === "login" ? "paused" : "refused", error.message);
          return;
        }
        if (this.stopped) break;
        failures = this.state === "offline" ? failures + 1 : 1;
        this.set("offline", error.words || "");
        await pause(Math.min(LONGEST_WAIT, 2 ** Math.min(failures, 4) / 2));
      }
    }
    this.set("paused");
  }

  async go() {
    if (!this.address) await this.announce();
    const answer = await this.ask("HEAD", this.address);
    if (answer.status === 404) {
      this.address = "";
      throw new Error("gone");
    }
    this.offset = Number(answer.headers.get("Upload-Offset"));
    await this.catchUp();
    while (this.offset < this.file.size) {
      if (this.stopped) throw new Error("paused");
      await this.step();
    }
    const sealed = await this.ask("POST", `${this.address}/seal`, { "Upload-Checksum": `sha256 ${base64(this.digest())}` });
    if (sealed.status === 460) throw new Refused("digest");
    this.set("done");
  }

  digest() {
    if (!this.ended) this.ended = this.whole.end();
    return this.ended;
  }

  async announce() {
    const text = (value) => base64(new TextEncoder().encode(value));
    const facts = `filename ${text(this.file.name)},modified ${text(String(this.file.lastModified))}`;
    const answer = await this.ask("POST", this.create, { "Upload-Length": String(this.file.size), "Upload-Metadata": facts });
    this.address = new URL(answer.headers.get("Location"), location.href).pathname;
  }

  /** What was sent before is read again here, so that the digest is that of this very file. */
  async catchUp() {
    if (this.ended) return;
    while (this.hashed < this.offset) {
      if (this.stopped) throw new Error("paused");
      const until = Math.min(this.hashed + READ, this.offset);
      this.set("reading");
      this.whole.add(await this.read(this.hashed, until));
      this.hashed = until;
    }
  }

  async read(from, until) {
    try {
      return new Uint8Array(await this.file.slice(from, until).arrayBuffer());
    } catch (error) {
      throw new Refused("unreadable");
    }
  }

  async step() {
    const until = Math.min(this.offset + this.piece, this.file.size);
    const bytes = await this.read(this.offset, until);
    const check = new Sha256();
    check.add(bytes);
    const began = performance.now();
    this.set("sending");
    const answer = await this.ask("PATCH", this.address, {
      "Content-Type": "application/offset+octet-stream",
      "Upload-Offset": String(this.offset),
      "Upload-Checksum": `sha256 ${base64(check.end())}`,
    }, bytes);
    if (answer.status === 404) {
      this.address = "";
      throw new Error("gone");
    }
    if (answer.status === 423) await pause(1);
    if (answer.status === 409 || answer.status === 423) throw new Error("elsewhere");
    if (answer.status === 460) return;
    const seconds = Math.max(0.001, (performance.now() - began) / 1000);
    this.rate = this.rate ? this.rate * 0.7 + (bytes.length / seconds) * 0.3 : bytes.length / seconds;
    this.piece = Math.max(LEAST, Math.min(MOST, Math.round((bytes.length / seconds) * AIM_SECONDS)));
    this.whole.add(bytes);
    this.offset = until;
    this.hashed = until;
    this.tell(this);
  }

  /** An answer that says something; others are thrown: Refused, or to be tried again. */
  async ask(method, address, headers = {}, body = undefined) {
    const answer = await fetch(address, {
      method, body, credentials: "same-origin", cache: "no-store", redirect: "manual",
      headers: { "Tus-Resumable": "1.0.0", "X-CSRFToken": this.csrf(), ...headers },
    });
    if (answer.type === "opaqueredirect") throw new Refused("login");
    if (answer.ok || [404, 423, 460].includes(answer.status)) return answer;
    if (answer.status === 409 && method === "PATCH") return answer;
    const words = method === "HEAD" ? "" : (await answer.text()).slice(0, 200);
    if (answer.status >= 500 || answer.status === 429) throw Object.assign(new Error("busy"), { words: answer.status === 503 ? words : "" });
    throw new Refused(words.startsWith("<") || !words ? String(answer.status) : words);
  }
}
