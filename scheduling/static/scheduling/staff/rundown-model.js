/* The run-down in the browser: what the server said, the clock, what is being typed, and changes on their way; it draws nothing. */

import { order } from "../../broadcast/backtime.js";
import { t } from "../../broadcast/i18n.js";
import { clock, length, readClock, readLength } from "./rundown-words.js";

const ON_AIR_MS = 2000;
const ELSE_MS = 8000;
const HIDDEN_MS = 30000;
const FIELDS = ["title", "seconds", "role", "start", "offset", "wait", "is_floating", "least", "most", "note"];

export class Rundown {
  constructor(page, render) {
    Object.assign(this, { page, render });
    this.offset = 0;
    this.best = Infinity;
    this.busy = false;
    this.cued = 0;
    this.link = "live"; // live, lost, refused
    this.said = null; // {words, undo: {lines, version}}: the lines as they were before the change that made this version
    this.notice = null; // {words, lines}
    this.stale = null; // {changes, op}: somebody was first
    this.draft = null; // what is typed: {id, …, wrong}
    this.asking = null; // the line that is about to be removed
    this.take(page.state, 0);
    this.offset = Date.parse(page.state.now) - Date.now();
  }

  take(state, took) {
    this.state = state;
    if (took > 0 && took <= this.best * 1.5) {
      this.best = Math.min(took, this.best);
      this.offset = Date.parse(state.now) + took / 2 - Date.now();
    }
  }

  /** The server's clock, in ms. */
  now() {
    return Date.now() + this.offset;
  }

  get lines() {
    return this.state.lines;
  }

  get onAir() {
    return this.state.state === "on_air";
  }

  get closed() {
    return this.state.state === "ended" || this.state.state === "cancelled";
  }

  get mayChange() {
    return this.page.may.produce && !this.closed;
  }

  get start() {
    return Date.parse(this.state.planned_start);
  }

  /** The running order at this moment; its seconds count from the planned start. */
  order() {
    const since = (time) => (Date.parse(time) - this.start) / 1000;
    const runs = new Map(this.state.runs.map((run) => [run.segment, { started: since(run.started), ended: run.ended ? since(run.ended) : null }]));
    const now = this.closed && this.state.actual_end ? since(this.state.actual_end) : (this.now() - this.start) / 1000;
    return order(this.lines.map(timed), { end: since(this.state.planned_end), runs, now, closed: this.closed });
  }

  /** What the button for the next segment begins: the first that is ahead and not left out. */
  next(laid) {
    const at = laid.lines.findIndex((shape, place) => shape.stand === "ahead" && !(this.lines[place].is_floating && shape.seconds < 1));
    return at < 0 ? null : this.lines[at];
  }

  async ask(url, body) {
    const began = Date.now();
    const options = body ? { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": this.page.csrf }, body: JSON.stringify(body) } : {};
    const answer = await fetch(url, { credentials: "same-origin", ...options, headers: { Accept: "application/json", ...options.headers } });
    const found = (answer.headers.get("Content-Type") || "").startsWith("application/json") ? await answer.json() : null;
    if (answer.ok && found && !answer.redirected) {
      this.link = "live";
      this.take(found, Date.now() - began);
      return found;
    }
    const refused = answer.redirected || answer.status === 401 || answer.status === 403;
    throw Object.assign(new Error((found && found.message) || ""), { refused, answer: found, status: answer.status });
  }

  async poll() {
    try {
      if (!this.busy) await this.ask(this.page.urls.state);
    } catch (error) {
      this.link = error.refused ? "refused" : "lost";
    }
    this.render();
    setTimeout(() => this.poll(), document.hidden ? HIDDEN_MS : this.onAir ? ON_AIR_MS : ELSE_MS);
  }

  async begin(line) {
    if (this.busy || Date.now() - this.cued < 1500) return;
    this.cued = Date.now();
    await this.during(() => this.ask(this.page.urls.begin, { segment: line.id }), t("开始了“{title}”", { title: line.title }));
  }

  /** Send the run-down as `op` makes it of the newest; `op` returns null when what it changes is no more there. `again`: whether it
      means the same on what somebody else made of the run-down. */
  async change(op, done, again = true) {
    const wanted = op(this.lines);
    if (wanted === null) {
      this.notice = { words: t("这个环节已经被别人删去了。") };
      this.render();
      return false;
    }
    const { lines, version } = this.state;
    const ok = await this.during(() => this.ask(this.page.urls.revise, { version, lines: wanted.map(sent) }), done, again ? { op, done } : null);
    if (ok && this.said) this.said.undo = { lines, version: version + 1 };
    this.render();
    return ok;
  }

  /** Whether the last change is still the newest: what somebody changed since would be taken back with it. */
  get mayUndo() {
    return Boolean(this.said?.undo) && this.said.undo.version === this.state.version && this.mayChange;
  }

  /** Take the last change back, if nobody changed anything since. */
  undo() {
    if (!this.mayUndo) return this.render();
    const before = this.said.undo.lines;
    const known = new Set(this.lines.map((line) => line.id));
    this.change(() => before.map((line) => (known.has(line.id) ? line : { ...line, id: null })), t("撤销了刚才的改动"), false);
  }

  async during(act, done, change = null) {
    if (this.busy) return false;
    this.busy = true;
    this.notice = null;
    this.stale = null;
    this.render();
    try {
      await act();
      this.said = { words: t("{time} {done}。服务器已记录", { time: clock(this.now()), done }), undo: null };
      return true;
    } catch (error) {
      this.refuse(error, change);
      return false;
    } finally {
      this.busy = false;
      this.render();
    }
  }

  refuse(error, change) {
    const data = (error.answer && error.answer.data) || {};
    if (error.status === 409 && data.now) {
      this.take(data.now, 0);
      if (change) {
        this.stale = { changes: data.changes, ...change };
        return;
      }
    }
    this.notice = { words: error.message || t("没有办成，请再试一次。") };
    if (this.draft && data.field in this.draft) this.draft.wrong = { [data.field]: error.message };
  }

  /* What is typed */

  edit(line, after = null) {
    const kind = line && line.is_floating ? "float" : line ? line.start : "follow";
    const text = (value) => (value == null ? "" : length(value));
    this.draft = {
      id: line ? line.id : null,
      was: line,
      after,
      title: line ? line.title : "",
      role: line ? line.role : "",
      note: line ? line.note : "",
      seconds: line ? text(line.seconds) : "",
      start: kind,
      offset: line && line.offset !== null ? clock(this.start + line.offset * 1000) : "",
      wait: line && line.wait ? String(line.wait) : "",
      least: line ? text(line.least) : "",
      most: line ? text(line.most) : "",
      wrong: {},
    };
    this.asking = null;
    this.render();
  }

  close() {
    this.draft = null;
    this.asking = null;
    this.render();
  }

  /** Ask before a line goes; null: it stays. */
  wonder(id) {
    this.asking = id;
    this.render();
  }

  clear() {
    this.notice = null;
    this.stale = null;
    this.render();
  }

  /** The line that the draft says, or null with `draft.wrong` filled. */
  read() {
    const { draft } = this;
    const wrong = {};
    const told = { title: draft.title.trim(), role: draft.role, note: draft.note.trim(), start: draft.start, is_floating: false, offset: null, wait: null, least: null, most: null };
    if (!told.title) wrong.title = t("请填写环节的内容。");
    const lengthOf = (name) => {
      const value = readLength(draft[name]);
      if (value === null) wrong[name] = t("写成 分:秒，例如 05:10。");
      return value;
    };
    told.seconds = lengthOf("seconds");
    if (draft.start === "float") {
      Object.assign(told, { start: "follow", is_floating: true, least: draft.least.trim() ? lengthOf("least") : null, most: draft.most.trim() ? lengthOf("most") : null });
    } else if (draft.start !== "follow") {
      told.offset = readClock(draft.offset, this.start);
      if (told.offset === null) wrong.offset = t("写成 时:分:秒，例如 11:15:00。");
      if (draft.start === "hard" && draft.wait.trim()) {
        told.wait = Number(draft.wait);
        if (!Number.isInteger(told.wait) || told.wait < 0) wrong.wait = t("请填写秒数。");
      }
    }
    draft.wrong = wrong;
    return Object.keys(wrong).length ? null : told;
  }

  async save() {
    const told = this.read();
    if (!told) return this.render();
    const { id, after, was } = this.draft;
    // Only what was typed anew, so that it goes together with what somebody else changes in the same line.
    for (const name of FIELDS) if (was && was[name] === told[name]) delete told[name];
    const op = id === null ? add(after, told) : (lines) => (lines.some((each) => each.id === id) ? lines.map((each) => (each.id === id ? { ...each, ...told } : each)) : null);
    const words = id === null ? t("加了“{title}”", told) : t("改了“{title}”", was);
    if (await this.change(op, words)) this.draft = null;
    this.render();
  }

  /** Move a line so that it stands before what is at `place`, counted without itself. */
  move(id, place) {
    const line = this.lines.find((each) => each.id === id);
    if (!line || this.busy) return;
    const op = (lines) => {
      const own = lines.find((each) => each.id === id);
      if (!own) return null;
      const rest = lines.filter((each) => each.id !== id);
      const at = Math.max(0, Math.min(place, rest.length));
      return [...rest.slice(0, at), own, ...rest.slice(at)];
    };
    const now = this.lines.findIndex((each) => each.id === id);
    if (place !== now && place >= 0 && place < this.lines.length) this.change(op, t("移动了“{title}”", line));
  }

  async remove(id) {
    const line = this.lines.find((each) => each.id === id);
    this.asking = null;
    if (line && (await this.change((lines) => lines.filter((each) => each.id !== id), t("删去了“{title}”", line)))) this.draft = null;
    this.render();
  }

  /** Do again on the newest what was refused because somebody was first. */
  async again() {
    const { op, done } = this.stale;
    this.stale = null;
    if ((await this.change(op, done)) && this.draft) this.draft = null;
    this.render();
  }
}

/** A line for the arithmetic. */
function timed(line) {
  const floats = line.is_floating;
  return {
    key: line.id,
    seconds: line.seconds,
    at: line.start === "follow" ? null : line.offset,
    wait: line.start === "hard" ? line.wait || 0 : null,
    least: floats ? Math.min(line.least || 0, line.seconds) : null,
    most: floats ? Math.max(line.most || 0, line.seconds) : null,
  };
}

const sent = (line) => Object.assign({ pk: line.id }, ...FIELDS.map((name) => ({ [name]: line[name] })));

function add(after, told) {
  return (lines) => {
    const behind = lines.findIndex((each) => each.id === after);
    const at = behind < 0 ? lines.length : behind + 1;
    return [...lines.slice(0, at), { id: null, ...told }, ...lines.slice(at)];
  };
}
