/* What the moderation desk does: decide one or many, undo, and the acts on people and room; at once on screen, then by command; no page. */

import { t } from "../../broadcast/i18n.js";
import { proposedMask, standing } from "./desk-queues.js";
import { DeskPick } from "./desk-pick.js";
import { actWord, clock, reasonWord, stateWord } from "./words.js";
import { commandId } from "./staff-socket.js";

const AT_ONCE = 8;
const ACTED_MEMORY = 100;
const BULK = 200;
const IN_BULK = new Set(["approve", "reject", "hold", "escalate", "withdraw"]);
const WITH_REASON = new Set(["reject", "withdraw"]);
export const UNDO_MS = 600000;

/** The command of one act on one item. */
function commandOf(verb, item, { reason, note, mask }) {
  const named = { kind: item.kind, item: item.id };
  const seen = { ...named, version: item.version };
  const noted = note ? { note } : {};
  if (verb === "dismiss") return { type: "reports.dismiss", ...seen, ...noted };
  if (verb === "grant" || verb === "keep") return { type: "appeal.decide", ...seen, granted: verb === "grant", ...noted };
  if (verb === "unmerge") return { type: "question.unmerge", question: item.id };
  if (verb === "approve") return { type: "item.approve", ...seen, ...(mask && mask.length ? { mask } : {}) };
  if (verb === "reopen") return { type: "item.reopen", ...seen };
  return { type: `item.${verb}`, ...seen, ...(WITH_REASON.has(verb) ? { reason } : {}), ...noted };
}

export class Desk extends DeskPick {
  /** What the keys act on: the selection where there is one, else the row under the cursor. */
  get aim() {
    if (this.selected.size) return [...this.selected];
    return this.cursor ? [this.cursor] : [];
  }

  fit(verb, keys) {
    return keys.filter((key) => this.item(key) && !this.sending.has(key) && this.allowed(this.item(key)).includes(verb));
  }

  /** The verb that a key means for what it aims at: a keeps a reported item and grants an appeal, r takes down what is public. */
  meant(name, keys = this.aim) {
    const found = new Set(keys.flatMap((key) => (this.item(key) ? this.allowed(this.item(key)) : [])));
    if (found.has(name)) return name;
    if (name === "approve") return ["dismiss", "grant"].find((verb) => found.has(verb)) || name;
    if (name === "reject") return ["withdraw", "keep"].find((verb) => found.has(verb)) || name;
    return name;
  }

  /** Begin to ask for a reason, for the given keys or what the keys aim at. */
  ask(verb, keys = this.aim) {
    const fit = this.fit(verb, keys);
    this.choosing = fit.length ? { verb, keys: fit } : null;
    if (!fit.length) this.whyNot(verb, keys);
    this.render();
  }

  cancel() {
    if (this.sheet) this.sheet = null;
    else if (this.choosing) this.choosing = null;
    else if (this.selected.size) this.selected.clear();
    else this.notice = null;
    this.render();
  }

  because(reason, note = "") {
    if (!this.choosing) {
      const verb = this.current && this.allowed(this.current).find((each) => WITH_REASON.has(each));
      if (verb) this.ask(verb, [this.cursor]);
    }
    if (!this.choosing) return;
    const { verb, keys } = this.choosing;
    this.choosing = null;
    this.act(verb, keys, { reason, note });
  }

  /** Approve with these spans hidden, or with those that rules propose; without any the sheet to choose them opens. */
  mask(spans = null) {
    const item = this.current;
    if (!item || !this.fit("approve", [this.cursor]).length) return;
    const wanted = spans || proposedMask(item);
    if (!wanted.length) this.open({ name: "mask", key: this.cursor });
    else this.act("approve", [this.cursor], { mask: wanted });
  }

  /** Do `verb` to items: on screen at once, then to the server; what it refuses comes back with words. */
  async act(verb, keys = this.aim, { reason = "", note = "", mask = null } = {}) {
    const fit = this.fit(verb, keys);
    if (!fit.length) {
      this.whyNot(verb, keys);
      return;
    }
    if (verb === "keep" && !note) {
      this.notice = { words: t("维持原决定要给作者一句答复，写好按 Enter。"), text: "" };
      this.render();
      document.getElementById("note")?.focus();
      return;
    }
    const entry = { verb, keys: [], ids: [], reason, masked: Boolean(mask), at: this.lane.now(), phase: "sending", count: fit.length };
    this.last = entry;
    this.notice = null;
    for (const key of fit) {
      this.sending.set(key, { verb, version: this.item(key).version });
      this.selected.delete(key);
    }
    if (!fit.includes(this.cursor) || !(this.step(1) || this.step(-1))) this.render();
    entry.promise = fit.length > 1 && IN_BULK.has(verb) ? this.many(entry, fit, verb, reason, note) : this.each(entry, fit, verb, { reason, note, mask });
    if (!["reopen", "dismiss", "grant", "keep", "unmerge"].includes(verb)) this.acted = [...this.acted, entry].slice(-ACTED_MEMORY);
    await entry.promise;
    this.closed(entry);
  }

  closed(entry) {
    entry.phase = entry.keys.length ? "recorded" : "refused";
    entry.recordedAt = this.lane.now();
    if (!entry.keys.length) this.acted = this.acted.filter((each) => each !== entry);
    this.render();
  }

  /** One command for each, some at once. */
  async each(entry, keys, verb, how) {
    const waiting = [...keys];
    const worker = async () => {
      while (waiting.length) {
        const key = waiting.shift();
        const item = this.item(key);
        const id = commandId();
        try {
          await this.lane.send({ id, ...commandOf(verb, item, how) });
          this.recorded(entry, id, [key]);
        } catch (refusal) {
          await this.caughtUp(key, refusal.data?.version);
          this.sending.delete(key);
          this.refused(key, verb, refusal);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, keys.length) }, worker));
  }

  /** One command for up to 200; each of them stands or falls by itself. */
  async many(entry, keys, verb, reason, note) {
    const refused = [];
    for (let at = 0; at < keys.length; at += BULK) {
      const part = keys.slice(at, at + BULK);
      const items = part.map((key) => this.item(key)).map(({ kind, id, version }) => ({ kind, item: id, version }));
      const id = commandId();
      try {
        const told = await this.lane.send({ id, type: "items.decide", act: verb, items, ...(reason ? { reason } : {}), ...(note ? { note } : {}) });
        const done = new Set(told.done.map((each) => `${each.kind}:${each.item}`));
        this.recorded(entry, id, part.filter((key) => done.has(key)));
        refused.push(...told.moved);
        for (const each of told.moved) this.sending.delete(`${each.kind}:${each.item}`);
      } catch (refusal) {
        for (const key of part) this.sending.delete(key);
        this.refused(part[0], verb, refusal, part.length);
      }
    }
    if (refused.length === 1) this.refused(`${refused[0].kind}:${refused[0].item}`, verb, { code: refused[0].code || "conflict", message: refused[0].message || "", data: refused[0] });
    else if (refused.length) this.notice = { words: t("{n} 条没有办：别人先处理了，或者正拿在别人手里。它们还在原来的队列里。", { n: refused.length }), text: "" };
  }

  recorded(entry, id, keys) {
    if (!keys.length) return;
    entry.ids.push(id);
    entry.keys.push(...keys);
    for (const key of keys) {
      const sent = this.sending.get(key);
      if (sent) sent.recorded = true;
    }
    // Should the lane not say so by itself: what was recorded is not under way any more.
    setTimeout(() => {
      for (const key of keys) this.sending.delete(key);
      this.render();
    }, 5000);
  }

  /** Wait a moment until the lane shows what the server already knows. */
  async caughtUp(key, version) {
    for (let tries = 0; version > 1 && tries < 15 && (this.item(key)?.version || 0) < version; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Say a refusal so that it can be understood: who was first and what they did. */
  refused(key, verb, refusal, many = 1) {
    const now = this.item(key);
    const { decided_by: who, state } = refusal.data || {};
    let words = refusal.message;
    if (refusal.code === "conflict" && who) {
      words = t("{who}{time}先处理了这一条：{state}{reason}。您的“{act}”没有生效。", {
        who,
        time: now?.decided_at ? t("在 {clock} ", { clock: clock(now.decided_at) }) : "",
        state: stateWord(state),
        reason: now?.reason ? t("，原因是{reason}", { reason: reasonWord(this.page, now.reason) }) : "",
        act: actWord(verb),
      });
    }
    this.notice = { key, words, text: many > 1 ? t("共 {n} 条没有办", { n: many }) : now?.text || "" };
    this.render();
  }

  /** Why an act that somebody pressed does nothing. */
  whyNot(verb, keys) {
    const item = this.item(keys[0]);
    if (!item || this.sending.has(keys[0])) return;
    const claim = this.taken(item);
    let words = t("这一条现在是“{state}”，不能{act}。", { state: stateWord(item.state), act: actWord(verb) });
    if (!this.mayAct) words = t("您可以看，不能处理。要处理请让管理员给您审核员的角色。");
    else if (claim) words = t("{name}正在处理这一条。等它放回，或者由值班长接手。", { name: claim.name });
    else if (item.state === "escalated") words = t("已上报的由值班长决定。");
    else if (item.state === "second" && item.first_by_id === this.me.id) words = t("初审是您做的，复审要由另一个人做。");
    this.notice = { key: keys[0], words, text: "" };
    this.render();
  }

  get undoable() {
    const since = this.lane.now() - UNDO_MS;
    return this.acted.filter((entry) => entry.at > since);
  }

  /** Take back the last act of mine, the whole of it; what somebody touched since stays as it is. */
  async undo() {
    const entry = this.undoable.pop();
    if (!entry) return;
    this.acted = this.acted.filter((each) => each !== entry);
    const back = { verb: "undo", of: entry.verb, keys: [], at: this.lane.now(), phase: "sending", count: entry.count };
    this.last = back;
    this.render();
    await entry.promise;
    for (const act of entry.ids) {
      try {
        const told = await this.lane.send({ type: "items.undo", act });
        back.keys.push(...told.done.map((each) => `${each.kind}:${each.item}`));
        if (told.moved.length) this.notice = { words: t("{n} 条没有撤回：后来有人动过它们。", { n: told.moved.length }), text: "" };
      } catch (refusal) {
        this.refused(entry.keys[0], "undo", refusal);
      }
    }
    for (const key of back.keys) this.sending.delete(key);
    back.count = back.keys.length || entry.count;
    this.closed(back);
    const [first] = back.keys;
    if (first && this.held.has(first)) this.moveTo(first);
  }

  /** Say that rules were wrong about this item, all that found something or those given; said again it is taken back. */
  async falseHit(hits = null) {
    const item = this.current;
    const found = hits || (item && (standing(item).length ? standing(item) : item.hits)) || [];
    if (!this.mayAct) return;
    for (const hit of found) {
      await this.plain({ type: "item.false_hit", kind: item.kind, item: item.id, rule: hit.rule, on: !hit.false },
        hit.false ? t("收回误报 {code}", { code: hit.code }) : t("误报 {code} {name}", { code: hit.code, name: hit.name }));
    }
  }

  /** A command that decides about no item: said in the bar, its refusal too. Resolves to whether it was recorded. */
  async plain(command, words) {
    const entry = { verb: "plain", words, keys: [], at: this.lane.now(), phase: "sending", count: 0 };
    this.last = entry;
    this.notice = null;
    this.render();
    try {
      entry.result = await this.lane.send(command);
      entry.phase = "recorded";
    } catch (refusal) {
      entry.phase = "refused";
      this.notice = { words: refusal.message, text: "" };
    }
    entry.recordedAt = this.lane.now();
    this.render();
    return entry.phase === "recorded";
  }

  open(sheet) {
    this.sheet = { ...sheet, from: document.activeElement };
    this.render();
  }
}
