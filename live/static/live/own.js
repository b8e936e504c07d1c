/* One's own comments and questions with their state: on the way, waiting, public, refused; shared by the two lists. */

import { t } from "../broadcast/i18n.js";
import { clock, html } from "./view.js";

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
  rejected: ["no", () => t("未通过")],
  withdrawn: ["no", () => t("已撤下")],
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

/** The inside of an own row. */
export function Own({ row, room, heading }) {
  const text = heading ? html`<h3>${row.text}</h3>` : html`<p class="said">${row.text}</p>`;
  return html`
    <p class="who"><span>${t("我")}</span><${State} state=${row.state} /><time>${clock(row.at)}</time></p>
    ${text}
    ${row.reason && html`<p class="note">${row.item ? t("原因：{reason}。", { reason: row.reason }) : row.reason}</p>`}
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
  if (item.state === "rejected") {
    const command = { type: item.kind === "comment" ? "comment.post" : "question.ask", text: item.text };
    return html`<div class="acts">${button(t("改后再发"), () => room.edit(command))}</div>`;
  }
  return null;
}
