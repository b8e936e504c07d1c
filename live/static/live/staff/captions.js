/* The captioner's page: one field to type into, the lines with when each is public, and ways to correct them; it decides nothing. */

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ready, t } from "../../broadcast/i18n.js";
import { createBox } from "./caption-box.js";
import { Monitor } from "./monitor.js";
import { Lamp, html } from "./room-parts.js";
import { clock, showName, span } from "./words.js";

const LOOK_MS = 1_500;
const MOST = 200;
// What a reader takes in at a glance; longer lines are better parted.
const EASY = 24;
const LAG = "yishi.captions.lag";

const page = JSON.parse(document.getElementById("page").textContent);
const place = document.getElementById("app");
const model = { found: null, link: "connecting", notice: "", offset: 0, wanted: false, turn: 0, lag: Number(localStorage.getItem(LAG) || 2) };
const box = createBox(`yishi.captions.${page.airing}`, sendLine, draw, () => t("这一句是十分钟以前的，不再接收。"));

/** One command; gives {ok, result} or {refused, code, data}, throws when nobody answered. */
async function send(command) {
  const answer = await fetch(page.urls.commands, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": page.csrf },
    body: JSON.stringify(command),
  });
  if (answer.status >= 500) throw new Error(String(answer.status));
  const told = await answer.json();
  return answer.ok ? { ok: true, result: told.result } : { refused: told.message, code: told.code, data: told.data || {} };
}

/** A line is looked for before the box lets go of it, so that it never leaves the list on its way. */
async function sendLine(command) {
  const answer = await send(command);
  if (answer.ok) await look();
  return answer;
}

const newId = () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`;

/** A correction or removal: done, or told why not. */
async function act(command) {
  try {
    const answer = await send({ id: newId(), ...command });
    model.notice = answer.ok ? "" : answer.refused;
    await look();
    return answer;
  } catch {
    model.notice = t("没有连上，没有改成。请再试一次。");
    draw();
    return { refused: model.notice };
  }
}

let asked = 0;

async function look() {
  const turn = (asked += 1);
  try {
    const answer = await fetch(page.urls.lines, { credentials: "same-origin", cache: "no-store", headers: { Accept: "application/json" } });
    if (answer.redirected || answer.status === 403) model.link = "refused";
    else if (!answer.ok) throw new Error(String(answer.status));
    else {
      const told = await answer.json();
      if (turn < model.turn) return; // a later look was answered first
      model.turn = turn;
      model.found = told;
      model.offset = Date.parse(model.found.now) - Date.now();
      if (model.link !== "live") box.flush();
      model.link = "live";
      if (model.wanted) editLast();
    }
  } catch {
    model.link = "lost";
  }
  draw();
}

const now = () => Date.now() + model.offset;

function App() {
  const { found } = model;
  const state = found ? found.state : "planned";
  return html`<header class="spread">
      <div><p class="row"><${Lamp} state=${state} /> <b>${t("字幕")}</b> <span class="quiet xs">${page.me.name}</span></p>
        <h1>${page.title}</h1><p class="quiet xs">${showName(page)}</p></div>
      <p class="clockbox"><span class="quiet xs">${t("已播")}</span> <b>${found && found.started_at ? span(now() - Date.parse(found.started_at)) : "–"}</b></p>
    </header>
    <div role="status" class="told">
      ${model.link === "lost" && html`<p class="note warn">${t("没有连上。打的字留在这台电脑里，连上后按原来的时间补发。")}</p>`}
      ${model.link === "refused" && html`<p class="note bad"><a href=${`${page.urls.login}?next=${encodeURIComponent(location.pathname)}`}>${t("登录已失效或没有权限。请重新登录后打开这一页。")}</a></p>`}
      ${model.notice && html`<p class="note bad spread"><span>${model.notice}</span><button type="button" onClick=${() => { model.notice = ""; draw(); }}>${t("知道了")}</button></p>`}
    </div>
    <main id="main"><${Lines} /><${Writing} /></main>
    <aside><${Screen} /><${Settings} />
      <p class="xs quiet">${t("每句在公众看到对应画面时出现，晚 {n} 秒。公开前改，观众看不到原来的。切断的画面里说的话不会公开。", { n: page.delay_seconds })}</p>
      ${found && found.total > 0 && html`<p><a href=${page.urls.vtt}>${t("下载已公开的字幕（WebVTT）")}</a></p>`}
      <p><a href=${page.urls.home}>${t("工作台")}</a></p>
    </aside>`;
}

/** The public's picture, with its sound if that is what the captioner listens to. */
function Screen() {
  const { found } = model;
  const [heard, hear] = useState(false);
  useEffect(() => {
    const video = place.querySelector(".screen video");
    if (video) video.muted = !heard;
  });
  const media = found && { state: found.media, playlist: found.playlist };
  return html`<div><${Monitor} room=${{ page, state: found ? found.state : "planned", feed: null, lane: { object: () => media } }} />
    ${media && media.playlist && html`<button type="button" onClick=${() => hear(!heard)}>${heard ? t("关声音") : t("听这个画面")}</button>`}</div>`;
}

function Settings() {
  const change = (event) => {
    model.lag = Math.max(0, Math.min(60, Number(event.target.value) || 0));
    localStorage.setItem(LAG, String(model.lag));
    draw();
  };
  return html`<label class="lag">${t("从听到到开始打字，约")} <input type="number" min="0" max="60" step="1" value=${model.lag} onChange=${change} /> ${t("秒")}
    <span class="help xs quiet">${t("听的是公众画面时，再加上 {n} 秒。", { n: page.delay_seconds })}</span></label>`;
}

function Lines() {
  const list = useRef(null);
  const lines = model.found ? model.found.lines : [];
  const arrived = new Set(lines.map((line) => line.command));
  const unsent = box.waiting.filter((each) => !arrived.has(each.id));
  const newest = `${lines.length && lines[lines.length - 1].line}.${unsent.length}`;
  useEffect(() => {
    if (list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [newest]);
  return html`<ol class="lines" ref=${list} aria-label=${t("已打的字幕")} tabindex="0">
    ${!lines.length && !unsent.length && html`<li class="quiet">${t("还没有字幕。开播后在下面打字，按回车送出一句。开播前可以试打，不会公开。")}</li>`}
    ${lines.map((line) => html`<${Line} key=${line.line} line=${line} />`)}
    ${unsent.map((each) => html`<li key=${each.id} class="unsent"><span></span><span class="words">${each.text}</span>
      ${each.refused ? html`<span class="bad">${each.refused}</span><button type="button" onClick=${() => setField(box.take(each.id))}>${t("取回")}</button>` : html`<span class="quiet">${t("正在送出")}</span>`}</li>`)}
  </ol>`;
}

function stands(line) {
  const left = Math.ceil((Date.parse(line.public_at) - now()) / 1000);
  switch (line.stands) {
    case "removed":
      return html`<span class="tag">${t("已删")}</span>`;
    case "withheld":
      return html`<span class="tag warn">${t("不公开")}</span>`;
    case "public":
      return html`<span class="tag ok">${t("已公开")}</span>`;
    default:
      return html`<span class="tag">${left > 0 ? t("{n} 秒后公开", { n: left }) : t("就要公开")}</span>`;
  }
}

function Line({ line }) {
  const editing = model.editing && model.editing.line === line.line ? model.editing : null;
  const at = model.found.started_at ? Date.parse(line.at) - Date.parse(model.found.started_at) : -1;
  const save = async (event) => {
    event.preventDefault();
    const text = editing.text.trim();
    if (!text) return;
    const answer = await act({ type: "caption.correct", line: line.line, version: editing.version, text });
    if (answer.ok) stopEditing();
    else if (answer.code === "line_changed") model.editing = { ...editing, version: answer.data.version };
    draw();
  };
  if (editing) {
    return html`<li class="editing"><form onSubmit=${save}><label class="vh" for="editing">${t("改这一句")}</label>
      <input id="editing" value=${editing.text} maxlength=${MOST} autocomplete="off" onInput=${(event) => (model.editing.text = event.target.value)} onKeyDown=${(event) => event.key === "Escape" && stopEditing()} />
      <button class="main">${t("改好")}</button><button type="button" onClick=${stopEditing}>${t("不改")}</button></form></li>`;
  }
  return html`<li class=${line.stands}><time class="quiet">${at >= 0 ? span(at) : clock(line.at)}</time><span class="words">${line.text}</span>${stands(line)}
    ${line.stands !== "removed" && html`<span class="acts"><button type="button" class="plain" onClick=${() => edit(line)}>${t("改")}</button><button type="button" class="plain" onClick=${() => act({ type: "caption.remove", line: line.line })}>${t("删")}</button></span>`}
    ${line.by && line.by !== page.me.name && html`<span class="xs quiet by">${line.by}</span>`}</li>`;
}

function edit(line) {
  model.wanted = false;
  model.editing = { line: line.line, version: line.version, text: line.text };
  draw();
  setTimeout(() => document.getElementById("editing") && document.getElementById("editing").focus());
}

/** The line typed last, which may still be on its way: then as soon as it has come. */
function editLast() {
  const lines = model.found ? model.found.lines : [];
  const arrived = new Set(lines.map((line) => line.command));
  model.wanted = box.waiting.some((each) => !each.refused && !arrived.has(each.id));
  const last = !model.wanted && [...lines].reverse().find((line) => line.stands !== "removed");
  if (last) edit(last);
}

function stopEditing() {
  model.editing = null;
  draw();
  setTimeout(() => document.getElementById("typing") && document.getElementById("typing").focus());
}

let setField = () => {};

/** The field. A line's time is when its first letter was typed, less what the captioner is behind. */
function Writing() {
  const [text, put] = useState("");
  const begun = useRef(0);
  setField = (words) => {
    put(words);
    begun.current = Date.now();
    document.getElementById("typing").focus();
  };
  const typed = (event) => {
    model.wanted = false; // who goes on typing does not want it any more
    if (!text.trim() && event.target.value.trim()) begun.current = Date.now();
    put(event.target.value);
  };
  const submit = (event) => {
    event.preventDefault();
    const words = text.trim();
    if (!words) return;
    box.add(words, begun.current - model.lag * 1000);
    put("");
  };
  const keys = (event) => {
    if (event.isComposing || event.key !== "ArrowUp" || text) return;
    event.preventDefault();
    editLast();
  };
  const length = [...text].length;
  return html`<form class="writing" onSubmit=${submit}>
    <label for="typing">${t("正在说的话")}</label>
    <input id="typing" value=${text} maxlength=${MOST} autocomplete="off" autofocus onInput=${typed} onKeyDown=${keys} />
    <button class="main">${t("送出")}</button>
    <p class="xs quiet"><kbd>Enter</kbd> ${t("送出")} <kbd>↑</kbd> ${t("改上一句")} <span class=${length > EASY ? "warn" : ""}>${length > EASY ? t("{n} 个字，长了，可以断句", { n: length }) : t("{n} 个字", { n: length })}</span></p>
  </form>`;
}

let drawing = false;

function draw() {
  if (drawing) return;
  drawing = true;
  Promise.resolve().then(() => {
    drawing = false;
    place.classList.toggle("live", Boolean(model.found) && model.found.state === "on_air");
    render(html`<${App} />`, place);
  });
}

async function start() {
  await ready();
  place.textContent = "";
  draw();
  await look();
  document.getElementById("typing").focus();
  box.flush();
  setInterval(look, LOOK_MS);
  setInterval(draw, 1_000);
}

start();
