/* 申诉 in an own row: the form, what is under way, and the answer; once for each item. */

import { useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { useDraft } from "./draft.js";
import { clock, day, html } from "./view.js";

const TEXT_MOST = 300;

/** The entry of the outbox that carries the appeal of this item. */
export const appealEntry = (state, item) => state.entries.find((each) => each.command.type === "item.appeal" && each.command.kind === item.kind && each.command.item === item.id);

/** What became of the appeal, in a line. */
export function AppealState({ item }) {
  if (item.appeal === "open") return html`<p class="note"><b class="state wait">${t("申诉待答复")}</b> ${item.appeal_due && t("由另一位审核员答复，最晚 {time}。", { time: `${day(item.appeal_due)} ${clock(item.appeal_due)}` })}</p>`;
  if (item.appeal === "refused") return html`<p class="note"><b class="state no">${t("申诉不成立")}</b> ${t("答复：{words}", { words: item.appeal_answer })}</p>`;
  if (item.appeal === "granted") return html`<p class="note"><b class="state done">${t("申诉成立")}</b> ${item.appeal_answer && t("答复：{words}", { words: item.appeal_answer })}</p>`;
  return null;
}

/** The form, with what it is for; `close` puts it away, what was typed stays. */
export function AppealForm({ room, item, close }) {
  const [text, setText] = useDraft(room.boot.airing, `appeal.${item.kind}.${item.id}`);
  const [error, setError] = useState("");
  const id = `appeal-${item.kind}-${item.id}`;
  const send = (event) => {
    event.preventDefault();
    const words = text.trim();
    if (!words) {
      setError(t("请写明为什么要再看一次。"));
      return;
    }
    room.outbox.add({ type: "item.appeal", kind: item.kind, item: item.id, text: words });
    close();
  };
  const shown = (element) => element && document.activeElement === document.body && element.focus();
  return html`<form class="appeal" onSubmit=${send} novalidate>
    <label for=${id}>${t("为什么要再看一次")}</label>
    <textarea class="field" id=${id} rows="3" maxlength=${TEXT_MOST} ref=${shown} value=${text} aria-describedby=${`${id}-note`} onInput=${(event) => setText(event.target.value)}></textarea>
    ${error && html`<p class="error" role="alert">${error}</p>`}
    <p class="note" id=${`${id}-note`}>${t("每条只能申诉一次，由没有处理过它的人答复。最多 {n} 个字。", { n: TEXT_MOST })}</p>
    <div class="acts"><button class="button">${t("提交申诉")}</button><button type="button" class="link" onClick=${close}>${t("先不申诉")}</button></div>
  </form>`;
}
