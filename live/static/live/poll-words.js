/* What a poll is in words, for its form and its result: terms, who may vote, why nothing is shown, what the percents are of; pure. */

import { t } from "../broadcast/i18n.js";
import { clock, count } from "./view.js";

/** An option in the reader's language: those that the kinds bring along are ours, all others stay as they were written. */
export function optionWords(poll, option) {
  if (poll.poll_kind === "approval") return { 赞成: t("赞成"), 反对: t("反对"), 弃权: t("弃权") }[option.text] || option.text;
  if (poll.poll_kind !== "satisfaction") return option.text;
  return { 满意: t("满意"), 基本满意: t("基本满意"), 不满意: t("不满意"), 不了解: t("不了解") }[option.text] || option.text;
}

/** How many may be chosen; "" where it is one. */
export function howMany(poll) {
  if (poll.most <= 1) return "";
  if (poll.fewest === poll.most) return t("选 {n} 项", { n: poll.most });
  return poll.fewest > 1 ? t("选 {least} 到 {most} 项", { least: poll.fewest, most: poll.most }) : t("最多选 {n} 项", { n: poll.most });
}

/** What holds for the ballot, told before it is cast: secret or named, and until when it can be changed. */
export function terms(poll) {
  const named = poll.secrecy === "named" ? t("记名投票：公布结果时，会写出您的名字和您选了什么。") : t("每人 1 票，不公开您选了什么。");
  if (poll.revote === "never") return named + t("确认后不能修改。");
  return named + (poll.closes_at ? t("{time} 结束前可以修改。", { time: clock(poll.ends_at || poll.closes_at) }) : t("结束前可以修改。"));
}

/** Why there are no counts to be seen, and when there will be. */
export function hidden(poll) {
  if (poll.state === "void") return t("作废原因：{reason}", { reason: poll.void_reason });
  if (poll.results === "after_vote") return t("投票后可以看到结果。");
  if (poll.results === "never") return t("这项投票的结果不在页面公布。");
  if (poll.results === "after_publication") return poll.state === "open" ? t("结果在投票结束、核对后公布。") : t("投票已结束，结果待公布。");
  return poll.closes_at && poll.state === "open" ? t("结果在 {time} 投票结束后公布。", { time: clock(poll.ends_at || poll.closes_at) }) : t("结果在投票结束后公布。");
}

/** 通过, or not, or no verdict, with the votes it took; "" where there is no rule, or the poll is not over. */
export function verdict(poll, outcome) {
  const found = outcome && outcome.verdict;
  if (!found || poll.state !== "closed") return "";
  const names = poll.options.filter((option) => found.options.includes(option.id)).map((option) => optionWords(poll, option)).join("、");
  const figures = t(found.needed > 1 ? t("要 {needed} 票，得 {votes} 票") : t("得 {votes} 票"), { needed: count(found.needed), votes: count(found.votes) });
  const motion = poll.poll_kind === "approval";
  if (found.outcome === "no_quorum") return t("不足 {n} 票，没有结论", { n: count(found.quorum) });
  if (found.outcome === "tied") return names ? t("票数相同，没有结论：{names}", { names }) : t("票数相同，没有结论");
  if (found.outcome === "accepted") return motion ? t("通过（{figures}）", { figures }) : t("达到要求：{names}（{figures}）", { names, figures });
  return motion ? t("没有通过（{figures}）", { figures }) : t("没有选项达到要求（{figures}）", { figures });
}

/** Who may vote, where not everybody may; "" where everybody may. */
export function voters(poll) {
  return { members: t("委员投票"), codes: t("凭投票码投票"), roll: t("名单上的人投票") }[poll.electorate] || "";
}

/** An option's share of what `base` says, in percent; null for those who take no side where only the others count. */
export function share(poll, at, votes, outcome, total) {
  if (outcome && outcome.base === "cast" && ["approval", "satisfaction"].includes(poll.poll_kind) && at === poll.options.length - 1) return null;
  const base = outcome ? outcome.base_count : total;
  return base ? (100 * votes) / base : 0;
}

/** The same in words: 42%, or nothing. */
export function percent(poll, at, votes, outcome, total) {
  const found = share(poll, at, votes, outcome, total);
  return found === null ? "" : `${Math.round(found)}%`;
}

/** What the percents are of, and how many of those who may vote did. */
export function bases(poll, outcome, total) {
  const words = [];
  if (outcome && outcome.eligible) words.push(t("{n} 人可投，投票率 {percent}%", { n: count(outcome.eligible), percent: Math.round((100 * total) / outcome.eligible) }));
  else if (outcome && outcome.active) {
    // Who voted on paper is not counted among those who took part in the room.
    const own = outcome.entered.reduce((sum, each) => sum - (each.counted ? each.total : 0), total);
    words.push(t("参与本场的 {n} 人里 {percent}% 投了票", { n: count(outcome.active), percent: Math.round((100 * own) / outcome.active) }));
  }
  else words.push(t("投票人数不限"));
  if (poll.most > 1) words.push(t("可选多项，比例相加会超过 100%"));
  if (outcome && outcome.base === "cast" && outcome.base_count !== total) words.push(t("比例按表态的 {n} 票算", { n: count(outcome.base_count) }));
  if (outcome && outcome.base === "eligible") words.push(t("比例按可投的 {n} 人算", { n: count(outcome.base_count) }));
  return words;
}
