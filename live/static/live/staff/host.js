/* The host's tablet: the question that is being answered, the ones that follow, and the time that is left; one button only. */

import { render } from "preact";
import { ready, t } from "../../broadcast/i18n.js";
import { RoomModel } from "./room-model.js";
import { Dialog, Lamp, Messages, html } from "./room-parts.js";
import { StaffLane } from "./staff-socket.js";
import { clock, count, hourMinute, showName, signed, span } from "./words.js";

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

function Asking({ room, item, following }) {
  const name = `question:${item.id}`;
  const since = room.lane.object(`question:${item.id}`)?.on_air_at;
  const answered = async () => {
    const done = await room.run(name, { type: "question.answer", question: item.id }, t("记为已答"));
    if (done && following && (room.state === "on_air" || room.state === "waiting")) room.run(name, { type: "question.show", question: following.id }, t("下一问上屏"));
  };
  return html`<section class="asking" aria-labelledby="now">
    <h2 id="now">${t("正在答")} <span class="quiet">${item.to ? t("问{name}，", { name: item.to }) : ""}${since ? t("已答 {span}", { span: span(room.lane.now() - Date.parse(since)) }) : ""}</span></h2>
    <blockquote class="phrase">${item.text}</blockquote>
    <p class="quiet">${item.author}　${t("{n} 人支持", { n: count(item.supports) })}</p>
    <div class="row"><button type="button" class="main" disabled=${room.busy.has(name)} onClick=${answered}>${following ? t("已答，下一问") : t("已答")}</button></div>
  </section>`;
}

function Nexts({ room, queue, current }) {
  if (!queue.length && !current) return html`<p class="quiet waiting">${t("提问单还是空的。控制室放进来的提问会出现在这里。")}</p>`;
  return html`<section class="nexts-box" aria-labelledby="next"><h2 id="next" class="quiet">${queue.length ? t("接下来，还有 {n} 条", { n: queue.length }) : t("后面没有了")}</h2>
    <ol class="nexts">${queue.map((item, at) => html`<li key=${item.id}><span class="left">${at + (current ? 2 : 1)}</span><div><blockquote class="phrase">${item.text}</blockquote><p class="quiet">${item.author}${item.to ? t("，问{name}", { name: item.to }) : ""}　${t("{n} 人支持", { n: count(item.supports) })}</p></div>
      <button type="button" disabled=${room.busy.has(`question:${item.id}`)} onClick=${() => room.run(`question:${item.id}`, { type: "question.answer", question: item.id }, t("记为已答"))}>${t("已答")}</button></li>`)}</ol></section>`;
}

function Aside({ room }) {
  const people = room.lane.ofKind("person").sort((a, b) => a.position - b.position);
  const { later } = room.rundown();
  return html`<aside class="inbox">
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
  const queue = room.asked("queued");
  return html`<${Head} room=${room} current=${segment} />
    <main id="main"><${Messages} room=${room} />${item && html`<${Asking} room=${room} item=${item} following=${queue[0]} />`}<${Nexts} room=${room} queue=${queue} current=${item} /></main>
    <${Aside} room=${room} /><${Foot} room=${room} /><${Dialog} room=${room} />`;
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
  setInterval(draw, 1000);
}

start();
