/* The choice of questions that is offered to the host: by support, by time, so that all sides are there, or by lot; the host decides. */

import { t } from "../../broadcast/i18n.js";
import { html } from "./room-parts.js";
import { clock, count, stateWord } from "./words.js";

const SIZE = 5;
const words = () => ({ supports: t("支持最多"), recent: t("最近提出"), spread: t("各方都有"), draw: t("随机抽取") });
const told = () => ({
  supports: t("按支持人数从多到少。"),
  recent: t("按公开时间从新到旧。"),
  spread: t("每一条都代表还没有被代表的最多的支持者，界别和区也尽量不同。"),
  draw: t("机会均等，谁也不能挑；种子已记录，任何人都能重抽一遍。"),
});

/** The newest slate with its audit, and the ways to ask for another. */
export function Slate({ room }) {
  const [slate] = room.lane.panels.follow?.slates || [];
  const offer = (method) => room.run("slate", { type: "slate.offer", method, size: SIZE }, t("已选出，供主持人参考"));
  return html`<div class="slate">
    <p class="row">${Object.entries(words()).map(([method, word]) => html`<button type="button" key=${method} aria-pressed=${slate?.method === method ? "true" : "false"} disabled=${room.busy.has("slate")} onClick=${() => offer(method)}>${word}</button>`)}</p>
    ${slate ? html`<${Shown} room=${room} slate=${slate} />` : html`<p class="quiet">${t("选一种办法，从已公开的提问里挑出 {n} 条供主持人参考。用不用、先问哪条，由主持人定。", { n: SIZE })}</p>`}
  </div>`;
}

function Shown({ room, slate }) {
  const items = slate.questions.map((id) => room.lane.items.get(`question:${id}`)).filter(Boolean);
  const left = slate.left_out;
  const queue = (item) => room.run(`question:${item.id}`, { type: "question.queue", question: item.id, on: true }, t("放进提问单"));
  return html`
    <p class="xs quiet">${t("{time} 按“{method}”从 {n} 条里选出。", { time: clock(slate.at), method: words()[slate.method], n: count(slate.among) })}${told()[slate.method]}${slate.seed && html` <span class="seed">${t("种子 {seed}", { seed: slate.seed })}</span>`}</p>
    <ol class="marks">${items.map((item) => html`<li key=${item.id}><p class="spread"><span>${item.text}<br /><span class="quiet xs">${item.author}${item.district ? `　${item.district}` : ""}　${t("{n} 人支持", { n: count(item.supports) })}</span></span>
      ${item.state === "approved" ? html`<button type="button" disabled=${room.busy.has(`question:${item.id}`)} onClick=${() => queue(item)}>${t("放进提问单")}</button>` : html`<span class="quiet nowrap">${stateWord(item.state)}</span>`}</p></li>`)}</ol>
    ${left && left.people > 0 && left.all > 1 && html`<p class=${left.alpha >= 1 ? "xs warn" : "xs quiet"}>${left.alpha >= 1 ? t("有 {n} 人支持同一条却一条也没有选上（共 {all} 人参与），这样选不够有代表性。", { n: count(left.people), all: count(left.all) }) : t("没有选上任何一条的人里，最多 {n} 人意见一致（共 {all} 人参与），在合理范围内。", { n: count(left.people), all: count(left.all) })}</p>`}`;
}
