/* What stands below an item: what was done last and whether the server has it, the acts with their keys; and the line of keys. */

import htm from "htm";
import { h } from "preact";
import { t } from "../../broadcast/i18n.js";
import { proposedMask } from "./desk-queues.js";
import { actWord, clock, count, reasonWord } from "./words.js";

const html = htm.bind(h);

/** What was done last, and whether the server has it; and what it refused. */
export function Said({ desk }) {
  const { last, notice } = desk;
  const undoable = desk.undoable.length > 0;
  return html`<div class="said" role="status">
    ${notice && html`<div class="note warn notice spread"><p>${notice.words}${notice.text && html`<br /><span class="xs quiet wrap">${[...notice.text].slice(0, 40).join("")}</span>`}</p><button type="button" onClick=${() => { desk.notice = null; desk.render(); }}>${t("知道了")}</button></div>`}
    ${last && html`<p class="undo"><span>${lastWords(desk, last)}</span>${undoable && html`<button type="button" class="push" aria-keyshortcuts="u" onClick=${() => desk.undo()}>${t("撤销")} <kbd>u</kbd></button>`}</p>`}
  </div>`;
}

function lastWords(desk, last) {
  const what = last.verb === "plain" ? last.words
    : last.verb === "undo" ? t("撤销{act}，{count} 条回到原来的队列", { act: actWord(last.of), count: count(last.count) })
      : t("{act} {count} 条", { act: last.masked ? t("蒙字后批准") : actWord(last.verb), count: count(last.count) });
  const why = last.reason ? t("：{reason}", { reason: reasonWord(desk.page, last.reason) }) : "";
  const some = last.phase === "recorded" && last.verb !== "plain" && last.keys.length < last.count;
  const phase = some ? t("服务器在 {clock} 记录了 {n} 条，其余没有生效", { clock: clock(last.recordedAt), n: count(last.keys.length) })
    : { sending: t("正在送出…"), recorded: t("服务器 {clock} 已记录", { clock: clock(last.recordedAt) }), refused: t("没有生效") }[last.phase];
  return html`${clock(last.at)} ${what}${why}${t("。")}<b>${phase}</b>`;
}

/** The acts that fit this item, each with its key. A key acts on the selection where there is one, a button on this item alone. */
export function Acts({ desk, item }) {
  if (!desk.mayAct) return html`<p class="acts quiet xs">${t("您可以看，不能处理。要处理请让管理员给您审核员的角色。")}</p>`;
  const may = desk.sending.has(desk.cursor) ? [] : desk.allowed(item);
  const key = (name) => !desk.selected.size && html` <kbd>${name}</kbd>`;
  const act = (verb) => () => desk.act(verb, [desk.cursor], { note: noteOf() });
  const button = (verb, name, words = actWord(verb), kind = "") => html`<button type="button" key=${verb} class=${kind} aria-keyshortcuts=${name} disabled=${!may.includes(verb)} onClick=${act(verb)}>${words}${key(name)}</button>`;
  const taking = desk.choosing?.verb || (may.includes("withdraw") ? "withdraw" : "reject");
  const reasons = html`<${Reasons} desk=${desk} may=${may} taking=${taking} />`;
  const choosing = desk.choosing ? " choosing" : "";
  if (may.includes("grant")) {
    return html`<div class="acts appeal">
      <label class="note-field"><span class="xs">${t("给作者的答复")}</span><input id="note" maxlength="200" autocomplete="off" placeholder=${t("作者会看到；维持原决定必须写")} onKeyDown=${(event) => event.key === "Enter" && event.target.value.trim() && desk.act("keep", [desk.cursor], { note: noteOf() })} /></label>
      ${item.decided_by === desk.me.name && html`<p class="xs bad">${t("原决定是您做的，要由另一个人答复。")}</p>`}
      <div class="row">${button("keep", "r")}${button("grant", "a", t("申诉成立，公开"), "main")}</div></div>`;
  }
  if (may.includes("withdraw") || may.includes("reopen") || may.includes("unmerge")) {
    return html`<div class=${`acts${choosing}`}><div class="row">
      ${may.includes("reopen") && button("reopen", "o")}${may.includes("unmerge") && button("unmerge", "o")}
      ${may.includes("withdraw") && html`<button type="button" class="risk" aria-keyshortcuts="w" onClick=${() => desk.ask("withdraw", [desk.cursor])}>${t("撤下…")}${key("w")}</button>`}
      ${may.includes("dismiss") && button("dismiss", "a", t("举报不成立，保留公开"), "main")}
      ${may.includes("approve") && button("approve", "a", t("看过，保留公开"), "main")}
    </div>${may.includes("withdraw") && reasons}</div>`;
  }
  const hide = proposedMask(item).length > 0;
  return html`<div class=${`acts${choosing}`}>
    <div class="row decide">
      ${button("approve", "a", t("批准"), "main")}
      <button type="button" class="masking" aria-keyshortcuts="m" disabled=${!may.includes("approve")} onClick=${() => desk.mask()}>${hide ? t("蒙字后批准") : t("蒙字…")}${key("m")}</button>
      ${button("hold", "h")}${button("escalate", "e")}
      <button type="button" class="on-phone" disabled=${!may.includes("reject")} onClick=${() => desk.ask("reject", [desk.cursor])}>${t("退回…")}</button>
    </div>${reasons}</div>`;
}

function Reasons({ desk, may, taking }) {
  const many = desk.choosing && desk.choosing.keys.length > 1 ? desk.choosing.keys.length : 0;
  const letter = taking === "withdraw" ? "w" : "r";
  const legend = many ? t("{act}选中的 {n} 条：选一个原因，作者会看到", { act: actWord(taking), n: count(many) })
    : html`<span class="desk-words">${actWord(taking)} <kbd>${letter}</kbd>${desk.choosing ? t("，现在按数字选原因") : t("，再按数字选原因。作者会看到原因")}</span><span class="phone-words">${t("{act}：选一个原因，作者会看到", { act: actWord(taking) })}</span>`;
  return html`<fieldset class="reasons" disabled=${!may.includes(taking) && !desk.choosing}>
    <legend class="xs">${legend} ${desk.choosing && html`<button type="button" class="plain" onClick=${() => desk.cancel()}>${t("不了")} <kbd>Esc</kbd></button>`}</legend>
    ${desk.page.reasons.slice(0, 9).map((reason, at) => html`<button type="button" key=${reason.code} aria-keyshortcuts=${String(at + 1)} onClick=${() => desk.because(reason.code, noteOf())}><kbd>${at + 1}</kbd> ${reason.name}</button>`)}
    <label class="note-field"><span class="vh">${t("内部备注，作者看不到")}</span><input id="note" maxlength="200" autocomplete="off" placeholder=${t("内部备注，作者看不到，可不填")} /></label>
  </fieldset>`;
}

/** The note typed beside the acts; taken once. */
export function noteOf() {
  const field = document.getElementById("note");
  const note = field ? field.value.trim() : "";
  if (field) field.value = "";
  return note;
}

/** The digits that choose a reason. */
export const digits = (page) => `1–${Math.min(9, page.reasons.length)}`;

/** The line of keys, and how it stands with the server. */
export function Keys({ desk }) {
  const key = (names, words) => html`<span>${names.map((name) => html`<kbd key=${name}>${name}</kbd> `)}${words}</span>`;
  const login = `${desk.page.urls.login}?next=${encodeURIComponent(location.pathname)}`;
  const link = { connecting: t("正在连接"), live: t("已连接"), polling: t("连接断了，每 3 秒自动刷新"), refused: html`<a href=${login}>${t("登录已失效，请重新登录")}</a>` }[desk.lane.link];
  return html`<footer class="keys">
    ${key(["j", "k"], t("移动"))} ${key(["x"], t("选择"))} ${key(["Enter"], t("认领"))} ${key(["a"], t("批准"))} ${key(["r", digits(desk.page)], t("退回"))}
    ${key(["h"], t("暂扣"))} ${key(["e"], t("上报"))} ${key(["u"], t("撤销"))} ${key(["/"], t("搜索"))}
    <button type="button" class="plain" aria-keyshortcuts="?" onClick=${() => desk.open({ name: "help" })}><kbd>?</kbd> ${t("全部按键")}</button>
    <span class=${desk.lane.link === "live" ? "push link" : "push link bad"} role="status">${link}${desk.lane.lastAckMs !== null ? html`<span>${t("上一次操作 {ms} 毫秒后服务器确认", { ms: count(desk.lane.lastAckMs) })}</span>` : ""}</span>
  </footer>`;
}
