/* The call desk: who calls, who waits, who is on air; one call at a time is written down beside the list. Starts the lane and draws. */

import { render } from "preact";
import { ready, t } from "../../broadcast/i18n.js";
import { CallForm, draftOf } from "./call-form.js";
import { Blocks, Votes } from "./call-side.js";
import { OVER, QUEUES, callClass, callState, callerOf, inQueue } from "./call-words.js";
import { RoomModel } from "./room-model.js";
import { Dialog, Lamp, Messages, html } from "./room-parts.js";
import { StaffLane } from "./staff-socket.js";
import { clock, hourMinute, showName, signed, span } from "./words.js";

const page = JSON.parse(document.getElementById("page").textContent);
const place = document.getElementById("app");

function Head({ room }) {
  const { now, start, end, began } = room.times();
  const on = room.state === "on_air";
  return html`<header class="bar"><b class="brand">${t("议事")}</b><h1>${t("热线台")}</h1>
    <p class="what">${showName(page)}　${page.title}</p><${Lamp} state=${room.state} />
    <p class="nowrap">${on ? html`<b>${span(now - began)}</b> <span class="quiet">${t("已播")}</span>　<b>${end >= now ? span(end - now) : signed(now - end)}</b> <span class="quiet">${t("到结束")}</span>` : html`<span class="quiet">${t("计划开播")}</span> <b>${hourMinute(start)}</b>`}</p>
    <p class="push quiet me">${page.me.name}</p></header>`;
}

function Row({ room, call }) {
  const now = room.lane.now();
  const since = call.state === "on_air" ? call.on_air_at : call.state === "waiting" ? call.screened_at || call.at : call.at;
  const over = OVER.includes(call.state);
  return html`<li><button type="button" aria-current=${room.chosen === call.id ? "true" : null} onClick=${() => room.choose(call.id)}>
    <span class="who"><b>${callerOf(call)}</b>${call.priority && html` <span class="tag warn">${t("优先")}</span>`}${call.blocked && html` <span class="tag bad">${t("名单")}</span>`}${call.state === "screened" && !call.notice_at && html` <span class="tag warn">${t("未告知录音")}</span>`}</span>
    <span class="n xs">${over ? clock(call.ended_at) : span(now - Date.parse(since))}</span>
    <span class="topic">${call.topic || html`<span class="quiet">${t("还没有写主题")}</span>`}</span>
    <span class="meta xs quiet">${over && html`<span>${callState(call.state)}</span>`}${call.line && html`<span>${t("{line} 线", { line: call.line })}</span>`}${call.tail && html`<span>${t("尾号 {tail}", { tail: call.tail })}</span>`}${call.asked && html`<span>${t("页面登记")}</span>`}${call.earlier > 0 && html`<span>${t("打过 {n} 次", { n: call.earlier })}</span>`}${call.referral && html`<span>12345 ${call.referral}</span>`}</span>
  </button></li>`;
}

function List({ room }) {
  const calls = room.calls;
  return html`<nav class="queue" aria-label=${t("来电")}>
    <p class="strip"><button type="button" class="main" disabled=${room.busy.has("log") || room.isOver} onClick=${() => room.ring()}>${t("新来电")} <kbd>n</kbd></button>
      <label class="takes"><input type="checkbox" checked=${Boolean(room.lane.panels.calls?.takes)} disabled=${room.busy.has("takes") || room.isOver} onChange=${(event) => room.run("takes", { type: "call.takes", on: event.target.checked }, t("回拨登记"))} /> ${t("页面接受回拨登记")}</label></p>
    ${QUEUES.map((queue) => {
      const found = inQueue(calls, queue);
      if (!found.length && ["over", "on_air", "callback"].includes(queue)) return null;
      const rows = html`<ol>${found.map((call) => html`<${Row} key=${call.id} room=${room} call=${call} />`)}</ol>`;
      if (queue === "over") return html`<details key=${queue}><summary>${callState(queue)} ${t("{n} 个", { n: found.length })}</summary>${rows}</details>`;
      return html`<section key=${queue} aria-label=${callState(queue)}><h2 class=${found.length ? callClass(queue) : "quiet"}>${callState(queue)} <span class="quiet">${t("{n} 个", { n: found.length })}</span></h2>${rows}</section>`;
    })}
    ${!calls.length && html`<p class="quiet nothing">${t("还没有来电。电话响了，按“新来电”记下来；接通以后写清是谁、在哪、说什么。")}</p>`}
  </nav>`;
}

function App({ room }) {
  const call = room.calls.find((each) => each.id === room.chosen);
  return html`<${Head} room=${room} /><div class="said"><${Messages} room=${room} /></div>
    <${List} room=${room} />
    <main id="main" tabindex="-1">${call ? html`<${CallForm} key=${call.id} room=${room} call=${call} />` : html`<p class="quiet nothing">${t("从左边选一个来电。")}</p>`}</main>
    <aside aria-label=${t("代投和名单")}>${call && html`<${Votes} room=${room} call=${call} />`}<${Blocks} room=${room} call=${call} /></aside>
    <footer class="keys xs quiet"><span><kbd>n</kbd> ${t("新来电")}</span><span><kbd>j</kbd> <kbd>k</kbd> ${t("移动")}</span><span role="status">${room.said || ""}</span>
      <nav class="push" aria-label=${t("别的页面")}>${page.urls.host && html`<a href=${page.urls.host}>${t("主持人")}</a>`} ${page.urls.control && html`<a href=${page.urls.control}>${t("控制室")}</a>`} <a href=${page.urls.home}>${t("工作台")}</a></nav></footer>
    <${Dialog} room=${room} />`;
}

class CallRoom extends RoomModel {
  constructor(...all) {
    super(...all);
    this.chosen = null;
    this.drafts = new Map();
    this.numbers = new Map(); // numbers asked for, kept while the page is open
  }

  get calls() {
    return [...this.lane.calls.values()];
  }

  get isOver() {
    return this.state === "ended" || this.state === "cancelled";
  }

  choose(id) {
    this.chosen = id;
    this.notice = null;
    place.classList.toggle("with-call", id !== null);
    const call = this.lane.calls.get(id);
    if (call) draftOf(this, call);
    this.render();
  }

  async ring() {
    const made = await this.run("log", { type: "call.log" }, t("来电已记下"));
    if (!made) return;
    await this.seen(made.call);
    this.choose(made.call);
    requestAnimationFrame(() => document.getElementById("f-name")?.focus());
  }

  /** Resolves when the lane has brought the call, or after 3 s without it: its form opens when it comes. */
  async seen(id) {
    for (let look = 0; look < 60 && !this.lane.calls.has(id); look += 1) await new Promise((done) => setTimeout(done, 50));
  }

  step(by) {
    const order = QUEUES.flatMap((queue) => inQueue(this.calls, queue)).map((call) => call.id);
    if (order.length) this.choose(order[Math.min(order.length - 1, Math.max(0, order.indexOf(this.chosen) + by))]);
  }
}

const lane = new StaffLane(page, draw);
const room = new CallRoom(lane, page, draw);
let drawing = false;

function draw() {
  if (drawing) return;
  drawing = true;
  Promise.resolve().then(() => {
    drawing = false;
    const ringing = inQueue(room.calls, "ringing").length;
    document.title = `${ringing ? t("{n} 个振铃，", { n: ringing }) : ""}${t("热线台")}　${showName(page)}`;
    place.classList.toggle("live", room.state === "on_air");
    render(html`<${App} room=${room} />`, place);
  });
}

function typed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || room.asking) return;
  if (event.target.closest?.("input:not([type=checkbox]):not([type=radio]), select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const act = { n: () => !room.isOver && room.ring(), j: () => room.step(1), k: () => room.step(-1) }[event.key];
  if (!act) return;
  act();
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
