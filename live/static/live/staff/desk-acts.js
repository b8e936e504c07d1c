/* What the moderation desk does: approve, reject, withdraw, undo; at once on screen, then one command each; no page. */

import { t } from "../../broadcast/i18n.js";
import { DeskView, allowed } from "./desk-view.js";
import { clock, reasonWord, stateWord } from "./words.js";

const AT_ONCE = 8;
const ACTED_MEMORY = 100;

export class Desk extends DeskView {
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
    let entry = null;
    let keys = [];
    while (!keys.length && this.acted.length) {
      entry = this.acted.pop();
      keys = await this.undoable(entry);
    }
    if (!keys.length) {
      this.render();
      return;
    }
    const back = { verb: "undo", of: entry.verb, keys: [], at: this.lane.now(), phase: "sending", count: keys.length };
    this.last = back;
    this.render();
    for (const key of keys) await this.reopen(key, back);
    back.phase = back.keys.length ? "recorded" : "refused";
    const [first] = back.keys;
    if (first && this.held.has(first)) this.moveTo(first);
    this.render();
  }

  /** Which of an act's items are still as it left them, once the server has answered for all. */
  async undoable(entry) {
    await entry.promise;
    await Promise.all(entry.keys.map((key) => this.caughtUp(key, (this.sending.get(key)?.version || 0) + 1)));
    const now = entry.verb === "approve" ? "withdraw" : "reopen";
    return entry.keys.filter((key) => this.item(key) && allowed(this.item(key)).includes(now));
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
