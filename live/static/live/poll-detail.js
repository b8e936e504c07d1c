/* What of a result is read by few: by level of identity, against the earlier poll, what clerks entered, and the names; fetched when opened. */

import { useEffect, useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { optionWords } from "./poll-words.js";
import { clock, count, day, html } from "./view.js";

const NAMES_SHOWN = 200;

const levelWords = () => ({ 0: t("游客"), 10: t("合作平台用户"), 20: t("手机已验证"), 30: t("委员") });

/** One table: the options down, these columns across, the total below; each cell has votes and percent. */
function Table({ caption, poll, options, columns }) {
  return html`<table class="figures split"><caption>${caption}</caption>
    <thead><tr><th scope="col">${t("选项")}</th>${columns.map((column) => html`<th key=${column.name} scope="col" class="n">${column.name}</th>`)}</tr></thead>
    <tbody>${options.map((option, at) => html`<tr key=${option.id}><th scope="row">${optionWords(poll, option)}</th>
      ${columns.map((column) => html`<td key=${column.name} class="n">${count(column.votes[at])} <span class="note">${column.base ? Math.round((100 * column.votes[at]) / column.base) : 0}%</span></td>`)}</tr>`)}
      <tr><th scope="row">${t("合计")}</th>${columns.map((column) => html`<td key=${column.name} class="n">${t("{n} 票", { n: count(column.total) })}</td>`)}</tr></tbody></table>`;
}

/** All of it that there is. */
export function Detail({ poll, outcome, options, total }) {
  const { levels, earlier, entered } = outcome;
  const names = levelWords();
  const level = (each) => ({ name: each.levels.map((one) => names[one] || one).join("、"), votes: each.votes, total: each.total, base: each.total });
  const now = { name: t("这次"), votes: options.map((option) => option.votes), total, base: total };
  return html`
    ${levels.length > 0 && html`<${Table} caption=${t("按投票人的身份分，比例是各自票数中的")} poll=${poll} options=${options} columns=${levels.map(level)} />`}
    ${earlier && html`<${Table} caption=${t("和上次比：{day} {time} 的“{question}”", { day: day(earlier.at), time: clock(earlier.at), question: earlier.question })} poll=${poll} options=${options}
      columns=${[{ name: t("上次"), votes: earlier.votes, total: earlier.total, base: earlier.total }, now]} />
      ${earlier.scale && outcome.scale && html`<p class="meta">${t("平均 {before} → {now}，一致度 {agreed} → {agrees}", { before: earlier.scale.mean.toFixed(2), now: outcome.scale.mean.toFixed(2), agreed: earlier.scale.agreement.toFixed(2), agrees: outcome.scale.agreement.toFixed(2) })}</p>`}`}
    ${entered.length > 0 && html`<${Table} caption=${entered.every((each) => each.counted) ? t("工作人员代录的票，已计入总数") : t("工作人员代录的票，标明未计入的不在总数里")} poll=${poll} options=${options}
      columns=${entered.map((each) => ({ name: each.counted ? each.source : t("{source}（未计入）", { source: each.source }), votes: each.votes, total: each.total, base: each.total }))} />`}
    ${outcome.names && html`<${Names} poll=${poll} url=${outcome.names} />`}`;
}

/** Who voted how, of a named poll; the whole list has a page of its own. */
function Names({ poll, url }) {
  const [rows, show] = useState(null);
  useEffect(() => {
    fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } })
      .then((answer) => answer.json())
      .then((found) => show(found.ballots))
      .catch(() => {});
  }, [url]);
  const chosen = (row) => poll.options.filter((option) => row.options.includes(option.id)).map((option) => optionWords(poll, option)).join("、");
  return html`${rows && html`<table class="figures split"><caption>${t("谁投了什么")}</caption><thead><tr><th scope="col">${t("姓名")}</th><th scope="col">${t("选了什么")}</th></tr></thead>
      <tbody>${rows.slice(0, NAMES_SHOWN).map((row) => html`<tr><th scope="row" dir="auto">${row.name}</th><td>${chosen(row)}</td></tr>`)}</tbody></table>`}
    ${(!rows || rows.length > NAMES_SHOWN) && html`<p><a class="link" href=${url}>${t("看全部名单")}</a></p>`}`;
}
