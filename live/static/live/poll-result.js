/* How a poll came out, for viewers: one table that is also the chart, with total, base and turnout beside every percent; it fetches nothing. */

import { useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { keepAsking } from "./lazy.js";
import { bases, hidden, optionWords, percent, verdict } from "./poll-words.js";
import { clock, count, html } from "./view.js";

/** The counts this reader may see: everybody's, else those that came with the own ballot; null while there are none. */
export function seen(poll, ballot) {
  const open = (options) => options.every((option) => option.votes !== null);
  if (open(poll.options)) return { options: poll.options, total: poll.total, outcome: poll.outcome };
  return ballot && ballot.result && open(ballot.result) ? { options: ballot.result, total: ballot.total, outcome: ballot.outcome } : null;
}

/** The result, or why there is none yet; `own` are the ids of what the reader chose. */
export function Result({ poll, ballot, own }) {
  const found = seen(poll, ballot);
  if (!found) return html`<p class="meta">${hidden(poll)}</p>`;
  const { options, outcome } = found;
  const sum = found.total === null || found.total === undefined ? options.reduce((soFar, option) => soFar + option.votes, 0) : found.total;
  const base = outcome ? outcome.base_count : sum;
  const ends = poll.ends_at || poll.closes_at;
  const said = verdict(poll, outcome);
  return html`
    ${said && html`<p><b>${said}</b></p>`}
    <table class="result">
      <caption class="hidden">${t("各选项的票数和比例")}</caption>
      <tbody>
        ${options.map((option, at) => html`
          <tr key=${`t${option.id}`} class=${own.has(option.id) ? "mine" : ""}><th scope="row">${optionWords(poll, option)}${own.has(option.id) && html` <span class="role">${t("您选的")}</span>`}</th><td>${t("{n} 票", { n: count(option.votes) })}</td><td>${percent(poll, at, option.votes, outcome, sum)}</td></tr>
          <tr key=${`b${option.id}`} class="bar" aria-hidden="true"><td colspan="3"><progress max=${base || 1} value=${option.votes}></progress></td></tr>`)}
      </tbody>
    </table>
    ${outcome && outcome.scale && html`<p class="meta">${t("平均 {mean}，一致度 {agreement}（1 完全一致，0 分散，−1 两极）", { mean: outcome.scale.mean.toFixed(2), agreement: outcome.scale.agreement.toFixed(2) })}</p>`}
    <p class="meta bits"><span>${t("共 {n} 票", { n: count(sum) })}</span>${bases(poll, outcome, sum).map((words) => html`<span key=${words}>${words}</span>`)}${poll.on_behalf > 0 && html`<span>${t("其中电话代投 {n} 票", { n: count(poll.on_behalf) })}</span>`}${poll.state === "open" && poll.revote !== "never" && html`<span>${ends ? t("可在 {time} 结束前修改", { time: clock(ends) }) : t("可在结束前修改")}</span>`}</p>
    <${More} poll=${poll} outcome=${outcome} options=${options} total=${sum} />
  `;
}

/** By level, against the time before, what was entered, who voted how: opened by hand, and only then fetched. */
function More({ poll, outcome, options, total }) {
  const [Detail, show] = useState(null);
  if (!outcome || !(outcome.levels.length || outcome.earlier || outcome.entered.length || outcome.names)) return null;
  const fetchIt = (event) => {
    if (!event.target.open || Detail) return;
    keepAsking("poll-detail", () => import("./poll-detail.js")).then((found) => show(() => found.Detail));
  };
  const words = [outcome.levels.length && t("按身份分"), outcome.earlier && t("和上次比"), outcome.entered.length && t("代录的票"), outcome.names && t("谁投了什么")].filter(Boolean);
  return html`<details onToggle=${fetchIt}><summary class="link">${words.join("、")}</summary>${Detail && html`<${Detail} poll=${poll} outcome=${outcome} options=${options} total=${total} />`}</details>`;
}
