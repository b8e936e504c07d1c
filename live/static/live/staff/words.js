/* Times, numbers and states in words, the same on desk, control room and host's page; pure. */

import { t } from "../../broadcast/i18n.js";
import { clock, day, hourMinute, length } from "../../broadcast/times.js";

export { clock, day, hourMinute };

const countFormat = new Intl.NumberFormat("en-US");

/** 47:12, or 1:02:03 from an hour on; whole seconds, never negative. */
export const span = (ms) => length(Math.floor(ms / 1000));

/** +01:25 or −00:20. */
export const signed = (ms) => `${ms < 0 ? "−" : "+"}${span(Math.abs(ms))}`;

/** What is added while the public's delayed picture has not come to it: ，公众 12 秒后看到. `from` is an ISO time or ms. */
export function unseen(from, now) {
  const left = Math.ceil(((typeof from === "string" ? Date.parse(from) : from) - now) / 1000);
  return left > 0 ? t("，公众 {n} 秒后看到", { n: left }) : "";
}

/** 3,058. */
export const count = (value) => countFormat.format(Number(value || 0));

export const kindWord = (kind) => (kind === "question" ? t("观众提问") : t("观众评论"));

/** The state of an item, in the words that authors and staff share. */
export function stateWord(state) {
  const words = {
    pending: t("待审核"),
    held: t("暂扣"),
    second: t("待复审"),
    escalated: t("已上报"),
    approved: t("已公开"),
    queued: t("在提问单"),
    on_air: t("正在答"),
    answered: t("已答"),
    promised: t("待书面答复"),
    closed: t("已了结"),
    rejected: t("未通过"),
    withdrawn: t("已撤下"),
    retracted: t("作者撤回"),
    merged: t("已合并"),
  };
  return words[state] || state;
}

/** What a moderator does, as a verb. */
export function actWord(verb) {
  const words = {
    approve: t("批准"),
    reject: t("退回"),
    hold: t("暂扣"),
    escalate: t("上报"),
    withdraw: t("撤下"),
    reopen: t("放回待审"),
    undo: t("撤销"),
    dismiss: t("保留公开"),
    grant: t("申诉成立"),
    keep: t("维持原决定"),
    merge: t("合并"),
    unmerge: t("拆开"),
    claim: t("认领"),
    release: t("放回"),
    restore: t("恢复"),
    false_hit: t("报误报"),
  };
  return words[verb] || verb;
}

/** What colours a state's word. */
export const stateClass = (state) =>
  ({ approved: "ok", queued: "ok", on_air: "ok", answered: "ok", promised: "warn", closed: "quiet", rejected: "bad", withdrawn: "bad", held: "warn", second: "warn", escalated: "warn" })[state] || "quiet";

export function airingWord(state) {
  const words = { planned: t("已安排"), waiting: t("候播"), on_air: t("直播中"), ended: t("已结束"), cancelled: t("已取消") };
  return words[state] || state;
}

/** A reason's code in the words of this committee. */
export function reasonWord(page, code) {
  return page.reasons.find((reason) => reason.code === code)?.name || code;
}

export function assuranceWord(page, value) {
  return page.assurances.find((each) => each.value === value)?.name || String(value);
}

/** 委员议事厅 第 117 期. */
export function showName(page) {
  return page.number ? `${page.programme} ${t("第 {number} 期", { number: page.number })}` : page.programme;
}

/** 1 天, 3 小时, 10 分钟, 30 秒: a length in the largest whole unit. */
export function lengthWord(seconds) {
  for (const [unit, word] of [[86400, t("{n} 天")], [3600, t("{n} 小时")], [60, t("{n} 分钟")]]) {
    if (seconds >= unit && seconds % unit === 0) return word.replace("{n}", String(seconds / unit));
  }
  return t("{n} 秒", { n: seconds });
}

/** 23 小时 41 分 or 12 分: what is left until a time, never negative. */
export function leftWord(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60000));
  return minutes >= 60 ? t("{h} 小时 {m} 分", { h: Math.floor(minutes / 60), m: minutes % 60 }) : t("{m} 分", { m: minutes });
}
