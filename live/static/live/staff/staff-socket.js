/* The staff lane of one airing: keeps items, polls, calls, panels and public state true, and sends commands that survive a lost line.
   It must not touch the page. A frame that begins after what we have seen is a gap: then the snapshot is taken again. */

import { t } from "../../broadcast/i18n.js";

const ACK_WAIT_MS = 6000;
const POST_TRIES = 4;
const POLL_MS = 2500;
const SILENCE_MS = 30000;
const LONGEST_PAUSE_MS = 15000;
const NOT_ALLOWED = 4003;
const NOT_FOUND = 4004;

/** A new id for a command; the same act keeps it through every retry. */
export function commandId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A refusal as the server words it; code "offline" when it could not be asked. */
export class Refusal extends Error {
  constructor(code, message, data = {}) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

// What an item is where the server leaves a field out because it stands at its default.
const PLAIN = { sender: "", source: "", district: "", since: "", mask: [], hits: [], claim: null, first_by: "", first_by_id: null, reports: 0, report_reasons: [],
  appeal: "", appeal_text: "", appeal_due: null, similar: null, merged_into: null, hidden: false, speaks_as: "", affiliation: "", reply_to: null };

/** An item with every field, as pages use it. */
export const whole = (item) => ({ ...PLAIN, ...item, hits: (item.hits || PLAIN.hits).map((hit) => ({ spans: [], false: false, late: false, ...hit })) });

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class StaffLane {
  /** `page` is the data of the page's shell; `onChange` runs at most once a frame after something changed. */
  constructor(page, onChange) {
    this.page = page;
    this.onChange = onChange;
    this.items = new Map();
    this.polls = new Map();
    this.calls = new Map();
    this.panels = {};
    this.public = new Map();
    this.seq = -1;
    this.link = "connecting"; // connecting, live, polling, refused
    this.lastAckMs = null;
    this.revision = 0;
    this.offset = 0;
    this.waiting = new Map();
    this.failures = 0;
    this.heardAt = Date.now();
    this.takenAt = 0;
    this.touched = null; // keys of items that moved since somebody asked; null: perhaps all
  }

  start() {
    this.connect();
    setInterval(() => this.watch(), 5000);
    window.addEventListener("online", () => this.reconnectNow());
    window.addEventListener("offline", () => this.socket && this.socket.close());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.link !== "live") this.reconnectNow();
    });
  }

  /** The server's clock, in ms. */
  now() {
    return Date.now() + this.offset;
  }

  /** Keys of the items that moved since this was asked last; null after a snapshot: all of them may have. */
  takeTouched() {
    const { touched } = this;
    this.touched = new Set();
    return touched;
  }

  object(key) {
    return this.public.get(key);
  }

  ofKind(kind) {
    return [...this.public.values()].filter((object) => object.kind === kind);
  }

  connect() {
    clearTimeout(this.timer);
    const address = new URL(this.page.urls.socket, window.location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    let socket;
    try {
      socket = new WebSocket(address);
    } catch {
      this.lost({ code: 0 });
      return;
    }
    this.socket = socket;
    socket.onmessage = (event) => this.receive(JSON.parse(event.data));
    socket.onclose = (event) => this.socket === socket && this.lost(event);
  }

  reconnectNow() {
    if (this.link === "refused" || (this.socket && this.socket.readyState <= 1)) return;
    this.failures = 0;
    this.connect();
  }

  lost(event) {
    this.socket = null;
    if (event.code === NOT_ALLOWED || event.code === NOT_FOUND) {
      this.setLink("refused");
      return;
    }
    this.setLink(this.seq < 0 && this.failures < 1 ? "connecting" : "polling");
    this.failures += 1;
    for (const each of this.waiting.values()) each.lost();
    const longest = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** this.failures);
    this.timer = setTimeout(() => this.connect(), Math.random() * longest);
    this.poll();
  }

  /** While there is no socket the snapshot is asked for again and again. */
  async poll() {
    if (this.polling) return;
    this.polling = true;
    while (this.link === "polling" || (this.link === "connecting" && this.failures > 0)) {
      await this.take();
      await pause(POLL_MS);
    }
    this.polling = false;
  }

  watch() {
    if (this.link === "live" && !document.hidden && Date.now() - this.heardAt > SILENCE_MS) {
      this.heardAt = Date.now();
      this.take().then((ahead) => ahead && this.socket && this.socket.close());
    }
  }

  /** Take the snapshot by GET. Resolves to whether it was ahead of what we had. */
  async take() {
    if (this.taking) return this.taking;
    this.taking = (async () => {
      const wait = this.takenAt + 800 - Date.now();
      if (wait > 0) await pause(wait);
      this.takenAt = Date.now();
      try {
        const answer = await fetch(this.page.urls.snapshot, { credentials: "same-origin", cache: "no-store" });
        if (answer.status === 403 || answer.status === 404) this.setLink("refused");
        if (!answer.ok) return false;
        const frame = await answer.json();
        if (frame.seq < this.seq) return false;
        const ahead = frame.seq > this.seq;
        this.snapshot(frame);
        return ahead;
      } catch {
        return false;
      } finally {
        this.taking = null;
      }
    })();
    return this.taking;
  }

  receive(frame) {
    this.heardAt = Date.now();
    if (frame.type === "staff.snapshot") {
      this.failures = 0;
      this.setLink("live");
      this.snapshot(frame);
    } else if (frame.type === "staff.change") this.change(frame);
    else if (frame.type === "ack" || frame.type === "error") this.waiting.get(frame.id)?.answer(frame);
  }

  snapshot(frame) {
    this.items = new Map(frame.items.map((item) => [keyOf(item), whole(item)]));
    this.touched = null;
    this.polls = new Map(frame.polls.map((poll) => [poll.id, poll]));
    this.calls = new Map((frame.calls || []).map((call) => [call.id, call]));
    this.panels = frame.panels;
    this.public = new Map(frame.public.map((object) => [object.key, object]));
    this.seq = frame.seq;
    this.offset = Date.parse(frame.at) - Date.now();
    this.changed();
  }

  change(frame) {
    if (frame.after > this.seq) {
      this.take();
      return;
    }
    for (const item of frame.items) {
      const key = keyOf(item);
      if (this.items.get(key)?.version > item.version) continue;
      this.items.set(key, whole(item));
      if (this.touched) this.touched.add(key);
    }
    for (const poll of frame.polls) this.polls.set(poll.id, poll);
    for (const call of frame.calls || []) if (!(this.calls.get(call.id)?.version > call.version)) this.calls.set(call.id, call);
    Object.assign(this.panels, frame.panels);
    for (const object of frame.public) this.public.set(object.key, object);
    this.seq = Math.max(this.seq, frame.seq);
    this.offset = Math.max(this.offset, Date.parse(frame.at) - Date.now());
    this.changed();
  }

  setLink(link) {
    if (this.link === link) return;
    this.link = link;
    this.changed();
  }

  changed() {
    this.revision += 1;
    if (this.scheduled) return;
    this.scheduled = true;
    const run = () => {
      this.scheduled = false;
      this.onChange();
    };
    if (document.hidden) setTimeout(run, 50);
    else requestAnimationFrame(run);
  }

  /** Send `{type, …}`. Resolves to the ack's result when the server has recorded it; rejects with a Refusal. */
  async send(command) {
    const named = { id: commandId(), ...command };
    const begun = performance.now();
    const frame = (await this.bySocket(named)) || (await this.byPost(named));
    this.lastAckMs = Math.round(performance.now() - begun);
    this.changed();
    return this.answered(frame);
  }

  /** Send what may be lost, such as where somebody looks: once, by the socket alone. Resolves to null when nothing came back. */
  async mention(command) {
    const frame = await this.bySocket({ id: commandId(), ...command });
    return frame && this.answered(frame);
  }

  answered(frame) {
    if (frame.type === "ack") return frame.result || {};
    throw new Refusal(frame.code, frame.message, frame.data);
  }

  /** The answer, or null when the line was lost or silent: then the same command goes by POST, and counts once. */
  bySocket(command) {
    if (!this.socket || this.socket.readyState !== WebSocket.OPEN) return Promise.resolve(null);
    return new Promise((resolve) => {
      const done = (frame) => {
        clearTimeout(timer);
        this.waiting.delete(command.id);
        resolve(frame);
      };
      const timer = setTimeout(() => done(null), ACK_WAIT_MS);
      this.waiting.set(command.id, { answer: done, lost: () => done(null) });
      this.socket.send(JSON.stringify(command));
    });
  }

  async byPost(command) {
    for (let attempt = 0; attempt < POST_TRIES; attempt += 1) {
      if (attempt) await pause(Math.random() * 1000 * 2 ** attempt);
      try {
        const answer = await fetch(this.page.urls.commands, {
          method: "POST",
          credentials: "same-origin",
          headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.page.csrf },
          body: JSON.stringify(command),
        });
        const frame = await answer.json();
        if (answer.status < 500) return frame;
      } catch {
        // No network, or no JSON: try again.
      }
    }
    return { type: "error", code: "offline", message: t("连不上服务器，这一步没有记下。网络好了再试。"), data: {} };
  }
}

/** An item's key in lane.items. */
export function keyOf(item) {
  return `${item.kind}:${item.id}`;
}
