/* One key marks a suggestion, a promise or a clip as it is heard: the row of buttons with what was marked last, and the list to complete. */

import { useState } from "preact/hooks";
import { t, tc } from "../../broadcast/i18n.js";
import { html } from "./room-parts.js";
import { clock, count, span } from "./words.js";

const KEYS = { j: "suggestion", c: "promise" };
const LENGTHS = [30, 60, 120, 300];
const CLIP = "k";
const kindWord = (kind) => (kind === "promise" ? t("承诺") : t("建议"));
const panelOf = (room) => room.lane.panels.follow || {};
const marksOf = (room) => panelOf(room).marks || [];

/** How many marks there are. */
export const marked = (room) => marksOf(room).length;

function press(room, kind) {
  room.run(`mark:${kind}`, { type: "commitment.mark", kind }, t("已标记{kind}", { kind: kindWord(kind) }));
}

/** The last so many seconds become a clip; what it is called is written after the show. */
function clip(room) {
  const seconds = room.clipSeconds || 60;
  room.act(`clip.mark:${seconds}`, t("已标记片段：刚才的 {n} 秒", { n: seconds }));
}

/** j, c and k mark, wherever the focus is not in a field; nothing else is held down, and a held key marks once. */
export function listen(room) {
  window.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || room.asking || room.promising) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const key = event.key.toLowerCase();
    const kind = KEYS[key];
    if ((!kind && key !== CLIP) || room.state !== "on_air") return;
    event.preventDefault();
    if (kind) press(room, kind);
    else clip(room);
  });
}

/** Who, for whom and until when, as far as it is written. */
function who(mark) {
  return [mark.speaker_name, mark.department, mark.due ? t("{day} 前", { day: mark.due }) : ""].filter(Boolean).join("　");
}

/** The button for what was just said, and how much of it. */
function ClipMark({ room }) {
  const { count: marked = 0, page = "" } = room.lane.panels.clips || {};
  const seconds = room.clipSeconds || 60;
  const chosen = (event) => {
    room.clipSeconds = Number(event.target.value);
    room.render();
  };
  const off = room.state !== "on_air" || room.busy.has(`clip.mark:${seconds}`);
  return html`<button type="button" aria-keyshortcuts=${CLIP} disabled=${off} onClick=${() => clip(room)}>${tc("一条", "片段")} <kbd>K</kbd></button>
    <select aria-label=${t("片段取刚才多久")} onChange=${chosen}>${LENGTHS.map((each) => html`<option value=${each} selected=${each === seconds}>${t("{n} 秒", { n: each })}</option>`)}</select>
    ${marked > 0 && html`<a class="xs" href=${page}>${t("{n} 个片段", { n: count(marked) })}</a>`}`;
}

/** The buttons and the newest mark, with the way back. */
export function MarkRow({ room, open }) {
  const last = marksOf(room)[marked(room) - 1];
  const undo = () => room.run(`undo:${last.id}`, { type: "commitment.undo", commitment: last.id }, t("已撤销标记"));
  const button = (key, kind) => html`<button type="button" aria-keyshortcuts=${key} disabled=${room.state !== "on_air" || room.busy.has(`mark:${kind}`)} onClick=${() => press(room, kind)}>${kindWord(kind)} <kbd>${key.toUpperCase()}</kbd></button>`;
  return html`<div class="mark-row"><p class="row"><span class="quiet xs">${t("听到就标记")}</span>${button("j", "suggestion")}${button("c", "promise")}<${ClipMark} room=${room} /></p>
    ${last && html`<p class="row xs"><span>${t("上一条 {time} {kind}", { time: clock(last.at), kind: kindWord(last.kind) })} <span class="quiet">${who(last)}</span></span>${open && html`<button type="button" class="plain" onClick=${open}>${t("补写")}</button>`}<button type="button" class="plain" disabled=${room.busy.has(`undo:${last.id}`)} onClick=${undo}>${t("撤销")}</button></p>`}
  </div>`;
}

/** All marks of the show, the newest first, each opening into its form. */
export function MarkList({ room }) {
  const marks = [...marksOf(room)].reverse();
  if (!marks.length) return html`<p class="quiet">${t("还没有标记。直播中听到建议或承诺，按一个键就记下时刻，内容以后再补。")}</p>`;
  return html`<ol class="marks">${marks.map((mark) => html`<li key=${mark.id}><${Mark} room=${room} mark=${mark} /></li>`)}</ol>
    <p class="xs quiet">${t("共 {n} 条。", { n: count(marks.length) })} ${room.page.urls.outcomes && html`<a href=${`${room.page.urls.outcomes}#marks`}>${t("整理和导出")}</a>`}</p>`;
}

function Mark({ room, mark }) {
  const [editing, edit] = useState(false);
  if (editing) return html`<${Form} key=${mark.version} room=${room} mark=${mark} close=${() => edit(false)} />`;
  return html`<p class="spread"><span><b>${kindWord(mark.kind)}</b> <span class="quiet">${mark.ms === null ? clock(mark.at) : span(mark.ms)}　${who(mark)}</span>${mark.days_late > 0 && html` <b class="warn">${t("已过期 {n} 天", { n: mark.days_late })}</b>`}<br />${mark.text || html`<span class="quiet">${t("还没有写内容")}</span>`}</span>
    <button type="button" class="plain" onClick=${() => edit(true)}>${t("补写")}</button></p>`;
}

function Form({ room, mark, close }) {
  const { people = [], departments = [] } = panelOf(room);
  const name = `edit:${mark.id}`;
  const save = async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const command = { type: "commitment.edit", commitment: mark.id, version: mark.version, kind: form.get("kind"), text: form.get("text"), department: form.get("department") };
    const done = await room.run(name, { ...command, speaker: Number(form.get("speaker")) || null, due: form.get("due") || null }, t("已保存"));
    if (done) close();
  };
  const id = (field) => `m${mark.id}-${field}`;
  return html`<form class="mark-form" onSubmit=${save}>
    <div class="field wide"><label for=${id("text")}>${t("说了什么")}</label><input id=${id("text")} name="text" maxlength="300" defaultValue=${mark.text} autocomplete="off" ref=${(element) => element && !mark.text && document.activeElement === document.body && element.focus()} /></div>
    <div class="field"><label for=${id("kind")}>${t("种类")}</label><select id=${id("kind")} name="kind">${["suggestion", "promise"].map((kind) => html`<option value=${kind} selected=${kind === mark.kind}>${kindWord(kind)}</option>`)}</select></div>
    <div class="field"><label for=${id("speaker")}>${t("谁说的")}</label><select id=${id("speaker")} name="speaker"><option value="">${t("没有写")}</option>${people.map((each) => html`<option value=${each.id} selected=${each.id === mark.speaker}>${each.name} ${each.organisation}</option>`)}</select></div>
    <div class="field"><label for=${id("department")}>${t("责任部门")}</label><input id=${id("department")} name="department" maxlength="120" list=${id("list")} defaultValue=${mark.department} autocomplete="off" /><datalist id=${id("list")}>${departments.map((each) => html`<option value=${each} />`)}</datalist></div>
    <div class="field"><label for=${id("due")}>${t("期限")}</label><input id=${id("due")} name="due" type="date" defaultValue=${mark.due || ""} /></div>
    <p class="row wide"><button class="strong" disabled=${room.busy.has(name)}>${t("保存")}</button><button type="button" onClick=${close}>${t("不改了")}</button></p>
  </form>`;
}
