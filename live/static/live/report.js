/* 举报: the small button on what others wrote, the sheet with the reasons, and what came of one's own reports. */

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { trap } from "./identity.js";
import { count, html, useStore } from "./view.js";

const NOTE_MOST = 200;

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
    openSheet(room, { kind, id, author, text });
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

function openSheet(room, item) {
  const place = document.getElementById("sheet");
  const before = document.activeElement;
  const close = () => {
    render(null, place);
    document.body.classList.remove("sheeted");
    if (before && before.isConnected) before.focus();
  };
  document.body.classList.add("sheeted");
  render(html`<${Sheet} room=${room} item=${item} close=${close} />`, place);
}

function Sheet({ room, item, close }) {
  const box = useRef(null);
  const [reason, setReason] = useState("");
  const [note, setNote] = useState("");
  const [error, setError] = useState("");
  useEffect(() => box.current.querySelector("h2").focus(), []);
  const send = (event) => {
    event.preventDefault();
    if (!reason) {
      setError(t("请先选一个理由。"));
      return;
    }
    close();
    room.outbox.add({ type: "item.report", kind: item.kind, item: item.id, reason, note: note.trim() });
  };
  const keys = (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Tab") trap(event, box.current);
    event.stopPropagation();
  };
  const choose = (code) => {
    setReason(code);
    setError("");
  };
  return html`<div class="sheetback" onClick=${(event) => event.target === event.currentTarget && close()}>
    <form class="sheetbox" role="dialog" aria-modal="true" aria-labelledby="sheet-title" ref=${box} onKeyDown=${keys} onSubmit=${send} novalidate>
      <h2 id="sheet-title" tabindex="-1">${item.kind === "comment" ? t("举报这条评论") : t("举报这个提问")}</h2>
      <blockquote class="quoted"><p class="who"><span>${item.author}</span></p><p class="said">${item.text}</p></blockquote>
      <fieldset aria-describedby=${error ? "report-error" : null}><legend><b>${t("为什么不该公开")}</b></legend><div class="options close">
        ${room.boot.reasons.map((each) => html`<label key=${each.code} class=${reason === each.code ? "option chosen" : "option"}><input type="radio" name="reason" value=${each.code} checked=${reason === each.code} onChange=${() => choose(each.code)} />${each.name}</label>`)}
      </div></fieldset>
      ${error && html`<p class="error" id="report-error" role="alert">${error}</p>`}
      <label>${t("补充说明（可不填）")}<textarea class="field" rows="2" maxlength=${NOTE_MOST} value=${note} onInput=${(event) => setNote(event.target.value)}></textarea></label>
      <p class="note">${t("审核员会看到理由和说明，不会看到您是谁；作者不会知道。每条只能举报一次。")}</p>
      <button class="button main wide">${t("提交举报")}</button>
      <button type="button" class="button wide" onClick=${close}>${t("不举报了")}</button>
    </form>
  </div>`;
}
