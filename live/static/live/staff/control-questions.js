/* The host's list as the control room fills it: choose among what is public, put on air, mark answered. */

import { t } from "../../broadcast/i18n.js";
import { MarkList, MarkRow, marked } from "./marks.js";
import { html } from "./room-parts.js";
import { Slate } from "./slate.js";
import { count, span, stateWord, unseen } from "./words.js";

const SHOWN = 100;

const views = () => ({ queue: t("提问单"), approved: t("已公开"), answered: t("已答"), ended: t("书面和了结") });
const STATES = { queue: ["on_air", "queued"], approved: ["approved"], answered: ["answered"], ended: ["promised", "closed"] };

function rows(room) {
  const found = room.asked(...STATES[room.view]);
  return room.view === "queue" ? found.sort((a, b) => (b.state === "on_air") - (a.state === "on_air")) : found;
}

const actOf = (room, item) => (type, words, more = {}) => () => room.run(`question:${item.id}`, { type, question: item.id, ...more }, words);

function Acts({ room, item }) {
  const act = actOf(room, item);
  const off = room.busy.has(`question:${item.id}`);
  const live = room.state === "waiting" || room.state === "on_air";
  const show = live && html`<button type="button" disabled=${off} onClick=${act("question.show", `${t("提问上屏")}${unseen(room.page.delay_seconds * 1000, 0)}`)}>${t("上屏")}</button>`;
  const promise = () => {
    room.promising = item;
    room.render();
  };
  const owed = html`<button type="button" class="plain" disabled=${off} onClick=${promise}>${t("书面答复")}</button>`;
  if (item.state === "on_air") return html`${owed} <button type="button" class="strong" disabled=${off} onClick=${act("question.answer", t("记为已答"))}>${t("已答")}</button>`;
  if (item.state === "promised") return html`<button type="button" class="plain" disabled=${off} onClick=${promise}>${t("改部门或日期")}</button>`;
  if (item.state === "closed") return null;
  if (item.state === "queued") {
    return html`${show} ${owed} <button type="button" class="plain" disabled=${off} onClick=${act("question.queue", t("从提问单拿下"), { on: false })}>${t("拿下")}</button>`;
  }
  if (item.state === "approved") return html`<button type="button" disabled=${off} onClick=${act("question.queue", t("放进提问单"), { on: true })}>${t("放进提问单")}</button>`;
  return show;
}

export function Questions({ room }) {
  const counts = Object.fromEntries(Object.keys(STATES).map((name) => [name, room.asked(...STATES[name]).length]));
  const list = room.view in STATES;
  const shown = list ? rows(room) : [];
  const look = (name) => () => {
    room.view = name;
    room.render();
  };
  const tab = (name, words) => html`<button type="button" key=${name} aria-pressed=${room.view === name ? "true" : "false"} onClick=${look(name)}>${words}</button>`;
  const empty = { queue: t("提问单还是空的。从“已公开”里挑，放进来给主持人看。"), approved: t("还没有公开的提问。审核员批准后出现在这里。"), answered: t("还没有答过。"), ended: t("还没有请部门书面答复的，也没有了结的。") }[room.view];
  const publicObject = (item) => room.lane.object(`question:${item.id}`);
  const since = (item) => {
    const at = publicObject(item)?.on_air_at;
    return at ? span(room.lane.now() - Date.parse(at)) : "";
  };
  return html`<section class="pane grow" aria-labelledby="h-ask">
    <div class="spread"><h2 id="h-ask">${t("观众的提问")}</h2>
      <div class="switch-row" role="group" aria-label=${t("看哪些提问")}>${Object.entries(views()).map(([name, words]) => tab(name, `${words} ${t("{n} 条", { n: count(counts[name]) })}`))}${tab("slate", t("选提问"))}${tab("marks", t("建议和承诺 {n} 条", { n: count(marked(room)) }))}</div></div>
    <div class="scrolls">${room.view === "slate" ? html`<${Slate} room=${room} />` : room.view === "marks" ? html`<${MarkList} room=${room} />` : shown.length ? html`<table class="ask">
      <thead><tr><th scope="col">${t("提问内容")}</th><th scope="col" class="n">${t("支持")}</th><th scope="col">${t("状态")}</th><th scope="col"><span class="vh">${t("操作")}</span></th></tr></thead>
      <tbody>${shown.slice(0, SHOWN).map((item) => html`<tr key=${item.id} class=${item.state === "on_air" ? "now" : ""}>
        <td>${item.text}<br /><span class="quiet xs">${item.author}${item.to ? t("，问{name}", { name: item.to }) : ""}</span></td>
        <td class="n">${t("{n} 人", { n: count(item.supports) })}</td>
        <td class="nowrap">${item.state === "on_air" ? html`<b>${stateWord("on_air")}</b> ${since(item)}` : html`<span class="quiet">${stateWord(item.state)}</span>`}${item.promised_to && item.state === "promised" ? html`<br /><span class="quiet xs">${item.promised_to}　${item.due}</span>` : ""}</td>
        <td class="acts-cell"><${Acts} room=${room} item=${item} /></td></tr>`)}</tbody></table>
      ${shown.length > SHOWN && html`<p class="xs quiet">${t("支持最多的 {n} 条，共 {all} 条。", { n: SHOWN, all: count(shown.length) })}</p>`}` : html`<p class="quiet">${empty}</p>`}</div>
    <${MarkRow} room=${room} open=${room.view === "marks" ? null : look("marks")} />
  </section>`;
}
