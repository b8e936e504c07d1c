/* The page that lies over a picture: draws what its link shows now, told by a socket, else by asking; when it hears nothing it shows nothing. */

import { h, render } from "preact";
import htm from "htm";
import { isChinese, ready, t } from "../broadcast/i18n.js";
import { optionWords, share, verdict } from "./poll-words.js";
import { listen } from "./scenes.js";

const html = htm.bind(h);
const page = JSON.parse(document.getElementById("page").textContent);
const place = document.getElementById("overlay");

const LONG = 60;
const MANY = 6;
// So many characters stand in a line of the poll's box, and so many lines beside the question; more need the whole width.
const LINE = 18;
const LINES = 12;

const number = (value) => value.toLocaleString("en-US");

function Bug({ scene }) {
  const programme = (!isChinese && scene.programme_en) || scene.programme;
  return html`<p class="bug"><b>${t("直播")}</b> <span>${programme}${scene.number === null ? "" : ` ${t("第 {number} 期", { number: scene.number })}`}</span></p>`;
}

/** Below on the left: the question on air with whoever answers it, else the segment that runs. */
function Lower({ scene }) {
  const { question, speaker, segment } = scene;
  if (!question && !segment) return null;
  const role = segment && ((!isChinese && segment.role_en) || segment.role);
  const head = speaker
    ? html`<p class="guest"><span>${t("正在答")}</span> <b>${speaker.name}</b> <span>${speaker.organisation}</span></p>`
    : segment && html`<p class="guest">${role && html`<span>${role}</span>`} <b>${segment.title}</b></p>`;
  return html`<section class="lower" aria-label=${t("环节和问题")}>${head}
    ${question && html`<div class="question"><blockquote class=${question.text.length > LONG ? "long" : ""}>${question.text}</blockquote>
      <p>${question.author}${question.supports ? html`　${t("{n} 人支持", { n: number(question.supports) })}` : ""}</p></div>`}
  </section>`;
}

function Choice({ poll, option, at }) {
  const words = optionWords(poll, option);
  if (poll.total === null || option.votes === null) return html`<div class="choice"><dt>${words}</dt></div>`;
  const part = share(poll, at, option.votes, poll.outcome, poll.total);
  return html`<div class="choice"><dt>${words}</dt><dd>${t("{n} 票", { n: number(option.votes) })}</dd><dd class="share">${part === null ? "" : `${part.toFixed(1)}%`}</dd>
    <svg aria-hidden="true"><rect class="track" width="100%" height="100%" /><rect class="bar" width="${Math.min(100, part || 0).toFixed(2)}%" height="100%" /></svg></div>`;
}

/** Whether its options need the whole width, in two columns. */
const isWide = (poll) => poll.options.reduce((lines, option) => lines + Math.ceil(option.text.length / LINE), 0) > LINES;

/** Counts with what they are of; nothing while they are hidden. */
function counted(poll) {
  if (poll.total === null) return "";
  const { outcome } = poll;
  const words = [t("共 {n} 票", { n: number(poll.total) })];
  if (outcome && outcome.eligible) words.push(t("{n} 人可投，投票率 {percent}%", { n: number(outcome.eligible), percent: Math.round((100 * poll.total) / outcome.eligible) }));
  if (outcome && outcome.scale) words.push(t("平均 {mean}，一致度 {agreement}", { mean: outcome.scale.mean.toFixed(2), agreement: outcome.scale.agreement.toFixed(2) }));
  return words.join(t("，"));
}

function Poll({ poll }) {
  const figures = counted(poll);
  const said = verdict(poll, poll.outcome);
  const state = poll.state === "open" ? t("正在投票") : t("投票已结束");
  return html`<section class=${isWide(poll) ? "poll wide" : "poll"} aria-label=${t("投票")}><h2>${poll.question}</h2>
    <dl class=${poll.options.length >= MANY ? "many" : ""}>${poll.options.map((option, at) => html`<${Choice} key=${option.id} poll=${poll} option=${option} at=${at} />`)}</dl>
    ${said && html`<p><b>${said}</b></p>`}
    <p class="quiet">${figures ? t("{state}，{counted}", { state, counted: figures }) : state}</p></section>`;
}

function Scene({ scene }) {
  if (!scene || !scene.shown) return null;
  return html`<div class=${scene.poll ? "beside" : ""}><${Bug} scene=${scene} />
    ${scene.announcement && html`<p class="line" role="status">${scene.announcement}</p>`}
    ${!(scene.poll && isWide(scene.poll)) && html`<${Lower} scene=${scene} />`}${scene.poll && html`<${Poll} poll=${scene.poll} />`}</div>`;
}

/** Nothing over the picture, rather than something that may have been taken down since. */
function show(scene) {
  render(html`<${Scene} scene=${scene} />`, place);
}

async function start() {
  await ready();
  listen(page, show, () => show(null));
}

start();
