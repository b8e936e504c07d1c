/* The control room's view of pressure: what is thinned and why, what was measured, what was dropped; who runs the show may hold a level. */

import { t } from "../../broadcast/i18n.js";
import { html } from "./room-parts.js";
import { clock, count } from "./words.js";

/** What each level does, in the order in which a room gives way. */
const LEVELS = () => [
  t("不减"),
  t("点赞攒着报"),
  t("弹幕减半，评论抽签显示"),
  t("弹幕停，提问放慢"),
  t("刷新放慢到 1 秒"),
  t("刷新放慢到 1.5 秒"),
];

const MEASURES = () => ({
  loop: [t("程序延迟"), "s"],
  tick: [t("合成一次刷新"), "s"],
  fan: [t("发给所有连接"), "s"],
  batch: [t("写入一批"), "s"],
  answer: [t("等到回执"), "s"],
  waiting: [t("等待写入"), "n"],
  behind: [t("跟不上的连接"), "%"],
});

const DROPS = () => ({
  skipped_ticks: t("慢连接跳过的刷新"),
  caught_up: t("慢连接补上整页"),
  closed_slow: t("太慢而断开的连接"),
  lost_own: t("没送到本人的回执"),
  stale_ticks: t("重复或过时的刷新"),
  refused_writes: t("写不过来，请稍后再试"),
  refused_fast: t("发得太快，请稍后再试"),
  refused_sockets: t("没有位置，改为刷新"),
  staff_frames: t("没送到工作人员的更新"),
  lost_on_bus: t("总线没有回应"),
  lost_hints: t("没发出的提示"),
  likes: t("没有计入的点赞"),
  strange_reports: t("读不懂的报告"),
});

function value(measure) {
  const [, unit] = MEASURES()[measure.name] || ["", "s"];
  if (unit === "n") return t("{n} 条", { n: count(measure.value) });
  if (unit === "%") return `${Math.round(measure.value * 100)}%`;
  return measure.value < 0.995 ? t("{n} 毫秒", { n: Math.round(measure.value * 1000) }) : t("{n} 秒", { n: measure.value.toFixed(1) });
}

function why(change) {
  if (change.why === "hand") return change.held ? t("{name} 定在这一级", { name: change.by || t("同事") }) : t("{name} 交回自动", { name: change.by || t("同事") });
  if (change.why === "calm") return t("压力退了");
  const [name] = MEASURES()[change.why] || [t("压力")];
  return t("{name}太高", { name });
}

function Measures({ measures }) {
  if (!measures.length) return html`<p class="xs quiet">${t("还没有读数。")}</p>`;
  return html`<table class="xs measures"><caption class="vh">${t("压力读数，100% 为太高")}</caption><tbody>
    ${measures.map((each) => {
      const [name] = MEASURES()[each.name] || [each.name];
      const tone = each.pressure >= 1 ? "bad" : each.pressure >= 0.5 ? "warn" : "ok";
      return html`<tr key=${each.name}><th scope="row">${name}</th><td class="n">${value(each)}</td><td><progress max="1" value=${Math.min(1, each.pressure)} aria-hidden="true"></progress></td><td class=${`n ${tone}`}>${Math.round(each.pressure * 100)}%</td></tr>`;
    })}
  </tbody></table>`;
}

/** The level by hand: one button a level, and back to automatic. */
function Hold({ room, load }) {
  const busy = room.busy.has("level");
  const set = (act, words) => () => room.run("level", { type: "act.perform", act, reason: "" }, words);
  const names = LEVELS();
  const hold = (level) => {
    const act = set(`level.hold:${level}`, t("已定在第 {n} 级", { n: level }));
    if (level <= load.level) return act;
    return () => room.ask({
      title: t("定在第 {n} 级？", { n: level }),
      lines: [t("到这一级为止都减：{what}。", { what: names.slice(1, level + 1).join(t("、")) }), t("投票和播出不受影响。不再随压力变，直到交回自动。")],
      verb: t("定在第 {n} 级", { n: level }),
      act,
    });
  };
  return html`<div class="levels" role="group" aria-label=${t("定在哪一级")}>
    <button type="button" class=${load.held ? "" : "chosen"} aria-pressed=${load.held ? "false" : "true"} disabled=${busy} onClick=${load.held ? set("level.release", t("已交回自动")) : null}>${t("自动")}</button>
    ${names.map((name, level) => html`<button key=${level} type="button" title=${name} class=${load.held && load.level === level ? "chosen" : ""} aria-pressed=${load.held && load.level === level ? "true" : "false"} disabled=${busy} onClick=${load.held && load.level === level ? null : hold(level)}><span class="vh">${t("第 {n} 级：{name}", { n: level, name })}</span><span aria-hidden="true">${level}</span></button>`)}
  </div>`;
}

/** Below the run-down, which it must not push away: the level and why; what was measured, and the level by hand, for whoever opens it. */
export function Load({ room }) {
  const load = room.lane.panels.load;
  if (!load || room.state === "ended" || room.state === "cancelled") return null;
  const names = LEVELS();
  const last = load.changes[0];
  const thinned = load.level > 0;
  const drops = Object.entries(load.drops);
  const word = thinned ? t("第 {n} 级，{name}", { n: load.level, name: names[load.level] }) : t("正常");
  return html`<details class="pane load">
    <summary><h2>${t("压力")}</h2> <b class=${thinned ? "warn" : "ok"}>${word}</b>${load.held && html`<span class="tag warn">${t("人工")}</span>`}${last && html`<span class="xs quiet why">${clock(last.at)} ${why(last)}</span>`}</summary>
    ${thinned && html`<p class="xs">${t("现在减的：{what}。投票和播出不减。", { what: names.slice(1, load.level + 1).join(t("、")) })}</p>`}
    ${load.percent < 100 && html`<p class="xs warn">${t("评论列表约显示 {n}%，页面上已说明。", { n: load.percent })}</p>`}
    <${Measures} measures=${load.measures} />
    ${load.may_hold && html`<${Hold} room=${room} load=${load} />`}
    <details class="xs"><summary class="quiet">${drops.length ? t("没有送到或没有收下的，{n} 种", { n: drops.length }) : t("没有丢下什么")}</summary>
      ${drops.length > 0 && html`<table><tbody>${drops.map(([name, many]) => html`<tr key=${name}><th scope="row">${DROPS()[name] || name}</th><td class="n">${t("{n} 次", { n: count(many) })}</td></tr>`)}</tbody></table>`}
      <p class="quiet">${t("{n} 个服务进程启动以来合计。", { n: load.processes })}</p></details>
    ${load.changes.length > 1 && html`<details class="xs"><summary class="quiet">${t("最近 {n} 次变动", { n: load.changes.length })}</summary>
      <ol>${load.changes.map((each) => html`<li key=${each.at + each.level}>${clock(each.at)} ${t("第 {n} 级", { n: each.level })} <span class="quiet">${why(each)}</span></li>`)}</ol></details>`}
  </details>`;
}
