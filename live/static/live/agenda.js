/* What will be or was discussed, the run-down with its clocks, who is there; also the rail and the question on air beside the picture. */

import { t } from "../broadcast/i18n.js";
import { all, mode, one } from "./reducer.js";
import { clock, count, html, lasting, phrase, useSecond, useStore } from "./view.js";

/** The run-down with progress at `now`, as far as the public's picture is: state past, now, next or, once the show is over without it, missed; seconds done, and the start. */
export function segments(state, now, playing = 0) {
  const airing = one(state, "airing");
  if (!airing) return [];
  if (playing) return played(state, airing, playing);
  let starts = Date.parse(airing.planned_start);
  // The picture is behind the studio: it comes to a start at shown_from, and to the end as much later.
  const over = airing.state === "ended" && !(now < Date.parse(airing.actual_end) + airing.delay_seconds * 1000);
  return all(state, "segment").sort((a, b) => a.position - b.position).map((segment) => {
    const planned = starts;
    starts += segment.planned_seconds * 1000;
    if (!segment.started_at) return { segment, state: over ? "missed" : "next", done: 0, elapsed: 0, starts: new Date(planned).toISOString() };
    if (segment.ended_at || over) return { segment, state: "past", done: segment.planned_seconds, elapsed: 0, starts: segment.started_at };
    const elapsed = Math.max(0, (now - Date.parse(segment.shown_from || segment.started_at)) / 1000);
    return { segment, state: "now", done: Math.min(elapsed, segment.planned_seconds), elapsed, starts: segment.started_at };
  });
}

/** The run-down of a replay as of the moment that is playing. */
function played(state, airing, playing) {
  return all(state, "segment").sort((a, b) => a.position - b.position).map((segment) => {
    const part = { segment, starts: segment.started_at, elapsed: 0 };
    if (!segment.started_at) return { ...part, state: "missed", done: 0 };
    const start = Date.parse(segment.started_at);
    const end = Date.parse(segment.ended_at || airing.actual_end || segment.started_at);
    if (playing < start) return { ...part, state: "next", done: 0 };
    if (playing >= end) return { ...part, state: "past", done: segment.planned_seconds };
    const elapsed = (playing - start) / 1000;
    return { ...part, state: "now", done: (elapsed * segment.planned_seconds * 1000) / Math.max(end - start, 1), elapsed };
  });
}

const PART_WORDS = { past: () => t("已结束"), now: () => t("进行中"), next: () => t("未开始"), missed: () => t("没有进行") };

/** The rail under the title. */
export function Rail({ store, stage, names }) {
  const state = useStore(store);
  const now = useSecond(store);
  const before = mode(state) === "before";
  return html`<ol class="rail" aria-label=${t("各个环节")}>
    ${segments(state, now, mode(state) === "replay" && stage.player.state.date).map((part) => html`<li key=${part.segment.id} aria-current=${part.state === "now" ? "step" : null}>
      <progress max=${part.segment.planned_seconds} value=${Math.floor(part.done)} aria-label=${PART_WORDS[part.state]()}></progress>${names.segments[part.segment.role] || part.segment.role || part.segment.title}${part.state === "now" && html` <time>${lasting(part.elapsed)}</time>`}${part.state === "missed" && html` <span class="desk">${t("没有进行")}</span>`}${["past", "next"].includes(part.state) && html` <time class=${before ? "" : "desk"}>${clock(part.starts)}</time>`}
    </li>`)}
  </ol>`;
}

/** The question that is being answered, beside the picture. */
export function Answering({ store }) {
  const state = useStore(store);
  const question = all(state, "question").find((each) => each.state === "on_air");
  if (!question || mode(state) !== "live") return null;
  return html`<section class="answering" aria-label=${t("正在回答")}>
    <p class="who"><b class="state now">${t("正在回答")}</b><span>${t("{name}提问", { name: question.author })}</span><span>${t("{n} 人支持", { n: count(question.supports) })}</span>${question.to && html`<span>${t("问 {name}", { name: question.to })}</span>`}</p>
    <h2>${phrase(question.text)}</h2>
  </section>`;
}

/** The panel of the agenda. */
export function Agenda({ room }) {
  const state = useStore(room.store);
  const now = useSecond(room.store);
  const { points } = room.boot;
  const parts = segments(state, now);
  const people = all(state, "person").sort((a, b) => a.position - b.position);
  const before = mode(state) === "before";
  const airing = one(state, "airing") || {};
  return html`
    <section class="panel" id="panel" aria-label=${t("议程")} tabindex="0"><h2 class="hidden">${t("议程")}</h2><div class="pad">
      ${mode(state) === "ended" && html`<${Facts} state=${state} />`}
      ${room.boot.urls.figures && html`<p><a class="link" href=${room.boot.urls.figures}>${t("看审核数字")}</a></p>`}
      ${points.length > 0 && html`<h3>${t("本期议什么")}</h3>`}
      ${points.length > 1 && html`<ol class="points">${points.map((point) => html`<li>${point}</li>`)}</ol>`}
      ${points.length === 1 && html`<p class="lead">${points[0]}</p>`}
      ${parts.length > 0 && html`<h3>${t("各个环节")}</h3><table class="rundown"><caption class="hidden">${t("各环节的时间和进度")}</caption><tbody>
        ${parts.map((part) => html`<tr key=${part.segment.id} aria-current=${part.state === "now" ? "step" : null}>
          <td class="mark">${part.segment.mark}</td><th scope="row">${part.segment.title}</th><td>${part.state !== "missed" && html`<time>${clock(part.starts)}</time>`}</td>
          <td>${part.state === "missed" ? t("没有进行") : part.state === "next" ? t("计划 {n}", { n: lasting(part.segment.planned_seconds) }) : part.state === "now" ? t("进行中 {n}", { n: lasting(part.elapsed) }) : t("已结束")}</td>
        </tr>`)}
      </tbody></table>`}
      ${people.length > 0 && html`<h3>${t("到场")}</h3><ul class="people">
        ${people.map((person) => html`<li key=${person.key}><b>${person.name}</b> <span class="role">${room.boot.names.people[person.role] || person.role_name}</span>${person.organisation && html` <span class="meta">${person.organisation}</span>`}</li>`)}
      </ul>`}
    </div></section>
    ${before && !room.elder && html`<nav class="two" aria-label=${t("参与")}>
      <a class="button" href="?tab=talk" onClick=${(event) => room.open(event, "talk")}>${t("看讨论")}</a>
      ${airing.questions !== "off" && html`<a class="button main" href="?tab=ask" onClick=${(event) => room.open(event, "ask", true)}>${t("先提问题")}</a>`}
    </nav>`}
    ${mode(state) === "ended" && all(state, "poll").length > 0 && html`<nav class="two" aria-label=${t("本场结果")}>
      <a class="button" href="?tab=vote" onClick=${(event) => room.open(event, "vote")}>${t("看投票结果")}</a>
      <a class="button" href="?tab=ask" onClick=${(event) => room.open(event, "ask")}>${t("看提问")}</a>
    </nav>`}
  `;
}

function Facts({ state }) {
  const counts = one(state, "counts") || { questions: 0, comments: 0, likes: 0 };
  const answered = all(state, "question").filter((question) => question.state === "answered").length;
  return html`<h3>${t("本场结果")}</h3><dl class="facts">
    <dt>${t("提问")}</dt><dd>${t("公开 {n} 条，当场答复 {m} 条", { n: count(counts.questions), m: count(answered) })}</dd>
    <dt>${t("投票")}</dt><dd>${t("{n} 项", { n: all(state, "poll").length })}</dd>
    <dt>${t("讨论")}</dt><dd>${t("公开 {n} 条", { n: count(counts.comments) })}</dd>
    <dt>${t("点赞")}</dt><dd>${t("{n} 次", { n: count(counts.likes) })}</dd>
  </dl>`;
}
