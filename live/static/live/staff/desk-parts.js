/* The desk's parts on the page: top bar, queues with switches and emergency, one row of the list; they draw what the model says and decide nothing. */

import htm from "htm";
import { h } from "preact";
import { t, tc } from "../../broadcast/i18n.js";
import { DONE, LEAD, OPEN, WAITING, isWaiting, mine, pieces, reporters, since, standing } from "./desk-queues.js";
import { actWord, airingWord, assuranceWord, clock, count, leftWord, reasonWord, showName, span, stateClass, stateWord } from "./words.js";

const html = htm.bind(h);

export const queueName = (name) =>
  ({
    todo: t("待办"), pending: t("待审核"), held: t("规则暂扣"), second: t("待复审"), reported: t("被举报"), unseen: t("待复核"),
    escalated: t("已上报"), appeals: t("申诉"), public: t("已公开"), rejected: t("未通过"), withdrawn: t("已撤下"), merged: t("已合并"),
  })[name];

/** On a phone, where four of them share a line. */
const shortName = (name) => ({ pending: t("待审"), held: t("暂扣"), second: t("复审"), unseen: t("复核") })[name] || queueName(name);

/** Those at the desk, me first: 在岗 3 人：周（您）、方. */
function Present({ desk }) {
  const others = (desk.panel.present || []).filter((each) => each.user !== desk.me.id);
  const names = others.map((each) => each.name);
  return html`<p class="me quiet" title=${names.join(t("、"))}>${t("在岗 {n} 人：", { n: others.length + 1 })}<b>${t("{name}（您）", { name: desk.me.name })}</b>${names.length ? t("、") + names.join(t("、")) : ""}</p>`;
}

export function Bar({ desk }) {
  const { lane, page, panel } = desk;
  const airing = lane.object("airing");
  const on = airing?.state === "on_air";
  const { decided } = panel;
  return html`<header class="bar">
    <a class="brand" href=${page.urls.home}>${t("议事")}</a>
    <h1>${t("审核台")}</h1>
    <p class="what"><a href=${page.urls.episode}>${showName(page)}</a>　${page.title}</p>
    <p>${on ? html`<span class="lamp">${airingWord("on_air")}</span>` : html`<span class="tag">${airingWord(airing?.state || "planned")}</span>`}</p>
    ${on && airing.actual_start && html`<p class="ran"><b>${span(lane.now() - Date.parse(airing.actual_start))}</b> <span class="quiet">${t("已播")}</span></p>`}
    <nav class="also push" aria-label=${t("别的页面")}>
      ${page.urls.control && html`<a href=${page.urls.control}>${t("控制室")}</a>`}
      ${page.urls.rules && html`<a href=${page.urls.rules}>${t("规则")}</a>`}
      ${page.urls.figures && html`<a href=${page.urls.figures}>${t("统计")}</a>`}
    </nav>
    <p class="policy"><span class=${panel.switches?.is_post ? "tag warn" : "tag"}>${panel.switches ? (panel.switches.is_post ? t("先发后审") : t("先审后发")) : page.comments}</span></p>
    ${decided && decided.count > 0 && html`<p class="quiet speed">${t("已审 {n} 条", { n: count(decided.count) })}${Number.isFinite(decided.seconds) ? html`<span>${t("{percent}% 在 {n} 秒内", { percent: decided.percent || 95, n: Math.ceil(decided.seconds) })}</span>` : ""}</p>`}
    <${Present} desk=${desk} />
    <button type="button" class="to-list" aria-expanded=${desk.listOnPhone ? "true" : "false"} onClick=${() => { desk.listOnPhone = !desk.listOnPhone; desk.reveal = true; desk.render(); }}>${desk.listOnPhone ? t("看这一条") : t("列表")}</button>
  </header>`;
}

/** How long the first of a queue waits, in words; whether that is too long. */
function waitOf(desk, name, oldest) {
  if (!oldest) return null;
  const now = desk.lane.now();
  if (name === "appeals") {
    const left = Date.parse(oldest) - now;
    return { late: left < 0, words: left < 0 ? t("已超时 {left}", { left: leftWord(-left) }) : t("还剩 {left}", { left: leftWord(left) }), short: leftWord(Math.abs(left)) };
  }
  const age = span(now - Date.parse(oldest));
  const late = now - Date.parse(oldest) > desk.alarmMs;
  if (name === "escalated") return { late, words: t("已等 {age}", { age }), short: t("已等 {age}", { age }) };
  return late
    ? { late, words: t("最久 {age}，超过 {limit}", { age, limit: limitWord(desk.alarmMs) }), short: t("超时 {age}", { age }) }
    : { late, words: t("最久 {age}", { age }), short: t("最久 {age}", { age }) };
}

const limitWord = (ms) => (ms % 60000 === 0 ? t("{m} 分钟", { m: ms / 60000 }) : t("{n} 秒", { n: ms / 1000 }));

function Queue({ desk, name }) {
  const { count: total, oldest } = desk.count(name);
  const wait = waitOf(desk, name, oldest);
  const sub = OPEN.includes(name) && name !== "todo";
  return html`<li class=${sub ? "sub" : ""}><button type="button" aria-current=${desk.queue === name ? "true" : undefined} onClick=${() => { desk.allQueues = false; desk.choose(name); }}>
    <span><span class="desk-words">${queueName(name)}</span><span class="phone-words">${shortName(name)}</span></span> <span class="total"><span class="desk-words">${t("{count} 条", { count: count(total) })}</span><span class="phone-words">${count(total)}</span></span>
    ${wait && html`<small class=${wait.late ? "bad" : ""}><span class="desk-words">${wait.words}</span><span class="phone-words">${wait.short}</span></small>`}
  </button></li>`;
}

const onOff = (value) => (value ? t("开") : t("关"));
const paceWord = (seconds) => (seconds === 0 ? t("不另限") : seconds === 60 ? t("每分钟 1 条") : t("每 {n} 秒 1 条", { n: seconds }));

/** The room's switches as they stand: [name, words, whether it is out of the ordinary]. */
export function switchLines(switches) {
  return [
    [tc("开关", "评论"), switches.takes_comments ? (switches.comment_seconds ? paceWord(switches.comment_seconds) : t("开")) : t("关"), !switches.takes_comments],
    [tc("开关", "提问"), switches.takes_questions ? (switches.question_seconds ? paceWord(switches.question_seconds) : t("开")) : t("关"), !switches.takes_questions],
    [t("仅限实名"), onOff(switches.verified_only), switches.verified_only],
    ...(switches.is_post ? [[t("先发后审"), t("开"), true]] : []),
  ];
}

function Switches({ desk }) {
  const { switches, post_asked_by: asked } = desk.panel;
  if (!switches) return null;
  const lines = switchLines(switches);
  return html`<h2>${t("本场开关")}</h2>
    <ul class="switches">${lines.map(([name, words, odd]) => html`<li key=${name}><button type="button" disabled=${!desk.maySwitch} onClick=${() => desk.open({ name: "switches" })}><span>${name}</span> <span class=${odd ? "warn" : ""}>${words}</span></button></li>`)}
      ${asked && !switches.is_post && html`<li><button type="button" class="asked" onClick=${() => desk.open({ name: "switches" })}><span class="warn">${t("{name}要开先发后审，等另一人确认", { name: asked.name })}</span></button></li>`}</ul>`;
}

/** What is hidden now by hand, and the guarded button for more; set apart, without a key. */
function Emergency({ desk }) {
  const { withdrawals = [], may = {} } = desk.lane.panels.shield || {};
  const able = may.withdraw_author || may.withdraw_everything;
  if (!able && !withdrawals.length) return null;
  return html`<div class="emergency">
    ${withdrawals.length > 0 && html`<p class="note bad xs" role="alert"><b>${t("正在撤下：")}</b>${withdrawals.map((each) => (each.scope === "everything" ? t("公众的全部内容") : each.author)).join(t("、"))}</p>`}
    <button type="button" class="risk" onClick=${() => desk.open({ name: "emergency" })}>${withdrawals.length ? t("撤下与恢复…") : t("紧急撤下…")}</button>
    <p class="xs quiet">${may.withdraw_everything ? t("一位作者，或全部公众内容。两步确认。") : t("一位作者的全部内容。全场撤下要值班长。")}</p>
  </div>`;
}

export function Queues({ desk }) {
  const shown = desk.shownQueues();
  const part = (names, kind = "") => html`<ul class=${kind}>${names.filter((name) => shown.includes(name)).map((name) => html`<${Queue} key=${name} desk=${desk} name=${name} />`)}</ul>`;
  const beyond = ![...OPEN.filter((name) => shown.includes(name)).slice(0, 4)].includes(desk.queue);
  const unfold = () => {
    desk.allQueues = !desk.allQueues;
    desk.render();
  };
  return html`<nav class=${desk.allQueues ? "queues all" : "queues"} aria-label=${t("队列")}>
    ${part(OPEN, "first")}
    <button type="button" class="rest" aria-expanded=${desk.allQueues ? "true" : "false"} aria-current=${beyond ? "true" : undefined} onClick=${unfold}>${desk.allQueues ? t("收起") : beyond ? queueName(desk.queue) : t("更多")}</button>
    <h2>${t("值班长处理")}</h2>${part(LEAD)}
    <h2>${t("已处理")}</h2>${part(DONE)}
    <${Switches} desk=${desk} />
    <${Emergency} desk=${desk} />
  </nav>`;
}

/** Words with what rules found, or what is hidden, underlined. */
export function Marked({ text, spans }) {
  return pieces(text, spans).map((piece, at) => (piece.marked ? html`<mark key=${at}>${piece.text}</mark>` : piece.text));
}

export const foundSpans = (item) => (item.mask.length ? item.mask : standing(item).flatMap((hit) => hit.spans));

/** The tags before a row's facts: why it stands where it stands. */
export function Tags({ desk, item }) {
  const reasons = item.report_reasons.map((code) => reasonWord(desk.page, code));
  const people = reporters(item);
  return html`${item.state === "held" && html`<span class="tag warn">${item.hits.length ? t("规则暂扣") : t("暂扣")}</span>`}
    ${item.state === "second" && html`<span class="tag warn">${t("待复审")}</span>${item.first_by && html`<span class="fact">${t("{name}初审通过", { name: item.first_by })}</span>`}`}
    ${item.state === "escalated" && html`<span class="tag warn">${t("已上报")}</span>`}
    ${item.appeal === "open" && html`<span class="tag bad">${t("申诉")}</span>`}
    ${item.reports > 0 && html`<span class="tag bad">${t("被举报")}</span><span class="fact">${people > 0 ? t("{n} 人举报", { n: people }) : t("规则补查到")}${reasons.length ? `${t("：")}${reasons.join(t("、"))}` : ""}</span>`}
    ${item.hidden && html`<span class="tag bad">${t("撤下中")}</span>`}`;
}

/** The rule that refused an item by itself, 规则 R-014; "" when a person did. */
export function ruleOf(item) {
  const hit = !item.decided_by && item.state === "rejected" && item.hits.find((each) => each.action === "reject");
  return hit ? t("规则 {code}", { code: hit.code }) : "";
}

/** What became of a row that is kept for stillness, or what is under way; "" when nothing. */
function outcome(desk, key, item) {
  const sending = desk.sending.get(key);
  if (sending) return sending.recorded ? t("您已{act}", { act: actWord(sending.verb) }) : t("正在{act}…", { act: actWord(sending.verb) });
  if (desk.index.has(desk.queue, key)) return "";
  const who = item.decided_by === desk.me.name ? t("您") : item.decided_by || ruleOf(item);
  const why = item.reason ? t("：{reason}", { reason: reasonWord(desk.page, item.reason) }) : "";
  return `${who ? `${who} ` : ""}${stateWord(item.state)}${why}`;
}

/** Who has the row or looks at it: the words of its tag, "" when nobody. */
function held(desk, item) {
  const now = desk.lane.now();
  const taken = desk.taken(item);
  if (taken) return t("{name}在处理，还剩 {left}", { name: taken.name, left: span(Date.parse(taken.until) - now) });
  const own = mine(item, desk.me, now);
  if (own) return t("您在处理，还剩 {left}", { left: span(Date.parse(own.until) - now) });
  const [watcher] = desk.watchers(item);
  return watcher ? t("{name}在看", { name: watcher.name }) : "";
}

function ageOf(desk, item, done) {
  if (done || !isWaiting(desk.queue)) return { words: clock(item.decided_at || item.at), late: false };
  const left = Date.parse(since(item, desk.queue)) - desk.lane.now();
  if (desk.queue === "appeals") return { words: left < 0 ? t("超时") : leftWord(left), late: left < 0 };
  return { words: span(-left), late: -left > desk.alarmMs };
}

export function Row({ desk, id, at }) {
  const item = desk.item(id);
  if (!item) return null;
  const done = desk.done(id);
  const taken = !done && desk.taken(item);
  const now = id === desk.cursor;
  const age = ageOf(desk, item, done);
  const who = !done && held(desk, item);
  const similar = desk.similarTo(item);
  const rules = standing(item).map((hit) => hit.name);
  return html`<li data-key=${id} class=${done || taken ? "taken" : ""} aria-current=${now ? "true" : undefined} aria-posinset=${at + 1} aria-setsize=${desk.keys.length}
      tabindex=${now ? 0 : -1} onClick=${() => desk.moveTo(id, { openOnPhone: true })}>
    ${desk.mayAct ? html`<label class="pick" onClick=${(event) => event.stopPropagation()}><input type="checkbox" aria-label=${t("选择第 {n} 条", { n: at + 1 })} checked=${desk.selected.has(id)} disabled=${done || Boolean(taken)} onClick=${(event) => { event.stopPropagation(); desk.toggle(id); }} /></label>` : html`<span></span>`}
    <div><p class="text">${item.kind === "question" && html`<b>${tc("一条", "提问")}</b>`}<${Marked} text=${item.text} spans=${foundSpans(item)} /></p>
      <p class="meta">${done ? html`<span class="tag">${outcome(desk, id, item)}</span>` : html`<${Tags} desk=${desk} item=${item} />`}
        ${!done && !WAITING.includes(item.state) && !isWaiting(desk.queue) && html`<span class=${`fact ${stateClass(item.state)}`}>${ruleOf(item)} ${stateWord(item.state)}${item.reason ? t("：{reason}", { reason: reasonWord(desk.page, item.reason) }) : ""}</span>`}
        ${who && html`<span class=${taken ? "tag" : "tag own"}>${who}</span>`}
        ${rules.length > 0 && html`<span class="fact">${rules.join(t("、"))}</span>`}
        <span class="fact">${assuranceWord(desk.page, item.assurance)}</span>${item.district && html`<span class="fact">${item.district}</span>`}
        <span class="fact">${item.source || t("本站")}</span>
        ${item.supports > 0 && html`<span class="fact">${t("{n} 人支持", { n: count(item.supports) })}</span>`}
        ${similar > 0 && html`<span class="fact">${t("相似 {n} 条", { n: count(similar) })}</span>`}
        <span class="fact author">${item.author}</span></p></div>
    <span class=${age.late ? "age bad" : "age"}>${age.words}</span>
  </li>`;
}

export const itemTitle = (item) => (item.kind === "question" ? t("提问 {id} 号", { id: count(item.id) }) : t("评论 {id} 号", { id: count(item.id) }));

