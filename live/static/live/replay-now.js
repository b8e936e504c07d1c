/* The panel of the moment: what is on air there, and what was said and asked, following the picture; it shows what the page holds already. */

import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { usePlaying } from "./replay-controls.js";
import { reached, standing } from "./replay-map.js";
import { html, lasting } from "./view.js";

const BACK_AFTER_MS = 10_000;
const SHOWN = 200;
const KINDS = {
  "question.show": () => t("回答提问"),
  "question.answer": () => t("已答复"),
  "question.promise": () => t("书面承诺"),
  "poll.open": () => t("投票"),
  "poll.close": () => t("投票结束"),
  "call.start": () => t("听众来电"),
  segment: () => t("环节"),
  comment: () => t("评论"),
  gap: () => t("信号中断"),
  cut: () => t("切断"),
};

/** Draws it into the panel, and what is on air now also beside the picture. */
export function drawNow(replay, panel, beside) {
  render(html`<${Now} replay=${replay} panel=${panel} />`, panel);
  if (beside) render(html`<${Beside} replay=${replay} />`, beside);
}

function Now({ replay, panel }) {
  const playing = usePlaying(replay);
  const touched = useRef(0);
  const { marks, boot } = replay;
  const at = reached(marks, playing.time);
  useEffect(() => {
    const touch = () => (touched.current = Date.now());
    for (const name of ["wheel", "touchmove", "keydown"]) panel.addEventListener(name, touch, { passive: true });
  }, []);
  useEffect(() => {
    const row = panel.querySelector("li[aria-current]");
    if (row && Date.now() - touched.current > BACK_AFTER_MS) panel.scrollTop = row.offsetTop - panel.clientHeight / 2;
  }, [at, replay.tab]);
  const from = Math.max(0, Math.min(at - SHOWN / 2, marks.length - SHOWN));
  return html`
    <div class="onnow"><${Standing} replay=${replay} /></div>
    ${!marks.length && html`<p class="pad meta">${t("这一场没有标记的时刻。")}</p>`}
    <ol class="moments">${marks.slice(from, from + SHOWN).map((mark, index) => html`<li key=${from + index} aria-current=${from + index === at ? "true" : null}>
      <button type="button" class="link" aria-label=${t("跳到 {time}：{title}", { time: lasting(mark.offset), title: mark.title })} onClick=${() => replay.go(mark.offset)}>${lasting(mark.offset)}</button>
      <div><p class="who"><span class="kind">${(KINDS[mark.kind] || (() => ""))()}</span>${mark.author && html`<span>${mark.author}</span>`}${mark.kind === "comment" && html`<a class="report" href=${`${boot.urls.report}&kind=comment&item=${mark.comment}`}>${t("举报")}</a>`}</p><p>${mark.title}</p></div>
    </li>`)}</ol>`;
}

/** Beside the picture while the panel shows something else. */
function Beside({ replay }) {
  usePlaying(replay);
  return replay.tab === "now" ? null : html`<${Standing} replay=${replay} />`;
}

/** Question, call and poll that are on air at this second; how a poll ended gives way to what is spoken of now. */
function Standing({ replay }) {
  const { time } = usePlaying(replay);
  const { question, call, ...now } = standing(replay.marks, time);
  const poll = now.poll && (now.poll.kind === "poll.open" || !(question || call)) ? now.poll : null;
  return html`
    ${question && html`<section class="card at-question" data-question=${question.question}><p class="meta bits"><b>${t("正在回答")}</b>${question.author && html`<span>${question.author}</span>`}</p><h2>${question.title}</h2><${Copy} key=${question.question} ids=${["answer", "promise", "question"].map((each) => `${each}-${question.question}`)} pick=".reply" /></section>`}
    ${call && !question && html`<section class="card at-call"><p class="meta bits"><b>${t("听众来电")}</b></p><h2>${call.title}</h2></section>`}
    ${poll && html`<section class="card at-poll" data-poll=${poll.poll}><p class="meta bits"><b>${poll.kind === "poll.open" ? t("正在投票") : t("投票结束")}</b></p><h2>${poll.title}</h2>${poll.kind === "poll.close" && html`<${Copy} key=${poll.poll} ids=${[`poll-${poll.poll}`]} pick=".result" />`}</section>`}
  `;
}

/** What the server has drawn of it in the first of these rows of the contents, once more. */
function Copy({ ids, pick }) {
  const place = useRef(null);
  useEffect(() => {
    const row = ids.map((id) => document.getElementById(id)).find(Boolean);
    if (row && place.current) row.querySelectorAll(pick).forEach((each) => place.current.appendChild(each.cloneNode(true)));
  }, [ids[0]]);
  return html`<div ref=${place}></div>`;
}
