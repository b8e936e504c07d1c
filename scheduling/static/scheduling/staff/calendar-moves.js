/* Moves airings by drag and by keyboard, and takes the moves of this page back; the server decides, the page shows what it says. */

import { t } from "../../broadcast/i18n.js";
import { dayAfter, placedOn, same, shortOf } from "./calendar-times.js";

const KEYS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

export class Moves {
  /** `refresh` shows the calendar as it stands and resolves when it does. */
  constructor(refresh) {
    this.refresh = refresh;
    this.done = [];
    this.busy = false;
    this.bar = document.querySelector("[data-undo]");
    this.refused = document.querySelector("[data-refused]");
    this.csrf = () => document.querySelector("[data-csrf] input").value;
  }

  /** The airing of a link on the page, as it was written there. */
  of(link) {
    const { move, start, end, name, entry, tell } = link.dataset;
    return { address: move, start, end, name, entry, tell };
  }

  /** Give it another start; its length stays. Tells what was done, or why not. */
  async to(airing, start) {
    if (this.busy || same(start, airing.start)) return;
    const answer = await this.ask(airing, start);
    if (!answer) return;
    this.done.push({ ...airing, now: answer });
    this.tell(t("{name} 已从 {from} 移到 {to}", { name: airing.name, from: shortOf(airing.start), to: shortOf(start) }), true, airing.tell);
  }

  /** Take back the last move of this page, if nobody moved it since. */
  async undo() {
    const last = this.done[this.done.length - 1];
    if (!last || this.busy) return;
    const answer = await this.ask({ ...last, start: last.now.start, end: last.now.end }, last.start);
    this.done.pop();
    if (answer) this.tell(t("已撤销：{name} 仍在 {at}", { name: last.name, at: shortOf(last.start) }), this.done.length > 0);
    else this.bar.hidden = true;
  }

  async ask(airing, start) {
    this.busy = true;
    this.refused.hidden = true;
    document.querySelector(`[data-entry="${airing.entry}"]`)?.classList.add("moving");
    try {
      const body = new URLSearchParams({ start, was_start: airing.start, was_end: airing.end });
      const headers = { Accept: "application/json", "X-CSRFToken": this.csrf() };
      const answer = await fetch(airing.address, { method: "POST", body, headers, credentials: "same-origin" });
      const told = await answer.json().catch(() => ({}));
      if (answer.ok) return told;
      this.refuse(told.message || t("没有保存，请刷新后再试。"));
    } catch {
      this.refuse(t("没有连上，没有保存。请检查网络后再试。"));
    } finally {
      await this.refresh(airing.entry);
      this.busy = false;
    }
    return null;
  }

  refuse(words) {
    this.bar.hidden = true;
    this.refused.textContent = "";
    this.refused.append(`${t("没有保存：")}${words} `, this.button(t("知道了"), () => (this.refused.hidden = true)));
    this.refused.hidden = false;
  }

  /** `people` is the page from which those who appear can be told. */
  tell(words, undoable, people = "") {
    this.bar.textContent = "";
    this.bar.append(words);
    if (people) {
      const link = document.createElement("a");
      link.href = people;
      link.textContent = t("通知嘉宾");
      this.bar.append(" ", link);
    }
    if (undoable) this.bar.append(" ", this.button(t("撤销"), () => this.undo()));
    this.bar.hidden = false;
  }

  button(words, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words;
    button.addEventListener("click", act);
    return button;
  }
}

/** Lets airings be dragged to another day, and in the week to another hour. Listens on `board`, whose content may change. */
export function drags(board, moves) {
  let held = null;
  const under = (event) => (held ? event.target.closest("td[data-date]") : null);
  const clear = () => board.querySelectorAll("td.over").forEach((cell) => cell.classList.remove("over"));
  board.addEventListener("dragstart", (event) => {
    const link = event.target.closest("[data-move]");
    if (!link) return;
    held = moves.of(link);
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", link.textContent.trim());
  });
  board.addEventListener("dragover", (event) => {
    const cell = under(event);
    if (!cell) return;
    event.preventDefault();
    clear();
    cell.classList.add("over");
  });
  board.addEventListener("drop", (event) => {
    const cell = under(event);
    if (!cell) return;
    event.preventDefault();
    const { date, hour } = cell.dataset;
    moves.to(held, placedOn(held.start, date, hour === undefined ? null : Number(hour)));
  });
  board.addEventListener("dragend", () => {
    held = null;
    clear();
  });
}

/** Shift and an arrow move the airing that has the focus, by a day or a week. Returns whether the key was one. */
export function moveByKey(event, moves) {
  const link = document.activeElement && document.activeElement.closest("[data-move]");
  const days = KEYS[event.key];
  if (!link || !event.shiftKey || !days) return false;
  const airing = moves.of(link);
  moves.to(airing, placedOn(airing.start, dayAfter(airing.start, days)));
  return true;
}
