/* One item in full: its words with what rules found, its author's history, those like it, what was done with it; it decides nothing. */

import htm from "htm";
import { h } from "preact";
import { t, tc } from "../../broadcast/i18n.js";
import { Acts, Said } from "./desk-foot.js";
import { Bound, Past } from "./desk-sanctions.js";
import { Marked, foundSpans, itemTitle, ruleOf } from "./desk-parts.js";
import { PUBLIC, WAITING, masked, mine, proposedMask, queuesOf, reporters, standing } from "./desk-queues.js";
import { Voice } from "./desk-voices.js";
import { keyOf } from "./staff-socket.js";
import { actWord, assuranceWord, clock, count, leftWord, reasonWord, span, stateClass, stateWord } from "./words.js";

const html = htm.bind(h);
const SHOWN = 6;

export function emptyWords(desk) {
  if (!desk.seenSnapshot) return t("正在连接…");
  if (desk.search || desk.kind || desk.rule) return t("没有符合的内容。清空搜索，或换一个类型。");
  return {
    todo: t("都处理完了。新来的会出现在这里。"), pending: t("没有待审核的。新来的会出现在这里。"), held: t("没有被规则暂扣的。"), second: t("没有等复审的。"),
    reported: t("没有被举报的。"), unseen: t("都看过了。"), escalated: t("没有上报的。"), appeals: t("没有申诉。"),
    public: t("还没有公开的内容。"), rejected: t("还没有退回的内容。"), withdrawn: t("还没有撤下的内容。"), merged: t("还没有合并的提问。"),
  }[desk.queue];
}

/** 节目 45:24: where the show was when it came; "" off air. */
function showTime(desk, at) {
  const start = desk.lane.object("airing")?.actual_start;
  const ms = start ? Date.parse(at) - Date.parse(start) : -1;
  return ms >= 0 ? t("节目 {span}", { span: span(ms) }) : "";
}

function Head({ desk, item, watch }) {
  const now = desk.lane.now();
  const own = mine(item, desk.me, now);
  const taken = desk.taken(item);
  const open = WAITING.includes(item.state) || queuesOf(item, desk.me).includes("todo");
  return html`<div class="strip">
    <h2 id="t">${itemTitle(item)}</h2>
    <span class=${`tag ${stateClass(item.state)}`}>${item.state === "held" && item.hits.length ? t("规则暂扣") : stateWord(item.state)}</span>
    <span class="quiet xs came"><span>${t("{clock} 收到", { clock: clock(item.at) })}</span><span>${showTime(desk, item.at)}</span><span>${item.source || t("本站")}</span></span>
    ${WAITING.includes(item.state) && html`<span class=${now - Date.parse(item.since || item.at) > desk.alarmMs ? "xs bad phone-words" : "xs phone-words"}>${t("已等 {age}", { age: span(now - Date.parse(item.since || item.at)) })}</span>`}
    ${own ? html`<span class="push xs nowrap" role="timer" aria-live="off"><span class="desk-words">${t("您在处理，还剩")}</span><span class="phone-words">${t("还剩")}</span> <b>${span(Date.parse(own.until) - now)}</b></span>`
      : taken ? html`<span class="push xs bad nowrap">${t("{name}在处理，还剩 {left}", { name: taken.name, left: span(Date.parse(taken.until) - now) })}</span>` : ""}
    ${open && desk.mayAct && html`<button type="button" class=${own || taken ? "xs claim" : "xs claim push"} aria-keyshortcuts="Enter" disabled=${Boolean(taken) && !desk.me.lead} onClick=${() => watch.toggleClaim()}>${own ? t("放回") : taken && desk.me.lead ? t("接手") : t("认领")} <kbd>Enter</kbd></button>`}
  </div>`;
}

/** What rules found: each with its words, what the public would see instead, and the key that says it was wrong. */
function Hits({ desk, item }) {
  const [first] = standing(item);
  return html`${item.hits.map((hit) => html`<div key=${hit.rule} class=${hit.false ? "note spread hit" : "note warn spread hit"}>
    <p><b>${hit.late ? t("公开以后查到 {code} {name}", { code: hit.code, name: hit.name }) : t("命中规则 {code} {name}", { code: hit.code, name: hit.name })}</b><b class="desk-words">${t("，动作：{action}", { action: actionWord(hit.action) })}</b>${hit.false ? html` <span class="tag">${t("已报误报")}</span>` : ""}
      <br /><span class="xs">${hitWords(item, hit)}</span></p>
    ${desk.mayAct && html`<span class="row">${!hit.false && desk.ruleCount(hit.code) > 1 && html`<button type="button" aria-keyshortcuts=${hit === first ? "b" : undefined} onClick=${() => desk.selectRule(hit.code)}>${t("同规则 {n} 条全选", { n: count(desk.ruleCount(hit.code)) })} ${hit === first && html`<kbd>b</kbd>`}</button>`}
      <button type="button" aria-keyshortcuts=${hit === first ? "f" : undefined} onClick=${() => desk.falseHit([hit])}>${hit.false ? t("不是误报") : t("误报")} ${hit === first && html`<kbd>f</kbd>`}</button></span>`}
  </div>`)}`;
}

const actionWord = (action) => ({ hold: t("暂扣"), reject: t("退回"), mask: t("蒙字") })[action] || action;

function hitWords(item, hit) {
  const points = [...item.text];
  const found = hit.spans.map(([first, end]) => points.slice(first, end).join(""));
  if (!found.length) return t("整条命中，没有单独的字。");
  const hidden = hit.spans.map(([first, end]) => "■".repeat(end - first));
  return t("原文“{found}”。蒙字后公众看到“{hidden}”。", { found: found.join(t("”“")), hidden: hidden.join(t("”“")) });
}

function Reports({ desk, item, detail }) {
  if (!item.reports) return null;
  const told = detail?.reports || [];
  return html`<section><h3>${reporters(item) > 0 ? t("{n} 人举报", { n: reporters(item) }) : t("规则补查到，没有人举报")} <span class="quiet xs">${item.report_reasons.map((code) => reasonWord(desk.page, code)).join(t("、"))}</span></h3>
    ${told.length > 0 && html`<table><tbody>${told.slice(0, SHOWN).map((each) => html`<tr key=${each.at}><td class="quiet nowrap">${clock(each.at)}</td><td>${reasonWord(desk.page, each.reason)}${each.note ? `${t("：")}${each.note}` : ""}</td></tr>`)}</tbody></table>`}</section>`;
}

function Appeal({ desk, item }) {
  if (!item.appeal) return null;
  const left = item.appeal_due ? Date.parse(item.appeal_due) - desk.lane.now() : 0;
  const state = { open: t("待处理"), granted: t("申诉成立"), refused: t("维持原决定") }[item.appeal];
  return html`<div class=${item.appeal === "open" ? "note warn" : "note"}><p><b>${t("申诉：{state}", { state })}</b>${item.appeal === "open" && item.appeal_due ? html` <span class=${left < 0 ? "xs bad" : "xs"}>${left < 0 ? t("已超时 {left}", { left: leftWord(-left) }) : t("还剩 {left}", { left: leftWord(left) })}</span>` : ""}</p>
    ${item.appeal_text && html`<p class="wrap">${item.appeal_text}</p>`}
    <p class="xs">${t("原决定：{who} {state}{reason}", { who: item.decided_by || ruleOf(item) || t("系统"), state: stateWord(item.state), reason: item.reason ? `${t("：")}${reasonWord(desk.page, item.reason)}` : "" })}</p></div>`;
}

/** The author: what is known, counts of the show, standing sanctions and past ones, what they wrote last. */
function Author({ desk, item, detail }) {
  const sender = detail?.sender;
  const counts = sender?.counts;
  const shield = desk.lane.panels.shield || {};
  const bound = (shield.sanctions || []).filter((each) => each.sender === item.sender);
  const others = (sender?.items || []).filter((each) => keyOf(each) !== keyOf(item));
  const facts = [assuranceWord(desk.page, item.assurance), item.district, item.source || t("本站")].filter(Boolean);
  // The panel knows at once what stands; what came with the item may be some seconds old.
  const known = sender?.sanctions || [];
  const more = known.filter((each) => !bound.some((stands) => stands.id === each.id));
  return html`<${Fold} name="author" title=${t("作者：{name}", { name: item.author })} brief=${counts ? countWords(counts) : ""} act=${(shield.may?.mute || shield.may?.ban) && html`<button type="button" class="plain xs" onClick=${() => desk.open({ name: "sanction", key: desk.cursor })}>${t("限制发言…")}</button>`}>
    <p class="xs quiet facts-row">${facts.map((each) => html`<span key=${each}>${each}</span>`)}<span>${counts ? countWords(counts) : ""}</span>${sender && !bound.length && !known.length ? html`<span>${t("从未被限制")}</span>` : ""}</p>
    ${bound.map((each) => html`<${Bound} key=${each.id} desk=${desk} item=${item} each=${each} />`)}
    <${Past} rows=${more} />
    <${Rows} desk=${desk} items=${others.slice(0, SHOWN)} label=${t("作者最近的发言")} />
    ${sender && !others.length ? html`<p class="xs quiet">${t("本场第一次发言。")}</p>` : ""}</${Fold}>`;
}

const countWords = (counts) => {
  const all = Object.values(counts).reduce((sum, each) => sum + each, 0);
  return t("本场 {all} 条：已公开 {shown}，未通过 {rejected}，待审核 {waiting}", { all, shown: counts.public || 0, rejected: (counts.rejected || 0) + (counts.withdrawn || 0), waiting: counts.waiting || 0 });
};

function Rows({ desk, items, label }) {
  if (!items.length) return null;
  const state = (each) => {
    const taken = desk.taken(each);
    return taken ? [t("{name}在处理", { name: taken.name }), "quiet"] : [stateWord(each.state), stateClass(each.state)];
  };
  return html`<table><caption class="vh">${label}</caption><tbody>${items.map((each) => html`<tr key=${keyOf(each)}><td class="quiet nowrap">${clock(each.at)}</td><td class="wrap">${desk.held.has(keyOf(each)) ? html`<button type="button" class="plain to" onClick=${() => desk.moveTo(keyOf(each))}><span class="brief">${each.text}</span></button>` : html`<span class="brief">${each.text}</span>`}</td><td class=${`n ${state(each)[1]}`}>${state(each)[0]}</td></tr>`)}</tbody></table>`;
}

/** Those that look alike: grouped by machine, for the eye alone. */
function Similar({ desk, item, detail }) {
  const keys = new Set(desk.index.alike(item));
  for (const each of detail?.similar || []) keys.add(keyOf(each));
  keys.delete(keyOf(item));
  const found = [...keys].map((key) => desk.item(key)).filter(Boolean);
  if (!found.length) return null;
  const many = desk.alikeHere(item).length;
  const merges = item.kind === "question" && found.some((each) => each.kind === "question" && PUBLIC.includes(each.state)) && PUBLIC.includes(item.state);
  return html`<${Fold} name="similar" title=${t("相似 {n} 条", { n: count(found.length) })} brief=${t("机器归组，只供对照，不会自动合并")}
      act=${html`<span class="row">${merges && desk.mayAct && html`<button type="button" onClick=${() => desk.open({ name: "merge", keys: [keyOf(item), ...found.filter((each) => each.kind === "question" && PUBLIC.includes(each.state)).map(keyOf)] })}>${t("合并…")}</button>`}${many > 0 && desk.mayAct && html`<button type="button" aria-keyshortcuts="s" onClick=${() => desk.selectAlike(item)}>${t("全选")} <kbd>s</kbd></button>`}</span>`}>
    <${Rows} desk=${desk} items=${found.slice(0, SHOWN)} label=${t("相似的内容")} /></${Fold}>`;
}

/** Questions that this one stands for, or the one that stands for it. */
function Merged({ desk, item }) {
  if (item.kind !== "question") return null;
  const parts = desk.mergedInto(item);
  if (!parts.length && !item.merged_into) return null;
  return html`<section><h3>${item.merged_into ? t("合并到提问 {id} 号", { id: count(item.merged_into) }) : t("代表 {n} 条提问", { n: parts.length })}</h3>
    <table><tbody>${parts.map((each) => html`<tr key=${each.id}><td class="wrap">${each.text}</td><td class="n">${desk.mayAct && html`<button type="button" class="plain" onClick=${() => desk.plain({ type: "question.unmerge", question: each.id }, t("拆开提问 {id} 号", { id: count(each.id) }))}>${t("拆开")}</button>`}</td></tr>`)}</tbody></table></section>`;
}

function Log({ desk, item, detail }) {
  const acts = detail?.acts?.length ? detail.acts : item.decided_at ? [{ at: item.decided_at, by: item.decided_by, verb: "", reason: item.reason, note: item.note, words: "" }] : [];
  const words = (act) => act.words || `${act.by ? `${act.by} ` : ""}${act.verb ? actWord(act.verb) : stateWord(item.state)}${act.reason ? `${t("：")}${reasonWord(desk.page, act.reason)}` : ""}`;
  // Who had it when is in the audit; here only who has it last.
  const shown = acts.filter((act, at) => at === acts.length - 1 || (act.verb !== "claim" && act.verb !== "release"));
  if (!acts.length) return null;
  const last = acts[acts.length - 1];
  return html`<${Fold} name="log" title=${t("处理记录")} brief=${`${clock(last.at)} ${words(last)}`}><ul class="xs quiet log">${shown.map((act) => html`<li key=${act.at + act.verb}><span>${clock(act.at)}</span> ${words(act)}${act.note ? html` <span class="wrap">${t("备注：{note}", { note: act.note })}</span>` : ""}</li>`)}</ul></${Fold}>`;
}

const folded = new Set(["author", "similar", "log"]);
const narrow = window.matchMedia("(max-width: 47rem)");

/** A part of the item: open on a desktop, one line to unfold on a phone. */
function Fold({ name, title, brief, act, children }) {
  const shut = narrow.matches && folded.has(name);
  const note = (event) => (event.target.open ? folded.delete(name) : narrow.matches && folded.add(name));
  if (!narrow.matches) return html`<section><div class="spread"><h3>${title} ${name === "similar" && html`<span class="quiet xs">${brief}</span>`}</h3>${act}</div>${children}</section>`;
  return html`<details class="fold" open=${!shut} onToggle=${note}><summary><b>${title}</b> <span class="quiet xs">${brief}</span></summary>${act}${children}</details>`;
}

export function Item({ desk, watch }) {
  const item = desk.current;
  if (!item) return html`<section class="item empty" aria-label=${t("这一条")}><div class="body"><p class="quiet">${desk.keys.length ? t("从列表里选一条。") : emptyWords(desk)}</p></div><${Said} desk=${desk} /></section>`;
  const detail = watch.detail();
  const at = desk.keys.indexOf(desk.cursor) + 1;
  const watchers = desk.taken(item) ? [] : desk.watchers(item);
  const hide = proposedMask(item);
  return html`<section class="item" aria-labelledby="t">
    <${Head} desk=${desk} item=${item} watch=${watch} />
    <div class="body" tabindex="0" role="group" aria-label=${t("这一条的内容")}>
      ${watchers.length > 0 && html`<p class="xs quiet">${t("{name}也在看", { name: watchers.map((each) => each.name).join(t("、")) })}</p>`}
      <p class="words" id="words">${item.kind === "question" && html`<b>${tc("一条", "提问")}</b>`}<${Marked} text=${item.text} spans=${foundSpans(item)} /></p>
      <p class="xs quiet facts-row phone-words phone-facts"><span>${itemTitle(item)}</span><span>${item.author}</span><span>${assuranceWord(desk.page, item.assurance)}</span><span>${item.district}</span><span>${clock(item.at)}</span></p>
      ${item.mask.length > 0 ? html`<p class="xs quiet">${t("公众看到：{text}", { text: masked(item.text, hide) })}</p>` : ""}
      ${item.to && html`<p class="xs">${t("问：{name}", { name: item.to })}</p>`}
      <${Voice} desk=${desk} item=${item} />
      ${item.hidden && html`<p class="note bad xs">${t("正被撤下：公众看不到，状态没有变。")}</p>`}
      ${item.state === "escalated" && !desk.me.lead && html`<p class="note xs">${t("已上报的由值班长决定。")}</p>`}
      ${item.state === "second" && item.first_by_id === desk.me.id && html`<p class="note xs">${t("初审是您做的，复审要由另一个人做。")}</p>`}
      <${Appeal} desk=${desk} item=${item} />
      <${Hits} desk=${desk} item=${item} />
      <${Reports} desk=${desk} item=${item} detail=${detail} />
      <${Author} desk=${desk} item=${item} detail=${detail} />
      <${Similar} desk=${desk} item=${item} detail=${detail} />
      <${Merged} desk=${desk} item=${item} />
      <${Log} desk=${desk} item=${item} detail=${detail} />
      <nav class="pager" aria-label=${t("前后")}>
        <button type="button" onClick=${() => desk.step(-1, { any: true })}>${t("‹ 上一条")}</button>
        <span class="xs">${t("第 {at} 条，共 {all} 条", { at, all: desk.keys.length })}</span>
        <button type="button" onClick=${() => desk.step(1, { any: true })}>${t("下一条 ›")}</button>
      </nav>
    </div>
    <${Said} desk=${desk} />
    <${Acts} desk=${desk} item=${item} />
  </section>`;
}

