/* The desk's parts on the page: top bar, queues, row, item with its acts; they draw what the model says and decide nothing. */

import htm from "htm";
import { h } from "preact";
import { t } from "../../broadcast/i18n.js";
import { verbWord } from "./desk-acts.js";
import { LATE_MS, QUEUES, allowed } from "./desk-view.js";
import { airingWord, assuranceWord, clock, count, kindWord, reasonWord, showName, span, stateClass, stateWord } from "./words.js";

const html = htm.bind(h);

const queueName = (name) => ({ pending: t("待审核"), approved: t("已公开"), rejected: t("未通过"), withdrawn: t("已撤下") })[name];

export function Bar({ desk }) {
  const { lane, page } = desk;
  const airing = lane.object("airing");
  const on = airing?.state === "on_air";
  return html`<header class="bar">
    <a class="brand" href=${page.urls.home}>${t("议事")}</a>
    <h1>${t("审核台")}</h1>
    <p class="what"><a href=${page.urls.episode}>${showName(page)}</a>　${page.title}</p>
    <p>${on ? html`<span class="lamp">${airingWord("on_air")}</span>` : html`<span class="tag">${airingWord(airing?.state || "planned")}</span>`}</p>
    ${on && airing.actual_start && html`<p class="ran"><b>${span(lane.now() - Date.parse(airing.actual_start))}</b> <span class="quiet">${t("已播")}</span></p>`}
    <p class="push"><span class="tag">${page.comments}</span></p>
    <nav class="also" aria-label=${t("别的页面")}>
      ${page.urls.control && html`<a href=${page.urls.control}>${t("控制室")}</a>`}
    </nav>
    <p class="me">${page.me.name}</p>
    <button type="button" class="to-list" aria-expanded=${desk.listOnPhone} onClick=${() => { desk.listOnPhone = !desk.listOnPhone; desk.reveal = true; desk.render(); }}>${desk.listOnPhone ? t("看这一条") : t("列表")}</button>
  </header>`;
}

export function Queues({ desk }) {
  const counts = desk.counts();
  const line = (name) => {
    const { count: total, oldest, more } = counts[name];
    const age = oldest ? desk.lane.now() - Date.parse(oldest) : 0;
    const late = age > LATE_MS;
    return html`<li key=${name}><button type="button" aria-current=${desk.queue === name ? "true" : undefined} onClick=${() => desk.choose(name)}>
      <span>${queueName(name)}</span> <span class="total">${more ? t("{count} 条以上", { count: count(total) }) : t("{count} 条", { count: count(total) })}</span>
      ${oldest && html`<small class=${late ? "bad" : ""}>${late ? html`<span class="desk-words">${t("最久 {age}，超过 1 分钟", { age: span(age) })}</span><span class="phone-words">${t("超时 {age}", { age: span(age) })}</span>` : t("最久 {age}", { age: span(age) })}</small>`}
    </button></li>`;
  };
  const [first, ...others] = Object.keys(QUEUES);
  return html`<nav class="queues" aria-label=${t("队列")}>
    <ul>${line(first)}</ul>
    <h2>${t("已处理")}</h2>
    <ul>${others.map(line)}</ul>
  </nav>`;
}

/** Why a held row is greyed: what was done with it, by whom, or what we are sending. */
function outcome(desk, key, item) {
  const sending = desk.sending.get(key);
  if (sending) return sending.recorded ? t("您已{act}", { act: verbWord(sending.verb) }) : t("正在{act}…", { act: verbWord(sending.verb) });
  if (QUEUES[desk.queue].includes(item.state)) return "";
  const who = item.decided_by === desk.page.me.name ? t("您") : item.decided_by;
  const why = item.reason ? t("：{reason}", { reason: reasonWord(desk.page, item.reason) }) : "";
  return `${who ? `${who} ` : ""}${stateWord(item.state)}${why}`;
}

export function Row({ desk, id, at }) {
  const item = desk.item(id);
  if (!item) return null;
  const done = desk.done(id);
  const now = id === desk.cursor;
  const age = desk.lane.now() - Date.parse(item.at);
  const late = item.state === "pending" && !done && age > LATE_MS;
  const pick = (event) => {
    event.stopPropagation();
    desk.toggle(id);
  };
  return html`<li data-key=${id} key=${id} class=${done ? "taken" : ""} aria-current=${now ? "true" : undefined} aria-posinset=${at + 1} aria-setsize=${desk.keys.length}
      tabindex=${now ? 0 : -1} onClick=${() => desk.moveTo(id, { openOnPhone: true })}>
    ${desk.mayAct ? html`<label class="pick" onClick=${(event) => event.stopPropagation()}><input type="checkbox" aria-label=${t("选择第 {n} 条", { n: at + 1 })} checked=${desk.selected.has(id)} disabled=${done} onClick=${pick} /></label>` : html`<span></span>`}
    <div><p class="text">${item.kind === "question" && html`<span class="kind" title=${kindWord(item.kind)}>${t("问")}</span>`}${item.text}</p>
      <p class="meta"><span>${item.author}</span><span>${assuranceWord(desk.page, item.assurance)}</span>
        ${item.supports > 0 && html`<span>${t("{n} 人支持", { n: count(item.supports) })}</span>`}
        ${done ? html`<span class="tag">${outcome(desk, id, item)}</span>` : desk.queue !== "pending" && html`<span class=${stateClass(item.state)}>${outcomeLine(desk, item)}</span>`}</p></div>
    <span class=${late ? "age bad" : "age"}>${item.state === "pending" && !done ? span(age) : clock(item.decided_at || item.at)}</span>
  </li>`;
}

function outcomeLine(desk, item) {
  const why = item.reason ? t("：{reason}", { reason: reasonWord(desk.page, item.reason) }) : "";
  return `${stateWord(item.state)}${why}${item.decided_by ? ` ${item.decided_by}` : ""}`;
}

export function Item({ desk }) {
  const item = desk.current;
  if (!item) return html`<section class="item empty"><div class="body"><p class="quiet">${desk.keys.length ? t("从列表里选一条。") : emptyWords(desk)}</p></div><${Said} desk=${desk} /></section>`;
  const at = desk.keys.indexOf(desk.cursor) + 1;
  const age = desk.lane.now() - Date.parse(item.at);
  return html`<section class="item" aria-labelledby="t">
    <div class="strip">
      <h2 id="t">${item.kind === "question" ? t("提问 {id} 号", { id: count(item.id) }) : t("评论 {id} 号", { id: count(item.id) })}</h2>
      <span class=${`tag ${stateClass(item.state)}`}>${stateWord(item.state)}</span>
      <span class="quiet xs push">${t("{clock} 收到", { clock: clock(item.at) })}${item.state === "pending" ? t("，已等 {age}", { age: span(age) }) : ""}</span>
    </div>
    <div class="body">
      <p class="words">${item.text}</p>
      <dl class="facts">
        <dt>${t("作者")}</dt><dd>${item.author} <span class="quiet">${assuranceWord(desk.page, item.assurance)}</span></dd>
        ${item.to && html`<dt>${t("问谁")}</dt><dd>${item.to}</dd>`}
        ${item.kind === "question" && html`<dt>${t("支持")}</dt><dd>${t("{n} 人", { n: count(item.supports) })}</dd>`}
        <dt>${t("字数")}</dt><dd>${t("{n} 字", { n: [...item.text].length })}</dd>
      </dl>
      ${item.decided_at && html`<section><h3>${t("处理记录")}</h3><p class="xs quiet">${t("{clock} {who}", { clock: clock(item.decided_at), who: item.decided_by })} ${item.state === "pending" ? t("放回待审") : stateWord(item.state)}${item.reason ? t("：{reason}", { reason: reasonWord(desk.page, item.reason) }) : ""}${item.note ? t("。备注：{note}", { note: item.note }) : ""}</p></section>`}
      <${Same} desk=${desk} item=${item} />
      <nav class="pager" aria-label=${t("前后")}>
        <button type="button" onClick=${() => desk.step(-1)}>${t("‹ 上一条")}</button>
        <span class="xs">${t("第 {at} 条，共 {all} 条", { at, all: desk.keys.length })}</span>
        <button type="button" onClick=${() => desk.step(1)}>${t("下一条 ›")}</button>
      </nav>
    </div>
    <${Said} desk=${desk} />
    <${Acts} desk=${desk} item=${item} />
  </section>`;
}

/** Others with the very same words, so that a flood is seen and taken at once. */
function Same({ desk, item }) {
  const others = desk.same(item);
  if (!others.length) return null;
  const waiting = others.filter((each) => each.state === "pending").length;
  return html`<section class="same"><div class="spread"><h3>${t("一样的内容还有 {n} 条", { n: count(others.length) })}</h3>${desk.queue === "pending" && waiting > 0 && desk.mayAct && html`<button type="button" onClick=${() => desk.selectSame(item)}>${t("连这一条选中 {n} 条", { n: waiting + 1 })}</button>`}</div>
    <table><tbody>${others.slice(0, 6).map((each) => html`<tr key=${each.id}><td class="quiet nowrap">${clock(each.at)}</td><td>${each.author}</td><td class=${`n ${stateClass(each.state)}`}>${stateWord(each.state)}</td></tr>`)}</tbody></table></section>`;
}

export function emptyWords(desk) {
  if (!desk.seenSnapshot) return t("正在连接…");
  if (desk.search || desk.kind) return t("没有符合的内容。清空搜索，或换一个类型。");
  return { pending: t("都处理完了。新来的会出现在这里。"), approved: t("还没有公开的内容。"), rejected: t("还没有退回的内容。"), withdrawn: t("还没有撤下的内容。") }[desk.queue];
}

/** What was done last, and whether the server has it; and what it refused. */
function Said({ desk }) {
  const { last, notice } = desk;
  return html`<div class="said" role="status">
    ${notice && html`<div class="note warn notice spread"><p>${notice.words}${notice.text && html`<br /><span class="xs quiet">${notice.text.slice(0, 40)}</span>`}</p><button type="button" onClick=${() => { desk.notice = null; desk.render(); }}>${t("知道了")}</button></div>`}
    ${last && html`<p class="undo"><span>${lastWords(desk, last)}</span>${desk.acted.length > 0 && html`<button type="button" class="push" aria-keyshortcuts="u" onClick=${() => desk.undo()}>${t("撤销")} <kbd>u</kbd></button>`}</p>`}
  </div>`;
}

function lastWords(desk, last) {
  const what = last.verb === "undo" ? t("撤销，{count} 条放回待审", { count: last.count }) : t("{act} {count} 条", { act: verbWord(last.verb), count: last.count });
  const why = last.reason ? t("：{reason}", { reason: reasonWord(desk.page, last.reason) }) : "";
  const some = last.phase === "recorded" && last.keys.length < last.count ? t("服务器记录了 {n} 条，其余没有生效", { n: last.keys.length }) : null;
  const phase = some || { sending: t("正在送出…"), recorded: t("服务器已记录"), refused: t("没有生效") }[last.phase];
  return html`${clock(last.at)} ${what}${why} <b>${phase}</b>`;
}

function Acts({ desk, item }) {
  if (!desk.mayAct) return html`<p class="acts quiet xs">${t("您可以看，不能处理。要处理请让管理员给您审核员的角色。")}</p>`;
  const may = desk.sending.has(desk.cursor) ? [] : allowed(item);
  const taking = desk.choosing?.verb || (may.includes("withdraw") ? "withdraw" : "reject");
  const many = desk.choosing && desk.choosing.keys.length > 1 ? desk.choosing.keys.length : 0;
  const ask = taking === "withdraw" ? html`${t("撤下")} <kbd>w</kbd>` : html`${t("退回")} <kbd>r</kbd>`;
  const able = may.includes(taking) || Boolean(desk.choosing);
  return html`<div class=${desk.choosing ? "acts choosing" : "acts"}>
    <div class="row">
      ${may.includes("reopen") ? html`<button type="button" onClick=${() => desk.act("reopen")}>${t("放回待审")}</button>` : ""}
      ${may.includes("withdraw") ? html`<button type="button" class="risk" aria-keyshortcuts="w" onClick=${() => desk.ask("withdraw")}>${t("撤下…")} <kbd>w</kbd></button>` : ""}
      ${!may.includes("withdraw") && !may.includes("reopen") ? html`<button type="button" class="on-phone" disabled=${!may.includes("reject")} onClick=${() => desk.ask("reject")}>${t("退回…")}</button>
        <button type="button" class="main" aria-keyshortcuts="a" disabled=${!may.includes("approve")} onClick=${() => desk.act("approve")}>${t("批准")} <kbd>a</kbd></button>` : ""}
    </div>
    <fieldset class="reasons" disabled=${!able}>
      <legend class="xs">${many ? t("选中的 {n} 条，选一个原因，作者会看到", { n: many }) : html`<span class="desk-words">${ask}${t("，再按数字选原因。作者会看到原因")}</span><span class="phone-words">${t("选一个原因，作者会看到")}</span>`} ${desk.choosing && html`<button type="button" class="plain" onClick=${() => desk.cancel()}>${t("不了")} <kbd>Esc</kbd></button>`}</legend>
      ${desk.page.reasons.slice(0, 9).map((reason, at) => html`<button type="button" key=${reason.code} aria-keyshortcuts=${String(at + 1)} onClick=${() => desk.because(reason.code, noteOf())}><kbd>${at + 1}</kbd> ${reason.name}</button>`)}
      <label class="note-field"><span class="vh">${t("内部备注，作者看不到")}</span><input id="note" maxlength="200" autocomplete="off" placeholder=${t("内部备注，作者看不到，可不填")} /></label>
    </fieldset>
  </div>`;
}

/** The note typed beside the reasons; taken once. */
export function noteOf() {
  const field = document.getElementById("note");
  const note = field ? field.value.trim() : "";
  if (field) field.value = "";
  return note;
}
