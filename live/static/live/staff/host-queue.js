/* The host's one queue: listeners who hold the line and questions, and the one who is on air. */

import { t } from "../../broadcast/i18n.js";
import { callerOf } from "./call-words.js";
import { html } from "./room-parts.js";
import { count, span } from "./words.js";

/** Put on air whoever is next, call or question. */
export function next(room, entry) {
  if (!entry) return;
  if (entry.call) room.run("air", { type: "call.air", call: entry.call.id, version: entry.call.version }, t("接进直播"));
  else if (room.state === "on_air" || room.state === "waiting") room.run(entry.key, { type: "question.show", question: entry.item.id }, t("下一问上屏"));
}

const verb = (entry, over) => (!entry ? over : entry.call ? t("{over}，接来电", { over }) : t("{over}，下一问", { over }));

/** The call on air: whoever speaks, about what, for how long, and one button. */
export function Calling({ room, call, following }) {
  const end = async () => {
    const done = await room.run("air", { type: "call.end", call: call.id, version: call.version }, t("通话结束"));
    if (done) next(room, following);
  };
  return html`<section class="asking" aria-labelledby="call-now">
    <h2 id="call-now">${t("正在通话")} <span class="quiet">${callerOf(call)}${call.on_air_at ? `　${t("已说 {span}", { span: span(room.lane.now() - Date.parse(call.on_air_at)) })}` : ""}</span></h2>
    <blockquote class="phrase">${call.topic || t("没有写主题")}</blockquote>
    ${call.note && html`<p class="warn">${call.note}</p>`}
    <div class="row"><button type="button" class="main" disabled=${room.busy.has("air")} onClick=${end}>${verb(following, t("通话结束"))}</button></div>
  </section>`;
}

/** The question on air. */
export function Asking({ room, item, following }) {
  const name = `question:${item.id}`;
  const since = room.lane.object(name)?.on_air_at;
  const answered = async () => {
    const done = await room.run(name, { type: "question.answer", question: item.id }, t("记为已答"));
    if (done) next(room, following);
  };
  const promise = () => {
    room.promising = item;
    room.render();
  };
  return html`<section class="asking" aria-labelledby="now">
    <h2 id="now">${t("正在答")} <span class="quiet">${item.to ? t("问{name}，", { name: item.to }) : ""}${since ? t("已答 {span}", { span: span(room.lane.now() - Date.parse(since)) }) : ""}</span></h2>
    <blockquote class="phrase">${item.text}</blockquote>
    <p class="quiet">${item.author}　${t("{n} 人支持", { n: count(item.supports) })}</p>
    <div class="row"><button type="button" class="main" disabled=${room.busy.has(name)} onClick=${answered}>${verb(following, t("已答"))}</button><button type="button" disabled=${room.busy.has(name)} onClick=${promise}>${t("请部门书面答复")}</button></div>
  </section>`;
}

function Waiting({ room, call }) {
  const take = () => next(room, { call });
  return html`<div><blockquote class="phrase">${call.topic || t("没有写主题")}</blockquote>
    <p class="quiet"><b>${t("来电")}</b> ${callerOf(call)}${call.priority ? html`　<b class="warn">${t("优先")}</b>` : ""}　${t("等了 {span}", { span: span(room.lane.now() - Date.parse(call.at)) })}${call.note ? html`<br /><span class="warn">${call.note}</span>` : ""}</p></div>
    <button type="button" disabled=${room.busy.has("air") || room.state !== "on_air"} onClick=${take}>${t("接听")}</button>`;
}

function Queued({ room, item }) {
  return html`<div><blockquote class="phrase">${item.text}</blockquote><p class="quiet">${item.author}${item.to ? t("，问{name}", { name: item.to }) : ""}　${t("{n} 人支持", { n: count(item.supports) })}</p></div>
    <button type="button" disabled=${room.busy.has(`question:${item.id}`)} onClick=${() => room.run(`question:${item.id}`, { type: "question.answer", question: item.id }, t("记为已答"))}>${t("已答")}</button>`;
}

/** All that follow, calls and questions in one numbered list. */
export function Nexts({ room, queue, current }) {
  if (!queue.length && !current) return html`<p class="quiet waiting">${t("还没有来电和提问。导听接进来的来电、控制室放进来的提问，会出现在这里。")}</p>`;
  return html`<section class="nexts-box" aria-labelledby="next"><h2 id="next" class="quiet">${queue.length ? t("接下来，还有 {n} 条", { n: queue.length }) : t("后面没有了")}</h2>
    <ol class="nexts">${queue.map((entry, at) => html`<li key=${entry.key}><span class="left">${at + (current ? 2 : 1)}</span>${entry.call ? html`<${Waiting} room=${room} call=${entry.call} />` : html`<${Queued} room=${room} item=${entry.item} />`}</li>`)}</ol></section>`;
}
