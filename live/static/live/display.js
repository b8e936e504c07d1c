/* The page on the big screen of a hall: draws what its link shows now, told by a socket, else by asking; what nobody confirms goes away. */

import { h, render } from "preact";
import htm from "htm";
import { isChinese, ready, t } from "../broadcast/i18n.js";
import { optionWords, share, verdict } from "./poll-words.js";
import { listen } from "./scenes.js";

const html = htm.bind(h);
const page = JSON.parse(document.getElementById("page").textContent);
const stage = document.getElementById("stage");
const side = document.getElementById("side");
const people = document.getElementById("people");
const caption = document.getElementById("caption");

const LONG = 60;
const MANY = 6;
const number = (value) => value.toLocaleString("en-US");
const words = (own, english) => (!isChinese && english) || own;

function Head({ hall }) {
  const numbered = hall.number === null ? "" : ` ${t("第 {number} 期", { number: hall.number })}`;
  return html`<header><p>${words(hall.programme, hall.programme_en)}${numbered}${hall.state === "on_air" ? html` <b class="lamp">${t("直播中")}</b>` : ""}</p><h1>${words(hall.title, hall.title_en)}</h1>
    ${hall.announcement && html`<p class="announcement" role="status"><b>${t("公告")}</b> ${hall.announcement}</p>`}</header>`;
}

function Choice({ poll, option, at }) {
  const name = optionWords(poll, option);
  if (poll.total === null || option.votes === null) return html`<div class="choice"><dt>${name}</dt></div>`;
  const part = share(poll, at, option.votes, poll.outcome, poll.total);
  return html`<div class="choice"><dt>${name}</dt><dd>${t("{n} 票", { n: number(option.votes) })}</dd><dd class="share">${part === null ? "" : `${part.toFixed(1)}%`}</dd>
    <svg aria-hidden="true"><rect class="track" width="100%" height="100%" /><rect class="bar" width="${Math.min(100, part || 0).toFixed(2)}%" height="100%" /></svg></div>`;
}

/** How many votes there are, of whom, and how many of them clerks entered; why nothing is said while the counts are hidden. */
function counted(poll) {
  if (poll.total === null) return poll.state === "open" ? t("扫码投票，结果稍后公布") : t("结果稍后公布");
  const said = [t("共 {n} 票", { n: number(poll.total) })];
  const { outcome } = poll;
  if (outcome && outcome.eligible) said.push(t("{n} 人可投，投票率 {percent}%", { n: number(outcome.eligible), percent: Math.round((100 * poll.total) / outcome.eligible) }));
  const entered = outcome ? outcome.entered.reduce((sum, each) => sum + each.total, 0) : 0;
  if (entered) said.push(outcome.entered.every((each) => each.counted) ? t("其中现场代录 {n} 票", { n: number(entered) }) : t("另有现场代录 {n} 票", { n: number(entered) }));
  return said.join(t("，"));
}

function Poll({ poll }) {
  const decided = verdict(poll, poll.outcome);
  return html`<section class=${poll.options.length >= MANY ? "poll many" : "poll"}><p class="kind">${poll.state === "open" ? t("正在投票") : t("投票已结束")}</p><h2>${poll.question}</h2>
    <dl>${poll.options.map((option, at) => html`<${Choice} key=${option.id} poll=${poll} option=${option} at=${at} />`)}</dl>
    ${decided && html`<p><b>${decided}</b></p>`}<p class="quiet">${counted(poll)}</p></section>`;
}

function Question({ question, speaker }) {
  return html`<section class="question"><p class="kind">${t("正在答")}${speaker ? html` <b>${speaker.name}</b> ${speaker.organisation}` : question.to ? ` ${question.to}` : ""}</p>
    <blockquote class=${question.text.length > LONG ? "long" : ""}>${question.text}</blockquote>
    <p class="quiet">${question.author}${question.supports ? html`　${t("{n} 人支持", { n: number(question.supports) })}` : ""}</p></section>`;
}

/** What the show is at, when nothing is asked and nothing voted on. */
function Now({ scene }) {
  const { hall, segment } = scene;
  if (segment) {
    const role = words(segment.role, segment.role_en);
    return html`<section class="now"><p class="kind">${role || t("现在")}</p><p class="large">${segment.title}</p></section>`;
  }
  if (hall.state === "on_air") return null;
  const start = new Date(hall.planned_start).toLocaleString(isChinese ? "zh-CN" : "en-GB", { month: "long", day: "numeric", weekday: "long", hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai" });
  const said = { planned: t("开始时间"), waiting: t("即将开始"), ended: t("节目已结束"), cancelled: t("节目已取消") }[hall.state] || "";
  return html`<section class="now"><p class="kind">${said}</p>${["planned", "waiting"].includes(hall.state) && html`<p class="large">${start}</p>`}</section>`;
}

function Stage({ scene }) {
  const both = scene.poll && scene.question;
  return html`<${Head} hall=${scene.hall} /><div class=${both ? "body both" : "body"}>
    ${scene.question && html`<${Question} question=${scene.question} speaker=${scene.speaker} />`}${scene.poll && html`<${Poll} poll=${scene.poll} />`}
    ${!scene.question && !scene.poll && html`<${Now} scene=${scene} />`}</div>`;
}

/** How many people watch together; it is no part of those who watch online. */
function together({ here, people: all, venues }) {
  const said = [];
  if (here) said.push(t("这里 {n} 人", { n: number(here) }));
  if (all && (venues > 1 || !here)) said.push(t("{venues} 个会场共 {n} 人一起看", { venues: number(venues), n: number(all) }));
  return said.join(t("，"));
}

function show(scene) {
  const hall = scene && scene.hall;
  side.hidden = scene !== null && !hall;
  people.textContent = hall ? together(hall) : "";
  caption.textContent = hall ? hall.caption : "";
  caption.hidden = !caption.textContent;
  document.body.classList.toggle("captioned", !caption.hidden);
  if (hall) render(html`<${Stage} scene=${scene} />`, stage);
  else render(scene === null ? html`<p class="wait">${t("连接中断，正在重连……")}</p>` : null, stage);
}

/** The link opens nothing any more: say so, and show no code that leads nowhere. */
function end() {
  show(null);
  side.hidden = true;
  render(html`<p class="wait">${t("这个链接已失效，请向编导要新的大屏链接。")}</p>`, stage);
}

/** Screens that sleep show nothing; not every browser can be asked, and one that was hidden lets go. */
async function stayAwake() {
  try {
    if (document.visibilityState === "visible" && navigator.wakeLock) await navigator.wakeLock.request("screen");
  } catch {
    // The screen's own settings decide then.
  }
}

async function start() {
  await ready();
  stage.textContent = "";
  listen(page, show, end);
  document.addEventListener("visibilitychange", stayAwake);
  stayAwake();
}

start();
