/* 举报: the small button on what others wrote and what came of one's own reports; the sheet comes when it is asked for. */

import { useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { count, html, useStore } from "./view.js";

/** The button on an item of somebody else; a link to the plain page where a script cannot help. */
export function Report({ room, kind, id, author, text }) {
  const state = useStore(room.store);
  const known = state.mine.reports.get(`${kind}:${id}`);
  const entry = entryOf(state, kind, id);
  if (entry && entry.state === "sending") return html`<span class="report">${t("举报发送中")}</span>`;
  if (known) return html`<span class="report">${known.state === "dismissed" ? t("举报不成立") : t("已举报")}</span>`;
  const open = (event) => {
    event.preventDefault();
    if (entry) room.outbox.remove(entry.id);
    // Without the sheet the page of the same form is there.
    import("./report-sheet.js").then(({ openSheet }) => openSheet(room, { kind, id, author, text }), () => location.assign(address(room, kind, id)));
  };
  return html`<a class="report" href=${address(room, kind, id)} aria-label=${t("举报{name}的“{text}”", { name: author, text: short(text) })} onClick=${open}>${t("举报")}</a>`;
}

/** Why a report was not taken in, under the item. */
export function ReportError({ room, kind, id }) {
  const entry = entryOf(useStore(room.store), kind, id);
  if (!entry || !["refused", "held"].includes(entry.state)) return null;
  return html`<p class="error" role="alert">${t("举报没有记下。")}${entry.error}</p>`;
}

/** Tells once that what one reported was taken down; nothing of its words. */
export function Upheld({ room }) {
  const state = useStore(room.store);
  const key = `yishi.upheld.${room.boot.airing}`;
  const [known, setKnown] = useState(() => read(key));
  const fresh = [...state.mine.reports.entries()].filter(([item, report]) => report.state === "upheld" && !known.includes(item));
  if (!fresh.length) return null;
  const put = () => {
    const all = [...known, ...fresh.map(([item]) => item)];
    try {
      localStorage.setItem(key, JSON.stringify(all));
    } catch {
      // It is told again after a reload.
    }
    setKnown(all);
  };
  return html`<div class="notice ok" role="status">${t("您举报的 {n} 条内容已撤下。", { n: count(fresh.length) })}<button type="button" class="link" onClick=${put}>${t("知道了")}</button></div>`;
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key) || "[]");
  } catch {
    return [];
  }
}

const entryOf = (state, kind, id) => state.entries.find((each) => each.command.type === "item.report" && each.command.kind === kind && each.command.item === id);
const address = (room, kind, id) => `${room.boot.urls.report}&kind=${kind}&item=${id}`;
const short = (text) => (text.length > 20 ? `${text.slice(0, 20)}…` : text);
