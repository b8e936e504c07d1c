/* Who looks at what: tells the server where this desk looks, keeps claims alive while somebody really reads, fetches an item in full; no page.
   Nothing of it is needed to decide: when a word of it gets lost, the desk goes on. */

import { allowed, mine } from "./desk-queues.js";
import { t } from "../../broadcast/i18n.js";

const LOOK_MS = 400;
const HEARTBEAT_MS = 20000;
const CLAIM_AFTER_MS = 1500;
const RENEW_UNDER_MS = 40000;
const AWAKE_MS = 75000;
const DETAIL_MS = 120;
const DETAIL_STALE_MS = 15000;

export class Watch {
  constructor(desk) {
    this.desk = desk;
    this.awakeAt = 0; // when a person did something last
    this.shown = undefined; // what the server was told that we look at
    this.auto = null; // the claim that the desk took by itself
    this.details = new Map(); // key -> {stamp, at, data}
    this.dead = new Set(); // kinds of mention that this server does not know
    desk.looked = () => this.looked();
  }

  start() {
    for (const name of ["keydown", "pointerdown", "wheel"]) {
      window.addEventListener(name, () => {
        this.awakeAt = Date.now();
      }, { passive: true, capture: true });
    }
    document.addEventListener("visibilitychange", () => this.look());
    window.addEventListener("pagehide", () => this.auto && this.release(this.auto));
    setTimeout(() => this.look(true), CLAIM_AFTER_MS);
    setInterval(() => this.look(true), HEARTBEAT_MS);
    setInterval(() => this.renew(), 5000);
  }

  /** A person put the cursor on another item. */
  looked() {
    const { cursor } = this.desk;
    clearTimeout(this.looking);
    this.looking = setTimeout(() => this.look(), LOOK_MS);
    clearTimeout(this.claiming);
    if (this.auto && this.auto !== cursor) this.release(this.auto, true);
    this.claiming = setTimeout(() => this.rested(cursor), CLAIM_AFTER_MS);
  }

  async mention(command) {
    if (this.dead.has(command.type) || this.desk.lane.link !== "live") return null;
    try {
      return await this.desk.lane.mention(command);
    } catch (refusal) {
      if (refusal.code === "unknown_type") this.dead.add(command.type);
      return null;
    }
  }

  /** Tell the server which item is before these eyes, or that none is. */
  look(again = false) {
    const item = document.hidden ? undefined : this.desk.current;
    const key = item ? `${item.kind}:${item.id}` : "";
    if (!this.desk.mayAct || (key === this.shown && !again)) return;
    this.shown = key;
    this.mention(item ? { type: "desk.look", kind: item.kind, item: item.id } : { type: "desk.look" });
  }

  /** Whoever stays with an item has it: nobody else should begin with it meanwhile. */
  async rested(key) {
    const { desk } = this;
    const item = desk.item(key);
    if (key !== desk.cursor || !item || document.hidden || item.claim || desk.done(key)) return;
    if (!desk.mayAct || !allowed(item, desk.me, desk.lane.now()).length || !["pending", "held", "second", "escalated"].includes(item.state)) return;
    const told = await this.mention({ type: "item.claim", kind: item.kind, item: item.id });
    if (!told) return;
    this.auto = key;
    if (desk.cursor !== key) this.release(key, true);
  }

  /** Prolong the claim on what is being read, while somebody is awake. */
  renew() {
    const { desk } = this;
    const item = desk.current;
    if (!item || document.hidden || Date.now() - this.awakeAt > AWAKE_MS) return;
    const claim = mine(item, desk.me, desk.lane.now());
    if (claim && Date.parse(claim.until) - desk.lane.now() < RENEW_UNDER_MS) this.mention({ type: "item.claim", kind: item.kind, item: item.id });
  }

  release(key, quietly = false) {
    const { desk } = this;
    const item = desk.item(key);
    if (this.auto === key) this.auto = null;
    if (!item || desk.sending.has(key) || (quietly && !mine(item, desk.me, desk.lane.now()))) return;
    this.mention({ type: "item.release", kind: item.kind, item: item.id });
  }

  /** Enter: take the item, or give it back. The duty leader may take it over from somebody. */
  async toggleClaim() {
    const { desk } = this;
    const item = desk.current;
    if (!item || !desk.mayAct) return;
    // What a person says by key stands: the desk claims nothing by itself after that.
    clearTimeout(this.claiming);
    const named = { kind: item.kind, item: item.id };
    const have = mine(item, desk.me, desk.lane.now());
    if (have) {
      this.auto = null;
      await desk.plain({ type: "item.release", ...named }, t("放回，别人可以处理"));
      return;
    }
    if (desk.taken(item) && !desk.me.lead) {
      desk.whyNot("claim", [desk.cursor]);
      return;
    }
    if (await desk.plain({ type: "item.claim", ...named }, t("认领"))) this.auto = null;
  }

  /** What the server says of the item under the cursor: {item, sender, similar, acts, reports, appeal}; null until it came. */
  detail() {
    const { desk } = this;
    const item = desk.current;
    if (!item) return null;
    const key = desk.cursor;
    const known = this.details.get(key);
    const fresh = known && known.stamp === this.stamp(item) && Date.now() - known.at < DETAIL_STALE_MS;
    if (!fresh && this.asking !== key) {
      this.asking = key;
      clearTimeout(this.asked);
      this.asked = setTimeout(() => this.fetch(key), DETAIL_MS);
    }
    return known?.data || null;
  }

  /** A word that changes with the item, and with what stands against its author. */
  stamp(item) {
    const bound = (this.desk.lane.panels.shield?.sanctions || []).filter((each) => each.sender === item.sender);
    return [item.version, ...bound.map((each) => each.id)].join(" ");
  }

  async fetch(key) {
    const { desk } = this;
    const item = desk.item(key);
    const stamp = this.stamp(item);
    let data = this.details.get(key)?.data || null;
    try {
      const answer = await fetch(`${desk.page.urls.items}/${item.kind}/${item.id}`, { credentials: "same-origin", cache: "no-store" });
      if (answer.ok) {
        data = await answer.json();
        for (const each of [...data.similar, ...data.sender.items]) desk.meet(each);
      }
    } catch {
      // Without a line the item itself is still there.
    }
    if (this.details.size > 200) this.details.clear();
    this.details.set(key, { stamp, at: Date.now(), data });
    if (this.asking === key) this.asking = null;
    desk.render();
  }
}
