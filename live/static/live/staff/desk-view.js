/* What the moderation desk shows, without a page: queue, list held still, cursor, selection; desk-acts.js acts on it.
   What arrives is appended or counted, what was decided stays greyed until it is tidied away or has scrolled out above. */

import { OPEN, QueueIndex, allowed, isWaiting, standing, takenBy } from "./desk-queues.js";
import { keyOf, whole } from "./staff-socket.js";

const SEARCH_MS = 300;

export class DeskView {
  constructor(lane, page, render) {
    Object.assign(this, { lane, page, render });
    this.me = { id: page.me.id, name: page.me.name, lead: Boolean(page.may.lead) };
    this.index = new QueueIndex(this.me);
    this.extra = new Map(); // items that the snapshot does not carry, asked for by page or search
    this.queue = "todo";
    this.kind = "";
    this.rule = "";
    this.search = "";
    this.keys = [];
    this.held = new Set();
    this.cursor = null;
    this.moved = 0; // grows each time a person moves the cursor
    this.selected = new Set();
    this.choosing = null; // {verb, keys} while a reason is asked for
    this.sending = new Map(); // key -> {verb, version, recorded}
    this.acted = []; // my acts, newest last, for undo
    this.last = null; // what the bar says
    this.notice = null; // a refusal that must be read
    this.sheet = null; // {name, …} of the dialog that is open
    this.arrived = 0;
    this.endSeen = true;
    this.more = null; // what continues the list at the server: null none, "" from the start
    this.listOnPhone = false;
    this.allQueues = false; // on a phone: every queue, instead of the first four
    this.reveal = false;
    this.seenSnapshot = false;
  }

  get mayAct() {
    return Boolean(this.page.may.moderate);
  }

  /** What the server says of the room: switches, presence, counts of what is decided. */
  get panel() {
    return this.lane.panels.desk || {};
  }

  get alarmMs() {
    return (this.panel.alarm_seconds || 60) * 1000;
  }

  item(key) {
    const told = this.lane.items.get(key);
    const extra = this.extra.get(key);
    return told && extra ? (extra.version > told.version ? extra : told) : told || extra;
  }

  get current() {
    return this.cursor ? this.item(this.cursor) : undefined;
  }

  allowed(item) {
    return this.mayAct ? allowed(item, this.me, this.lane.now()) : [];
  }

  taken(item) {
    return takenBy(item, this.me, this.lane.now());
  }

  /** Who else has this item before their eyes: [{user, name}]. */
  watchers(item) {
    return (this.panel.present || []).filter((each) => each.user !== this.me.id && each.kind === item.kind && each.item === item.id);
  }

  similarTo(item) {
    return this.index.alikeCount(item);
  }

  /** Whether this person may turn the room's switches; the server says the last word. */
  get maySwitch() {
    const { may = {} } = this.panel;
    return may.switch === undefined ? this.mayAct || Boolean(this.page.may.run) : may.switch;
  }

  matches(item) {
    if (this.kind && item.kind !== this.kind) return false;
    if (this.rule && !standing(item).some((hit) => hit.code === this.rule)) return false;
    const wanted = this.search.trim().toLowerCase();
    return !wanted || item.text.toLowerCase().includes(wanted) || item.author.toLowerCase().includes(wanted);
  }

  /** What was made once for this state of the lane. */
  once(name, make) {
    if (this.madeAt !== this.lane.revision) {
      this.madeAt = this.lane.revision;
      this.made = new Map();
    }
    if (!this.made.has(name)) this.made.set(name, make());
    return this.made.get(name);
  }

  /** Count and the oldest waiting time of a queue, whatever the filter. */
  count(queue) {
    return this.once(`count ${queue}`, () => {
      const found = this.index.count(queue);
      // All that waits is here; of what is decided the server counts what the snapshot leaves out.
      return isWaiting(queue) ? found : { ...found, count: Math.max(found.count, (this.panel.counts || {})[queue] || 0) };
    });
  }

  sorted() {
    return this.index.sorted(this.queue, (key) => this.item(key), (item) => this.matches(item));
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

  /** After the lane changed: append what is new to a waiting list, count it elsewhere; never move a row. */
  sync() {
    const touched = this.lane.takeTouched();
    if (!touched) this.index.clear();
    for (const key of touched || this.lane.items.keys()) this.index.put(key, this.item(key));
    if (!touched) for (const key of this.extra.keys()) this.index.put(key, this.item(key));
    for (const [key, each] of this.sending) {
      const item = this.item(key);
      if (!item || item.version > each.version) this.sending.delete(key);
    }
    if (!this.seenSnapshot && this.lane.seq >= 0) {
      this.seenSnapshot = true;
      this.more = this.firstPage();
      this.rebuild();
      return;
    }
    this.take(touched);
    if (!this.cursor && this.keys.length) this.cursor = this.keys[0];
    this.render();
  }

  /** Put what is new in the queue at the end of a waiting list; count it for the others. */
  take(touched) {
    const may = (key) => !this.held.has(key) && this.index.has(this.queue, key) && this.matches(this.item(key));
    const fresh = touched ? [...touched].filter(may) : this.sorted().filter((key) => !this.held.has(key));
    if (!fresh.length) return;
    if (!isWaiting(this.queue)) {
      this.arrived += fresh.filter((key) => this.lane.items.has(key)).length;
      return;
    }
    this.keys = this.keys.concat(fresh);
    for (const key of fresh) this.held.add(key);
    this.arrived = this.endSeen ? 0 : this.arrived + fresh.length;
  }

  /** Whether the row is only kept for stillness: decided, or being decided. */
  done(key) {
    return this.sending.has(key) || !this.index.has(this.queue, key);
  }

  get doneCount() {
    const open = this.index.sets.get(this.queue);
    let found = 0;
    for (const key of this.keys) if (!open.has(key) || this.sending.has(key)) found += 1;
    return found;
  }

  /** Forget rows that are done and have scrolled out above; whoever draws makes up for their height. */
  prune(gone) {
    this.keys = this.keys.filter((key) => !gone.has(key));
    for (const key of gone) this.held.delete(key);
  }

  choose(queue) {
    this.queue = queue;
    this.rule = "";
    this.selected.clear();
    this.choosing = null;
    this.cursor = null;
    this.endSeen = true;
    this.keys = [];
    this.more = this.firstPage();
    this.rebuild();
    if (!this.keys.length) this.nextPage();
  }

  filter(changes) {
    Object.assign(this, changes);
    this.rebuild();
    clearTimeout(this.searching);
    this.searching = setTimeout(() => {
      this.more = this.firstPage();
      if (this.more !== null) this.nextPage();
    }, SEARCH_MS);
  }

  /** All that waits is here; of what is decided the server may have more. */
  firstPage() {
    return isWaiting(this.queue) ? null : "";
  }

  /** Ask the server for the next page of what is decided, by the filter that stands. */
  async nextPage() {
    if (this.more === null || this.paging) return;
    this.paging = true;
    const asked = [this.queue, this.kind, this.search].join("\n");
    const query = new URLSearchParams({ queue: this.queue, q: this.search.trim(), kind: this.kind, before: this.more, limit: "200" });
    try {
      const answer = await fetch(`${this.page.urls.items}?${query}`, { credentials: "same-origin", cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const found = await answer.json();
      if (asked !== [this.queue, this.kind, this.search].join("\n")) return;
      for (const item of found.items) this.meet(item);
      const fresh = found.items.map(keyOf).filter((key) => !this.held.has(key) && this.index.has(this.queue, key) && this.matches(this.item(key)));
      this.keys = this.keys.concat(fresh);
      for (const key of fresh) this.held.add(key);
      this.more = found.next || null;
    } catch {
      this.more = null;
    } finally {
      this.paging = false;
      this.render();
    }
  }

  /** Know an item that came outside the lane. */
  meet(item) {
    const key = keyOf(item);
    const known = this.lane.items.get(key);
    if (known && known.version >= item.version) return;
    this.extra.set(key, whole(item));
    this.index.put(key, this.item(key));
  }

  /** Put the cursor on a row; `byHand` when a person chose it. */
  moveTo(key, { openOnPhone = false } = {}) {
    this.cursor = key;
    this.moved += 1;
    this.choosing = null;
    if (openOnPhone) this.listOnPhone = false;
    this.reveal = true;
    this.looked();
    this.render();
  }

  looked() {}

  /** To the next row that waits for me, in direction 1 or -1; `any` stops at rows that others have too. Stays where there is none. */
  step(direction, { any = false } = {}) {
    for (let at = this.keys.indexOf(this.cursor) + direction; at >= 0 && at < this.keys.length; at += direction) {
      const key = this.keys[at];
      if (any || (!this.done(key) && !this.taken(this.item(key)))) {
        this.moveTo(key);
        return true;
      }
    }
    return false;
  }

  toEnd(direction) {
    const key = this.keys[direction > 0 ? this.keys.length - 1 : 0];
    if (key) this.moveTo(key);
  }

  /** The queue beside this one, by the keys [ and ]. */
  turn(direction) {
    const shown = this.shownQueues();
    this.choose(shown[(shown.indexOf(this.queue) + direction + shown.length) % shown.length]);
  }

  /** Queues that have a place on the desk now. */
  shownQueues() {
    const kept = new Set(["todo", "pending", "held", "reported", "escalated", "appeals", "public", "rejected", "withdrawn", this.queue]);
    if (this.panel.review_steps === 2) kept.add("second");
    if (this.panel.switches?.is_post) kept.add("unseen");
    return [...this.index.sets.keys()].filter((queue) => kept.has(queue) || this.index.sets.get(queue).size > 0);
  }

  /** The longest wait of what anybody may work through, for title and alarm. */
  get waiting() {
    return this.count(OPEN[0]);
  }
}
