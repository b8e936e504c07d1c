/* One's own comments and questions with their state: on the way, waiting, public, refused; shared by the two lists. */

import { useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { AppealForm, AppealState, appealEntry } from "./appeal.js";
import { End } from "./ends.js";
import { mode } from "./reducer.js";
import { clock, count, html, useStore } from "./view.js";

const WORDS = {
  sending: ["wait", () => t("发送中")],
  unsent: ["no", () => t("没有发出")],
  held: ["wait", () => t("待验证")],
  refused: ["no", () => t("没有记下")],
  pending: ["wait", () => t("待审核")],
  approved: ["", () => t("已公开")],
  queued: ["", () => t("已公开")],
  on_air: ["now", () => t("正在回答")],
  answered: ["done", () => t("已答复")],
  promised: ["owed", () => t("书面承诺")],
  closed: ["", () => t("已了结")],
  rejected: ["no", () => t("未通过")],
  withdrawn: ["no", () => t("已撤下")],
  merged: ["", () => t("已合并")],
};

/** The state of a question or own item, as a word with its tint. */
export function State({ state }) {
  const [tint, words] = WORDS[state] || WORDS.pending;
  return html`<b class=${`state ${tint}`}>${words()}</b>`;
}

/** Own things of a kind that are not in the public list: outbox entries and items, the oldest first. */
export function ownRows(state, kind, publicIds) {
  const type = kind === "comment" ? "comment.post" : "question.ask";
  const entries = state.entries
    .filter((entry) => entry.command.type === type)
    .map((entry) => ({
      key: `entry:${entry.id}`, entry, text: entry.command.text, state: entry.state, reason: entry.error || "",
      at: new Date(entry.at).toISOString(),
    }));
  const items = [...state.mine.items.values()]
    .filter((item) => item.kind === kind && item.state !== "retracted" && !publicIds.has(item.id))
    .map((item) => ({ key: `own:${kind}:${item.id}`, item, text: item.text, state: item.state, reason: item.reason, at: item.at }));
  return [...items, ...entries].sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** That words of an own item are covered for the public; the item itself is as it was written. */
export function Masked({ item }) {
  if (!item || !item.mask.length) return null;
  const n = item.mask.reduce((sum, [first, end]) => sum + end - first, 0);
  return html`<p class="note">${t("审核时遮住了 {n} 个字，公众看到 ■。您的原文没有改动。", { n: count(n) })}</p>`;
}

/** The inside of an own row. */
export function Own({ row, room, heading }) {
  const text = heading ? html`<h3>${row.text}</h3>` : html`<p class="said">${row.text}</p>`;
  return html`
    <p class="who"><span>${t("我")}</span><${State} state=${row.state} /><time>${clock(row.at)}</time></p>
    ${text}
    ${row.reason && html`<p class="note">${row.item ? t("原因：{reason}。", { reason: row.reason }) : row.reason}</p>`}
    ${row.state === "merged" && html`<p class="note">${t("已并入相同的提问，支持人数合在一起。")}</p>`}
    <${Masked} item=${row.item} />
    ${row.item && html`<${AppealState} item=${row.item} />`}
    ${row.item && row.item.end && html`<${End} room=${room} id=${row.item.id} end=${row.item.end} />`}
    <${Acts} row=${row} room=${room} />
  `;
}

function Acts({ row, room }) {
  const { entry, item } = row;
  const button = (word, act) => html`<button type="button" class="link" onClick=${act}>${word}</button>`;
  if (entry && entry.state === "sending") return null;
  if (entry && entry.state === "held") {
    return html`<div class="acts">${button(t("去验证"), () => room.need(entry))}${button(t("删除"), () => room.outbox.remove(entry.id))}</div>`;
  }
  if (entry) {
    const edit = () => {
      room.edit(entry.command);
      room.outbox.remove(entry.id);
    };
    return html`<div class="acts">${button(t("重新发送"), () => room.outbox.resend(entry.id))}${button(t("改后再发"), edit)}${button(t("删除"), () => room.outbox.remove(entry.id))}</div>`;
  }
  if (item.state === "pending") {
    return html`<div class="acts">${button(t("撤回"), () => room.outbox.add({ type: "item.retract", kind: item.kind, item: item.id }))}</div>`;
  }
  if (item.state === "rejected" || item.state === "withdrawn") return html`<${Refused} item=${item} room=${room} />`;
  return null;
}

/** What its author can do about a refused or withdrawn item: say it in other words, or ask for another look. */
function Refused({ item, room }) {
  const state = useStore(room.store);
  const [asking, setAsking] = useState(false);
  const entry = appealEntry(state, item);
  const again = { type: item.kind === "comment" ? "comment.post" : "question.ask", text: item.text, to: item.to, person: item.person, department: item.department };
  const open = ["live", "before"].includes(mode(state));
  if (asking) return html`<${AppealForm} room=${room} item=${item} close=${() => setAsking(false)} />`;
  if (entry && entry.state === "sending") return html`<p class="note">${t("申诉发送中")}</p>`;
  const begin = () => {
    if (entry) room.outbox.remove(entry.id);
    setAsking(true);
  };
  return html`
    ${entry && html`<p class="error" role="alert">${t("申诉没有记下。")}${entry.error}</p>`}
    <div class="acts">
      ${open && html`<button type="button" class="link" onClick=${() => room.edit(again)}>${t("改后再发")}</button>`}
      ${item.may_appeal && html`<button type="button" class="link" onClick=${begin}>${t("申诉")}</button>`}
    </div>`;
}

/** In a replay, where nothing is written any more: own items of this kind that are not public, so that answers are found. */
export function OwnKept({ room }) {
  const state = useStore(room.store);
  const rows = ownRows(state, "comment", new Set()).filter((row) => row.item && ["pending", "rejected", "withdrawn"].includes(row.state));
  if (!rows.length) return null;
  return html`<details class="pad kept"><summary class="link">${t("我没有公开的评论，{n} 条", { n: count(rows.length) })}</summary>
    <ol class="talk">${rows.map((row) => html`<li key=${row.key} class="own"><${Own} row=${row} room=${room} /></li>`)}</ol>
  </details>`;
}
