/* What will be or was discussed, the run-down as a table, who is there, and what came of the show; fetched when it is opened. */

import { t } from "../broadcast/i18n.js";
import { segments } from "./agenda.js";
import { all, mode, one } from "./reducer.js";
import { clock, count, html, lasting, useSecond, useStore } from "./view.js";

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
