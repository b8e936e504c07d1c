/* The run-down with its clocks, as the rail under the title shows it, and the question on air beside the picture. */

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
