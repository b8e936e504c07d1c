/* What the moderation desk shows, without a page: queues, the held list, cursor and selection; desk-acts.js acts on it.
   The list is held still: what arrives is appended or counted, what was decided stays greyed until it is tidied away. */

import { keyOf } from "./staff-socket.js";

const PUBLIC = ["approved", "queued", "on_air", "answered"];
// The snapshot carries so many of a kind and no more; from there on a count is "at least".
const MOST_TOLD = { pending: 1000, rejected: 300, withdrawn: 300 };

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

export class DeskView {
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
    const shown = this.lane.object("counts");
    if (shown) found.approved.count = Math.max(found.approved.count, shown.comments + shown.questions);
    for (const queue of Object.keys(found)) found[queue].more = queue !== "approved" && found[queue].count >= MOST_TOLD[queue];
    return found;
  }

  /** Items that say exactly the same as this one. */
  same(item) {
    const words = item.text.trim();
    return words ? [...this.lane.items.values()].filter((each) => each !== item && each.kind === item.kind && each.text.trim() === words) : [];
  }

  selectSame(item) {
    for (const each of [item, ...this.same(item)]) {
      const key = keyOf(each);
      if (this.held.has(key) && !this.done(key)) this.selected.add(key);
    }
    this.render();
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
}
