/* What the moderation desk shows and does, without a page: queues, the held list, cursor, selection, acts and undo.
   The list is held still: what arrives is appended or counted, what was decided stays greyed until it is tidied away. */

import { t } from "../../broadcast/i18n.js";
import { keyOf } from "./staff-socket.js";
import { clock, reasonWord, stateWord } from "./words.js";

const PUBLIC = ["approved", "queued", "on_air", "answered"];
const AT_ONCE = 8;
const ACTED_MEMORY = 100;

export const LATE_MS = 60000;

/** Names of queues in the order of the desk, each with the states it holds. */
export const QUEUES = { pending: ["pending"], approved: PUBLIC, rejected: ["rejected"], withdrawn: ["withdrawn", "retracted"] };

export const queueOf = (item) => Object.keys(QUEUES).find((name) => QUEUES[name].includes(item.state));

/** What may be done with an item now. */
export function allowed(item) {
  if (item.state === "pending") return ["approve", "reject"];
  if (PUBLIC.includes(item.state)) return ["withdraw"];
  return item.state === "rejected" || item.state === "withdrawn" ? ["reopen"] : [];
}

export class Desk {
  constructor(lane, page, render) {
    Object.assign(this, { lane, page, render });
    this.queue = "pending";
    this.kind = "";
    this.search = "";
    this.keys = [];
    this.held = new Set();
    this.cursor = null;
    this.selected = new Set();
    this.choosing = null; // {verb, keys} while a reason is asked for
    this.sending = new Map(); // key -> {verb, version, recorded}
    this.acted = []; // my acts, newest last, for undo
    this.last = null; // what the bar says
    this.notice = null; // a refusal that must be read
    this.arrived = 0;
    this.endSeen = true;
    this.listOnPhone = false;
    this.help = false;
    this.reveal = false;
    this.seenSnapshot = false;
  }

  get mayAct() {
    return this.page.may.moderate;
  }

  item(key) {
    return this.lane.items.get(key);
  }

  get current() {
    return this.cursor ? this.item(this.cursor) : undefined;
  }

  matches(item) {
    if (!QUEUES[this.queue].includes(item.state) || (this.kind && item.kind !== this.kind)) return false;
    const wanted = this.search.trim().toLowerCase();
    return !wanted || item.text.toLowerCase().includes(wanted) || item.author.toLowerCase().includes(wanted);
  }

  /** Counts and the oldest waiting time of every queue, whatever the filter. */
  counts() {
    const found = Object.fromEntries(Object.keys(QUEUES).map((name) => [name, { count: 0, oldest: null }]));
    for (const item of this.lane.items.values()) {
      const queue = found[queueOf(item)];
      queue.count += 1;
      if (item.state === "pending" && (!queue.oldest || item.at < queue.oldest)) queue.oldest = item.at;
    }
    return found;
  }

  /** Order of a queue: who waits longest first; what was decided last first. */
  sorted() {
    const found = [...this.lane.items.values()].filter((item) => this.matches(item));
    const when = (item) => item.decided_at || item.at;
    const order = this.queue === "pending" ? (a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.id - b.id) : (a, b) => (when(a) > when(b) ? -1 : 1);
    return found.sort(order).map(keyOf);
  }

  /** A fresh list: after a change of queue or filter, or when asked to tidy up. The cursor stays on its item where it can. */
  rebuild() {
    const before = Math.max(0, this.keys.indexOf(this.cursor));
    this.keys = this.sorted();
    this.held = new Set(this.keys);
    this.arrived = 0;
    this.selected = new Set([...this.selected].filter((key) => this.held.has(key)));
    if (!this.held.has(this.cursor)) this.cursor = this.keys[Math.min(before, this.keys.length - 1)] || null;
    this.reveal = true;
    this.render();
  }

  /** After the lane changed: append what is new to the pending list, count it elsewhere; never move a row. */
  sync() {
    if (!this.seenSnapshot && this.lane.seq >= 0) {
      this.seenSnapshot = true;
      this.rebuild();
      return;
    }
    for (const [key, each] of this.sending) {
      const item = this.item(key);
      if (!item || item.version > each.version) this.sending.delete(key);
    }
    const fresh = this.sorted().filter((key) => !this.held.has(key));
    if (this.queue !== "pending") this.arrived = fresh.length;
    else if (fresh.length) {
      this.keys = this.keys.concat(fresh);
      for (const key of fresh) this.held.add(key);
      this.arrived = this.endSeen ? 0 : this.arrived + fresh.length;
    }
    if (!this.cursor && this.keys.length) this.cursor = this.keys[0];
    this.render();
  }

  /** Whether the row is only kept for stillness: decided, or being decided. */
  done(key) {
    const item = this.item(key);
    return !item || !QUEUES[this.queue].includes(item.state) || this.sending.has(key);
  }

  get doneCount() {
    return this.keys.reduce((sum, key) => sum + (this.done(key) ? 1 : 0), 0);
  }

  choose(queue) {
    this.queue = queue;
    this.selected.clear();
    this.choosing = null;
    this.cursor = null;
    this.endSeen = true;
    this.rebuild();
  }

  filter(changes) {
    Object.assign(this, changes);
    this.rebuild();
  }

  moveTo(key, { openOnPhone = false } = {}) {
    this.cursor = key;
    this.choosing = null;
    if (openOnPhone) this.listOnPhone = false;
    this.reveal = true;
    this.render();
  }

  /** To the next row that waits for somebody, in direction 1 or -1; stays where there is none. */
  step(direction) {
    for (let at = this.keys.indexOf(this.cursor) + direction; at >= 0 && at < this.keys.length; at += direction) {
      if (!this.done(this.keys[at])) {
        this.moveTo(this.keys[at]);
        return true;
      }
    }
    return false;
  }

  toggle(key) {
    if (!this.selected.delete(key) && !this.done(key)) this.selected.add(key);
    this.render();
  }

  selectShown() {
    this.selected = new Set(this.keys.filter((key) => !this.done(key)).slice(0, 100));
    this.render();
  }

  /** Begin to ask for a reason, for the given keys or the item under the cursor. */
  ask(verb, keys = this.cursor ? [this.cursor] : []) {
    const fit = keys.filter((key) => this.item(key) && allowed(this.item(key)).includes(verb) && !this.sending.has(key));
    this.choosing = fit.length && this.mayAct ? { verb, keys: fit } : null;
    this.render();
  }

  cancel() {
    this.choosing = null;
    this.help = false;
    this.render();
  }

  because(reason, note = "") {
    if (!this.choosing) {
      const item = this.current;
      const verb = item && allowed(item).find((each) => each === "reject" || each === "withdraw");
      if (!verb) return;
      this.ask(verb);
    }
    if (!this.choosing) return;
    const { verb, keys } = this.choosing;
    this.choosing = null;
    this.act(verb, keys, reason, note);
  }

  /** Do `verb` to items: on screen at once, then one command each; what the server refuses comes back with words. */
  async act(verb, keys = this.cursor ? [this.cursor] : [], reason = "", note = "") {
    if (!this.mayAct) return;
    const fit = keys.filter((key) => this.item(key) && allowed(this.item(key)).includes(verb) && !this.sending.has(key));
    if (!fit.length) return;
    const entry = { verb, keys: [], reason, at: this.lane.now(), phase: "sending", count: fit.length };
    this.last = entry;
    for (const key of fit) {
      this.sending.set(key, { verb, version: this.item(key).version });
      this.selected.delete(key);
    }
    const onCursor = fit.includes(this.cursor);
    if (!onCursor || !this.step(1)) this.render();
    const waiting = [...fit];
    const worker = async () => {
      while (waiting.length) await this.one(entry, waiting.shift(), verb, reason, note);
    };
    if (verb !== "reopen") this.acted = [...this.acted, entry].slice(-ACTED_MEMORY);
    entry.promise = Promise.all(Array.from({ length: Math.min(AT_ONCE, waiting.length) }, worker));
    await entry.promise;
    entry.phase = entry.keys.length ? "recorded" : "refused";
    if (!entry.keys.length) this.acted = this.acted.filter((each) => each !== entry);
    this.render();
  }

  async one(entry, key, verb, reason, note) {
    const item = this.item(key);
    const command = { type: `item.${verb}`, kind: item.kind, item: item.id, version: item.version };
    if (verb === "reject" || verb === "withdraw") Object.assign(command, { reason, ...(note ? { note } : {}) });
    try {
      await this.lane.send(command);
      entry.keys.push(key);
      const sent = this.sending.get(key);
      if (sent) sent.recorded = true;
      setTimeout(() => this.sending.delete(key) && this.render(), 5000);
    } catch (refusal) {
      await this.caughtUp(key, refusal.data?.version);
      this.sending.delete(key);
      this.refused(key, verb, refusal);
    }
  }

  /** Wait a moment until the lane shows what the server already knows. */
  async caughtUp(key, version) {
    for (let tries = 0; version > 1 && tries < 15 && (this.item(key)?.version || 0) < version; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Say a refusal so that it can be understood: who was first and what they did. */
  refused(key, verb, refusal) {
    const now = this.item(key);
    const { decided_by: who, state } = refusal.data || {};
    let words = refusal.message;
    if (refusal.code === "conflict" && who) {
      words = t("{who}{time}先处理了这一条：{state}{reason}。您的“{act}”没有生效。", {
        who,
        time: now?.decided_at ? t("在 {clock} ", { clock: clock(now.decided_at) }) : "",
        state: stateWord(state),
        reason: now?.reason ? t("，原因是{reason}", { reason: reasonWord(this.page, now.reason) }) : "",
        act: verbWord(verb),
      });
    }
    this.notice = { key, words, text: now?.text || "" };
    this.render();
  }

  /** Take back the last act of mine: what it decided goes back to pending. */
  async undo() {
    const entry = this.acted.pop();
    if (!entry) return;
    await entry.promise;
    await Promise.all(entry.keys.map((key) => this.caughtUp(key, (this.sending.get(key)?.version || 0) + 1)));
    const keys = entry.keys.filter((key) => this.item(key) && allowed(this.item(key)).includes(entry.verb === "approve" ? "withdraw" : "reopen"));
    const back = { verb: "undo", of: entry.verb, keys: [], at: this.lane.now(), phase: "sending", count: keys.length };
    this.last = back;
    this.render();
    for (const key of keys) await this.reopen(key, back);
    back.phase = back.keys.length ? "recorded" : "refused";
    const [first] = back.keys;
    if (first && this.held.has(first)) this.moveTo(first);
    this.render();
  }

  async reopen(key, entry) {
    const item = this.item(key);
    try {
      await this.lane.send({ type: "item.reopen", kind: item.kind, item: item.id, version: item.version });
      entry.keys.push(key);
    } catch (refusal) {
      this.refused(key, "undo", refusal);
    }
  }
}

export function verbWord(verb) {
  return { approve: t("批准"), reject: t("退回"), withdraw: t("撤下"), reopen: t("放回待审"), undo: t("撤销") }[verb];
}
