/* The host's tablet: the call on air or the question that is being answered, what follows, and the time that is left; one main button. */

import { render } from "preact";
import { ready, t } from "../../broadcast/i18n.js";
import { inQueue, oneQueue } from "./call-words.js";
import { HostPolls } from "./host-poll.js";
import { Asking, Calling, Nexts, next } from "./host-queue.js";
import { MarkRow, listen } from "./marks.js";
import { PromiseSheet } from "./promise.js";
import { RoomModel } from "./room-model.js";
import { Dialog, Lamp, Messages, html } from "./room-parts.js";
import { Slate } from "./slate.js";
import { StaffLane } from "./staff-socket.js";
import { clock, hourMinute, showName, signed, span } from "./words.js";

const page = JSON.parse(document.getElementById("page").textContent);
const place = document.getElementById("app");

function Head({ room, current }) {
  const now = room.lane.now();
  const left = current ? Date.parse(current.started_at) + current.planned_seconds * 1000 - now : null;
  return html`<header>
    <${Lamp} state=${room.state} />
    <div><p>${current ? html`${current.mark && html`<span class="kind">${current.mark}</span>`} <b>${current.title}</b>` : html`<b>${page.title}</b>`}</p><h1 class="quiet">${showName(page)}</h1></div>
    ${left !== null && html`<p class="push quiet n">${t("本环节")}<br />${left >= 0 ? t("还剩") : t("超时")}</p><p class=${left < 0 ? "left warn" : "left"} role="timer">${left >= 0 ? span(left) : signed(-left)}</p>`}
  </header>`;
}

function Aside({ room }) {
  const people = room.lane.ofKind("person").sort((a, b) => a.position - b.position);
  const { later } = room.rundown();
  return html`<aside class="inbox">
    <${MarkRow} room=${room} />
    <${HostPolls} room=${room} />
    ${later.length > 0 && html`<div><h2>${t("后面的环节")}</h2><ol class="coming">${later.slice(0, 6).map(({ segment, at }) => html`<li key=${segment.id}><span class="quiet">${hourMinute(at)}</span> ${segment.mark && html`<span class="kind">${segment.mark}</span>`} <span>${segment.title}</span></li>`)}</ol></div>`}
    <div class="seats"><h2>${t("台上")}</h2><ol>${people.map((person) => html`<li key=${person.key}>${person.name} <span class="quiet">${person.organisation || person.role_name}</span></li>`)}</ol></div>
  </aside>`;
}

function Foot({ room }) {
  const { now, start, end, over, began } = room.times();
  const on = room.state === "on_air";
  return html`<footer>
    ${on ? html`<p><span class="quiet">${t("已播")}</span> <b>${span(now - began)}</b></p>` : html`<p><span class="quiet">${t("计划开播")}</span> <b>${hourMinute(start)}</b></p>`}
    <p class="push">${on && html`<span class="quiet">${end >= now ? t("整场还剩") : t("整场超时")}</span> <b>${span(Math.abs(end - now))}</b>`}</p>
    ${over !== null && over >= 1000 && html`<p class="warn"><b>${t("预计超时 {span}", { span: span(over) })}</b></p>`}
    <p><span class="quiet">${t("北京时间")}</span> <b>${clock(now)}</b></p>
  </footer>`;
}

function App({ room }) {
  const segment = room.segments.find((each) => each.started_at && !each.ended_at) || null;
  const [item] = room.asked("on_air");
  const calls = [...room.lane.calls.values()];
  const [call] = inQueue(calls, "on_air");
  const queue = oneQueue(calls, room.asked("queued"));
  return html`<${Head} room=${room} current=${segment} />
    <main id="main"><${Messages} room=${room} />${call && html`<${Calling} room=${room} call=${call} following=${item ? null : queue[0]} />`}${item && html`<${Asking} room=${room} item=${item} following=${call ? null : queue[0]} />`}<${Nexts} room=${room} queue=${queue} current=${call || item} /><details class="choose"><summary>${t("选提问")}</summary><${Slate} room=${room} /></details></main>
    <${Aside} room=${room} /><${Foot} room=${room} /><${Dialog} room=${room} /><${PromiseSheet} room=${room} then=${() => !call && next(room, queue[0])} />`;
}

const lane = new StaffLane(page, draw);
const room = new RoomModel(lane, page, draw);
let drawing = false;

function draw() {
  if (drawing) return;
  drawing = true;
  Promise.resolve().then(() => {
    drawing = false;
    render(html`<${App} room=${room} />`, place);
  });
}

async function start() {
  await ready();
  place.textContent = "";
  draw();
  lane.start();
  listen(room);
  setInterval(draw, 1000);
}

start();
