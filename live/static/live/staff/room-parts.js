/* Pieces that control room and host's page draw alike: lamp, clocks, dialog, messages. */

import htm from "htm";
import { h } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../broadcast/i18n.js";
import { airingWord, clock, hourMinute, signed, span } from "./words.js";

export const html = htm.bind(h);

export function Lamp({ state }) {
  return state === "on_air" ? html`<span class="lamp">${airingWord(state)}</span>` : html`<span class="tag state">${airingWord(state)}</span>`;
}

/** Beijing time, elapsed or to the start, to the end, and how much over or under; each with its words. */
export function Clocks({ room }) {
  const { now, start, end, began, ended, over } = room.times();
  const on = room.state === "on_air";
  const boxes = [{ name: t("北京时间"), value: clock(now) }];
  if (ended) boxes.push({ name: t("播了"), value: span(ended - began) }, { name: t("结束于"), value: clock(ended) });
  else if (on) {
    const left = end - now;
    boxes.push({ name: t("已播"), value: span(now - began) });
    boxes.push({ name: t("距结束 {clock}", { clock: clock(end) }), value: left >= 0 ? span(left) : signed(-left), warn: left < 0 });
  } else boxes.push({ name: t("距开播 {clock}", { clock: hourMinute(start) }), value: start >= now ? span(start - now) : signed(now - start), warn: start < now });
  if (over !== null) {
    const late = over >= 1000;
    const name = late ? t("超时，预计 {clock} 完", { clock: clock(end + over) }) : over <= -1000 ? t("提前，预计 {clock} 完", { clock: clock(end + over) }) : t("准点");
    boxes.push({ name, value: Math.abs(over) < 1000 ? "00:00" : signed(over), warn: late });
  }
  return html`<dl class="clocks">${boxes.map((box) => html`<div key=${box.name} class=${box.warn ? "warn" : ""}><dt>${box.name}</dt><dd>${box.value}</dd></div>`)}</dl>`;
}

/** A question that stops everything until it is answered; Esc and the first button say no. */
export function Dialog({ room }) {
  const place = useRef(null);
  const asking = room.asking;
  useEffect(() => {
    if (asking) place.current?.querySelector("button")?.focus();
  }, [asking]);
  if (!asking) return null;
  const close = () => {
    room.asking = null;
    room.render();
  };
  const keys = (event) => {
    if (event.key === "Escape") close();
    if (event.key !== "Tab") return;
    const buttons = [...place.current.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement) + (event.shiftKey ? -1 : 1);
    buttons[(at + buttons.length) % buttons.length].focus();
    event.preventDefault();
  };
  return html`<div class="sheet" ref=${place} onKeyDown=${keys}><div class="card" role="alertdialog" aria-modal="true" aria-labelledby="ask-title">
    <h2 id="ask-title">${asking.title}</h2>
    <ul class="dots">${asking.lines.map((line) => html`<li key=${line}>${line}</li>`)}</ul>
    <p class="spread"><button type="button" onClick=${close}>${t("不，返回")}</button>
      <button type="button" class=${asking.risk ? "danger" : "main"} onClick=${() => { close(); asking.act(); }}>${asking.verb}</button></p>
  </div></div>`;
}

export function Messages({ room }) {
  const link = { polling: t("连接断了，每 3 秒自动刷新。操作仍会送到，稍慢一些。"), refused: html`<a href=${`${room.page.urls.login}?next=${encodeURIComponent(location.pathname)}`}>${t("登录已失效或没有权限。请重新登录后打开这一页。")}</a>` }[room.lane.link];
  return html`<div class="told" role="status">
    ${link && html`<p class="note xs warn">${link}</p>`}
    ${room.feed?.problem === "line_frozen" && html`<p class="note xs bad">${t("公众画面停住了：读不到有没有切断，所以不再放行。录制照常，读到以后自动接着放。")}</p>`}
    ${room.feed?.problem === "secret_unreadable" && html`<p class="note xs bad">${t("口令和密钥读不出，编码器断开后连不上。请系统管理员更换。")}</p>`}
    ${room.notice && html`<p class="note bad spread"><span>${room.notice}</span><button type="button" onClick=${() => { room.notice = null; room.render(); }}>${t("知道了")}</button></p>`}
  </div>`;
}
