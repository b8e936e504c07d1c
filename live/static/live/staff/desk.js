/* The moderation desk: starts the lane, draws the page, listens to keys. */

import htm from "htm";
import { h, render } from "preact";
import { ready, t } from "../../broadcast/i18n.js";
import { Desk } from "./desk-acts.js";
import { WindowedList, toEnd } from "./desk-list.js";
import { Bar, Item, Queues, Row, emptyWords, noteOf } from "./desk-parts.js";
import { StaffLane } from "./staff-socket.js";
import { count, kindWord, span } from "./words.js";

const html = htm.bind(h);
const page = JSON.parse(document.getElementById("page").textContent);
const place = document.getElementById("app");

const QUEUE_TITLES = () => ({ pending: t("待审核"), approved: t("已公开"), rejected: t("未通过"), withdrawn: t("已撤下") });

function List({ desk }) {
  const chosen = desk.selected.size;
  const title = QUEUE_TITLES()[desk.queue];
  const order = desk.queue === "pending" ? t("等得最久的在最前") : t("最近的在最前");
  return html`<main class="list" id="main">
    <div class="strip">
      <h2>${title} ${t("{count} 条", { count: count(desk.keys.length - desk.doneCount) })}</h2> <span class="quiet xs order">${order}</span>
      <label class="push"><span class="vh">${t("搜索")}</span><input type="search" id="search" placeholder=${t("搜索文字、作者  /")} value=${desk.search} onInput=${(event) => desk.filter({ search: event.target.value })} /></label>
      <select aria-label=${t("类型")} onChange=${(event) => desk.filter({ kind: event.target.value })}>
        <option value="" selected=${desk.kind === ""}>${t("全部类型")}</option>
        ${["comment", "question"].map((kind) => html`<option key=${kind} value=${kind} selected=${desk.kind === kind}>${kindWord(kind)}</option>`)}
      </select>
    </div>
    ${chosen > 0 && html`<div class="strip chosen xs"><b>${t("已选 {n} 条", { n: chosen })}</b>
      ${desk.queue === "pending" && html`<button type="button" onClick=${() => desk.act("approve", [...desk.selected])}>${t("批准 {n} 条", { n: chosen })}</button>
        <button type="button" onClick=${() => desk.ask("reject", [...desk.selected])}>${t("退回 {n} 条…", { n: chosen })}</button>`}
      ${desk.queue === "approved" && html`<button type="button" class="risk" onClick=${() => desk.ask("withdraw", [...desk.selected])}>${t("撤下 {n} 条…", { n: chosen })}</button>`}
      <button type="button" class="plain push" onClick=${() => desk.selectShown()}>${t("全选")}</button>
      <button type="button" class="plain" onClick=${() => { desk.selected.clear(); desk.render(); }}>${t("取消选择")}</button></div>`}
    ${desk.keys.length ? html`<${WindowedList} keys=${desk.keys} cursor=${desk.cursor} reveal=${desk.reveal} label=${`${title}，${order}`}
      onRevealed=${() => { desk.reveal = false; }} onView=${(view) => viewed(desk, view)} row=${(key, at) => html`<${Row} key=${key} desk=${desk} id=${key} at=${at} />`} />`
      : html`<p class="items nothing quiet">${emptyWords(desk)}</p>`}
    <${Foot} desk=${desk} />
  </main>`;
}

function viewed(desk, view) {
  const changed = !desk.view || desk.view.first !== view.first || desk.view.last !== view.last || desk.endSeen !== view.atEnd;
  desk.view = view;
  desk.endSeen = view.atEnd;
  if (view.atEnd && desk.queue === "pending" && desk.arrived) desk.arrived = 0;
  if (changed) draw();
}

function Foot({ desk }) {
  const view = desk.view;
  const done = desk.queue === "pending" ? desk.doneCount : 0;
  const tail = () => {
    desk.arrived = 0;
    toEnd();
  };
  return html`<p class="newer">
    ${view && desk.keys.length > 0 && html`<span>${t("显示第 {first}–{last} 条，共 {all} 条", { first: view.first, last: view.last, all: desk.keys.length })}</span>`}
    ${desk.arrived > 0 && (desk.queue === "pending"
      ? html`<button type="button" class="plain" onClick=${tail}>${t("新到 {n} 条，在列表末尾 ↓", { n: desk.arrived })}</button>`
      : html`<button type="button" class="plain" onClick=${() => desk.rebuild()}>${t("新到 {n} 条，放进列表 ↑", { n: desk.arrived })}</button>`)}
    ${done > 0 && html`<button type="button" class="plain" onClick=${() => desk.rebuild()}>${t("收起已处理的 {n} 条", { n: done })}</button>`}
  </p>`;
}

/** The digits that choose a reason. */
const digits = () => `1–${Math.min(9, page.reasons.length)}`;

function Keys({ desk }) {
  const key = (names, words) => html`<span>${names.map((name) => html`<kbd key=${name}>${name}</kbd> `)}${words}</span>`;
  const link = { connecting: t("正在连接"), live: t("已连接"), polling: t("连接断了，每 3 秒自动刷新"), refused: html`<a href=${`${page.urls.login}?next=${encodeURIComponent(location.pathname)}`}>${t("登录已失效，请重新登录")}</a>` }[desk.lane.link];
  return html`<footer class="keys">
    ${key(["j", "k"], t("移动"))} ${key(["x"], t("选择"))} ${key(["a"], t("批准"))} ${key(["r", digits()], t("退回"))} ${key(["w", digits()], t("撤下"))} ${key(["u"], t("撤销"))} ${key(["/"], t("搜索"))} ${key(["?"], t("全部按键"))}
    <span class=${desk.lane.link === "live" ? "push" : "push bad"} role="status">${link}${desk.lane.lastAckMs !== null ? t("，上一次操作 {ms} 毫秒后服务器确认", { ms: count(desk.lane.lastAckMs) }) : ""}</span>
  </footer>`;
}

function Help({ desk }) {
  const rows = [
    ["j ↓", t("下一条没处理的")], ["k ↑", t("上一条没处理的")], ["a", t("批准这一条")], [`r ${digits()}`, t("退回，数字是原因")], [`w ${digits()}`, t("撤下已公开的，数字是原因")],
    ["u", t("撤销我上一次的处理，放回待审")], ["x", t("选中或取消选中")], ["/", t("搜索")], ["Esc", t("取消；离开搜索框")], ["?", t("打开或关上这张表")],
  ];
  return html`<div class="sheet" role="dialog" aria-modal="true" aria-labelledby="keys-title"><div class="card">
    <div class="spread"><h2 id="keys-title">${t("全部按键")}</h2><button type="button" id="close-help" onClick=${() => desk.cancel()}>${t("关上")} <kbd>Esc</kbd></button></div>
    <table><tbody>${rows.map(([keys, words]) => html`<tr key=${keys}><td class="nowrap">${keys.split(" ").map((name) => html`<kbd>${name}</kbd> `)}</td><td>${words}</td></tr>`)}</tbody></table>
  </div></div>`;
}

function App({ desk }) {
  return html`<${Bar} desk=${desk} /><${Queues} desk=${desk} /><${List} desk=${desk} /><${Item} desk=${desk} /><${Keys} desk=${desk} />${desk.help && html`<${Help} desk=${desk} />`}`;
}

const lane = new StaffLane(page, () => desk.sync());
const desk = new Desk(lane, page, draw);
let drawing = false;

function draw() {
  if (drawing) return;
  drawing = true;
  Promise.resolve().then(() => {
    drawing = false;
    place.classList.toggle("show-list", desk.listOnPhone);
    place.classList.toggle("live", lane.object("airing")?.state === "on_air");
    render(html`<${App} desk=${desk} />`, place);
    const { count: total, oldest } = desk.counts().pending;
    document.title = t("待审 {count} 条，{age}审核台", { count: count(total), age: oldest ? t("最久 {age}，", { age: span(lane.now() - Date.parse(oldest)) }) : "" });
  });
}

const ACTS = {
  j: () => desk.step(1),
  ArrowDown: () => desk.step(1),
  k: () => desk.step(-1),
  ArrowUp: () => desk.step(-1),
  a: () => desk.act("approve"),
  r: () => desk.ask("reject"),
  w: () => desk.ask("withdraw"),
  u: () => desk.undo(),
  x: () => desk.cursor && desk.toggle(desk.cursor),
  "/": () => document.getElementById("search").focus(),
  "?": () => { desk.help = !desk.help; draw(); },
  Escape: () => desk.cancel(),
};

function typed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const field = event.target.closest?.("input:not([type=checkbox]), select, textarea");
  if (field && event.key !== "Escape") return;
  if (field) field.blur();
  if (desk.help && event.key !== "?" && event.key !== "Escape") return;
  if (desk.choosing && /^[1-9]$/.test(event.key)) {
    const reason = page.reasons[Number(event.key) - 1];
    if (reason) desk.because(reason.code, noteOf());
  } else if (ACTS[event.key]) ACTS[event.key]();
  else return;
  event.preventDefault();
}

async function start() {
  await ready();
  place.textContent = "";
  draw();
  lane.start();
  window.addEventListener("keydown", typed);
  setInterval(draw, 1000);
}

start();
