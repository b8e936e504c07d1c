/* What was imposed on the author of an item, as moderators read it beside the item: what stands, with its end, and what was before. */

import htm from "htm";
import { h } from "preact";
import { t } from "../../broadcast/i18n.js";
import { count, day, hourMinute } from "./words.js";

const html = htm.bind(h);

const moment = (time) => `${day(time)} ${hourMinute(time)}`;
const measureWord = (each) => (each.measure === "ban" ? t("封禁") : t("禁言"));
const scopeWord = (each) => ({ device: t("这台设备"), network: t("这个网段") })[each.scope];
const whereWord = (each) => ({ room: t("这一场"), programme: t("这个节目"), house: t("所有节目") })[each.where];

/** 原因：广告引流; by whom, and the note that staff alone read. */
function why(each) {
  return html`<span>${t("原因：{reason}", { reason: each.reason_name })}</span>${each.by ? html`<span>${t("{name}决定", { name: each.by })}</span>` : ""}${each.note ? html`<span class="wrap">${t("备注：{note}", { note: each.note })}</span>` : ""}`;
}

/** One that stands now, with the button that ends it for whoever may. */
export function Bound({ desk, item, each }) {
  const lift = () => desk.plain({ type: "sanction.lift", sanction: each.id }, t("解除对{name}的限制", { name: item.author }));
  return html`<p class="xs facts-row bound"><b class="bad">${each.measure === "ban" ? t("封禁中") : t("禁言中")}${each.until ? t("，到 {clock}", { clock: moment(each.until) }) : t("，直到解除")}</b><span>${whereWord(each)}</span>${why(each)}
    ${each.may_lift && html`<button type="button" class="plain xs" onClick=${lift}>${t("解除")}</button>`}</p>`;
}

/** How it ended: lifted, by whom and when; else by its time. */
function endWord(each) {
  if (each.lifted_at) return t("{name}于 {at} 解除", { name: each.lifted_by, at: moment(each.lifted_at) });
  return each.until ? t("到 {at} 为止", { at: moment(each.until) }) : t("直到解除");
}

/** Those that are over; of devices and networks also those that stand, which no desk lists by author. */
export function Past({ rows }) {
  if (!rows.length) return null;
  return html`<div class="past"><p class="xs"><b>${t("限制记录 {n} 条", { n: count(rows.length) })}</b></p>
    <ul class="xs quiet">${rows.map((each) => html`<li key=${each.id} class="facts-row"><span class=${each.stands ? "bad" : ""}>${measureWord(each)}</span>${scopeWord(each) ? html`<span>${scopeWord(each)}</span>` : ""}<span>${whereWord(each)}</span>${why(each)}<span>${t("{at} 起", { at: moment(each.at) })}</span><span>${endWord(each)}</span>${each.lift_note ? html`<span class="wrap">${each.lift_note}</span>` : ""}</li>`)}</ul></div>`;
}
