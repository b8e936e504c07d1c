/* The sheet in which a viewer says why something should not be public; it hands the report to the outbox and keeps nothing. */

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { trap } from "./identity.js";
import { html } from "./view.js";

const NOTE_MOST = 200;

/** Opens it on `item`: {kind, id, author, text}. */
export function openSheet(room, item) {
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
