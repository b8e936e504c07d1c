/* The control room: starts the lane and draws the page once a second and whenever something changes. */

import { render } from "preact";
import { ready, t } from "../../broadcast/i18n.js";
import { Addresses, After, Feed } from "./control-feed.js";
import { Load } from "./control-load.js";
import { Pushes, Source } from "./control-out.js";
import { Notices } from "./control-notices.js";
import { Polls } from "./control-poll.js";
import { Questions } from "./control-questions.js";
import { Rundown } from "./control-rundown.js";
import { Alarms, Ahead } from "./control-schedule.js";
import { Cut, Numbers, Show } from "./control-side.js";
import { listen } from "./marks.js";
import { Monitor } from "./monitor.js";
import { PromiseSheet } from "./promise.js";
import { RoomModel } from "./room-model.js";
import { Clocks, Dialog, Lamp, Messages, html } from "./room-parts.js";
import { StaffLane } from "./staff-socket.js";
import { day, showName, span } from "./words.js";

const page = JSON.parse(document.getElementById("page").textContent);
const place = document.getElementById("app");

function Head({ room }) {
  return html`<header>
    <div>
      <p class="row"><${Lamp} state=${room.state} /> <b>${t("控制室")}</b> <span class="quiet xs">${page.me.name}</span></p>
      <h1>${page.title}</h1>
      <p class="quiet xs"><a href=${page.urls.episode}>${showName(page)}</a> <span>　${page.kind}</span> <span>　${day(room.times().start)}</span></p>
    </div>
    <${Clocks} room=${room} />
    <${Feed} room=${room} />
    <${Messages} room=${room} />
    <${Alarms} room=${room} />
  </header>`;
}

function Foot({ room }) {
  const { lastAckMs, link } = room.lane;
  return html`<footer class="foot xs quiet"><span role="status">${room.said || ""}</span>
    <span class="push">${link === "live" ? t("已连接") : ""}${lastAckMs !== null ? t("，上一次操作 {ms} 毫秒后服务器确认", { ms: lastAckMs }) : ""}</span>
    <nav aria-label=${t("别的页面")}>${page.urls.desk && html`<a href=${page.urls.desk}>${t("审核台")}</a>`} ${page.urls.host && html`<a href=${page.urls.host}>${t("主持人")}</a>`} ${page.urls.outcomes && html`<a href=${page.urls.outcomes}>${t("提问去向")}</a>`} ${page.urls.calls && html`<a href=${page.urls.calls}>${t("热线台")}</a>`} ${page.urls.captions && html`<a href=${page.urls.captions}>${t("字幕")}</a>`} ${page.urls.onsite && html`<a href=${page.urls.onsite}>${t("现场")}</a>`} ${page.urls.overlay && html`<a href=${page.urls.overlay}>${t("叠加画面")}</a>`} <a href=${page.urls.home}>${t("工作台")}</a></nav></footer>`;
}

function App({ room }) {
  return html`<${Head} room=${room} />
    <section class="rundown-side"><${Rundown} room=${room} /><${Load} room=${room} /></section>
    <main id="main"><div class="screens"><div class="onair-side"><${Monitor} room=${room} /><${Source} room=${room} /><${After} room=${room} /><${Addresses} room=${room} /></div><${Polls} room=${room} /></div><${Questions} room=${room} /></main>
    <aside class="meters" aria-label=${t("数字和开关")}><div class="numbers-side"><${Numbers} room=${room} /><${Pushes} room=${room} /></div><${Show} room=${room} /><${Notices} room=${room} /><${Ahead} room=${room} /><${Cut} room=${room} /></aside>
    <${Foot} room=${room} /><${Dialog} room=${room} /><${PromiseSheet} room=${room} />`;
}

const lane = new StaffLane(page, draw);
const room = new RoomModel(lane, page, draw);
let drawing = false;

function draw() {
  if (drawing) return;
  drawing = true;
  Promise.resolve().then(() => {
    drawing = false;
    const { now, began, ended } = room.times();
    document.title = `${room.state === "on_air" && !ended ? t("直播中 {span}，", { span: span(now - began) }) : ""}${t("控制室")}　${showName(page)}`;
    place.classList.toggle("live", room.state === "on_air");
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
