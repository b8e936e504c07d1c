/* The replay's list of moments: questions, polls, segments and comments at their time; it follows the picture and a touch goes there. */

import { useEffect, useRef, useState } from "preact/hooks";
import { t, tc } from "../broadcast/i18n.js";
import { OwnKept } from "./own.js";
import { offsetOf } from "./replay-map.js";
import { Report, Upheld } from "./report.js";
import { clock, html, lasting, useStore } from "./view.js";

const BACK_AFTER_MS = 10_000;

/** Fetches marks and spans of the replay; gives the marks with `offset`, the earliest first, or throws. */
export async function fetchMarks(urls) {
  const options = { credentials: "same-origin", headers: { Accept: "application/json" } };
  const [marks, spans] = await Promise.all(
    [urls.timeline, urls.spans].map(async (url) => {
      const answer = await fetch(url, options);
      if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
      return answer.json();
    }),
  );
  return marks.marks
    .map((mark) => ({ ...mark, offset: offsetOf(spans.spans, mark.at) }))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

const KINDS = {
  question: () => tc("一条", "提问"), call: () => t("听众来电"), poll: () => t("投票"), segment: () => t("环节"), comment: () => t("评论"), airing: () => t("节目"), output: () => t("播出"),
};

/** 提问, 投票 … of a mark; its kind may be finer, such as question.answered. */
function word(kind) {
  const [first, rest] = String(kind).split(".");
  if (first === "question" && rest === "answered") return t("已答复");
  if (first === "question" && (rest === "on_air" || rest === "show" || rest === "shown")) return t("回答提问");
  if (first === "question" && rest === "promise") return t("书面承诺");
  if (first === "poll" && (rest === "closed" || rest === "close")) return t("投票结束");
  return (KINDS[first] || (() => ""))();
}

/** The panel of moments. */
export function Moments({ room }) {
  const state = useStore(room.store);
  const [playing, setPlaying] = useState(room.stage.player.state);
  const place = useRef(null);
  const touched = useRef(0);
  useEffect(() => room.stage.watch(setPlaying), [room]);
  const marks = state.marks;
  const at = current(marks || [], playing.time);
  useEffect(() => {
    const row = place.current && place.current.querySelector("[aria-current]");
    if (row && Date.now() - touched.current > BACK_AFTER_MS) {
      const panel = place.current;
      panel.scrollTop = row.offsetTop - panel.clientHeight / 3;
    }
  }, [at]);
  const touch = () => {
    touched.current = Date.now();
  };
  const go = (mark) => {
    touched.current = 0;
    room.stage.player.seek(mark.offset);
    room.stage.player.play();
  };
  return html`<section class="panel" id="panel" ref=${place} onWheel=${touch} onTouchMove=${touch} onKeyDown=${touch} aria-label=${t("此刻")} tabindex="0">
    <h2 class="hidden">${t("此刻")}</h2>
    ${!marks && html`<p class="pad meta">${state.marksFailed ? t("时刻表暂时取不到，正在重试。") : t("正在取时刻表…")}</p>`}
    ${marks && !marks.length && html`<p class="pad meta">${t("这一场没有标记的时刻。")}</p>`}
    <${Upheld} room=${room} />
    <${OwnKept} room=${room} />
    <ol class="moments">
      ${(marks || []).map((mark, index) => html`<li key=${index} aria-current=${index === at ? "true" : null}>
        ${mark.offset === null ? html`<time>${clock(mark.at)}</time>` : html`<button type="button" class="link" aria-label=${t("跳到 {time}：{title}", { time: lasting(mark.offset), title: mark.title || word(mark.kind) })} onClick=${() => go(mark)}>${lasting(mark.offset)}</button>`}
        <div><p class="who"><span class="kind">${word(mark.kind)}</span>${mark.author && html`<span>${mark.author}</span>`}</p><p>${mark.title || mark.text || ""}</p></div>
        <${ReportMark} room=${room} mark=${mark} />
      </li>`)}
    </ol>
  </section>`;
}

/** Marks of what citizens wrote can be reported as in the hall. */
function ReportMark({ room, mark }) {
  const kind = mark.comment ? "comment" : mark.question ? "question" : "";
  const id = mark[kind];
  if (!kind || room.store.state.mine.items.has(`${kind}:${id}`)) return null;
  return html`<${Report} room=${room} kind=${kind} id=${id} author=${mark.author || ""} text=${mark.title || ""} />`;
}

/** Index of the last mark that the picture has reached, or -1. */
function current(marks, time) {
  let found = -1;
  marks.forEach((mark, index) => {
    if (mark.offset !== null && mark.offset <= time + 0.5) found = index;
  });
  return found;
}
