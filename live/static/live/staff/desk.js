/* The moderation desk: starts the lane, draws the page, listens to keys. */

import htm from "htm";
import { h, render } from "preact";
import { ready, t } from "../../broadcast/i18n.js";
import { Desk } from "./desk-acts.js";
import { Keys, noteOf } from "./desk-foot.js";
import { Item, emptyWords } from "./desk-item.js";
import { WindowedList, toEnd } from "./desk-list.js";
import { Bar, Queues, Row, queueName } from "./desk-parts.js";
import { isWaiting } from "./desk-queues.js";
import { Sheets } from "./desk-sheets.js";
import { Watch } from "./desk-watch.js";
import { StaffLane } from "./staff-socket.js";
import { actWord, count, kindWord, span } from "./words.js";

const html = htm.bind(h);
const page = JSON.parse(document.getElementById("page").textContent);
const place = document.getElementById("app");

const orderWords = (queue) => (queue === "appeals" ? t("到期最近的在最前") : isWaiting(queue) ? t("等得最久的在最前") : t("最近的在最前"));

/** Kinds and rules in one field: what the list is narrowed to. */
function Filter({ desk }) {
  const rules = desk.rules().slice(0, 30);
  const value = desk.rule ? `rule:${desk.rule}` : desk.kind;
  const change = (event) => {
    const chosen = event.target.value;
    desk.filter(chosen.startsWith("rule:") ? { kind: "", rule: chosen.slice(5) } : { kind: chosen, rule: "" });
  };
  return html`<select aria-label=${t("类型和规则")} onChange=${change}>
    <option value="" selected=${value === ""}>${t("全部类型")}</option>
    ${["comment", "question"].map((kind) => html`<option key=${kind} value=${kind} selected=${value === kind}>${kindWord(kind)}</option>`)}
    ${rules.length > 0 && html`<optgroup label=${t("命中规则")}>${rules.map((rule) => html`<option key=${rule.code} value=${`rule:${rule.code}`} selected=${value === `rule:${rule.code}`}>${rule.code} ${rule.name} ${t("{count} 条", { count: count(rule.count) })}</option>`)}</optgroup>`}
  </select>`;
}

/** What may be done with the selection: keys act on it while it stands. */
function Chosen({ desk }) {
  const n = desk.selected.size;
  if (!n) return null;
  const keys = [...desk.selected];
  const verbs = [["approve", "a"], ["dismiss", "a"], ["reject", "r"], ["hold", "h"], ["escalate", "e"], ["withdraw", "w"], ["reopen", "o"]].filter(([verb]) => desk.fit(verb, keys).length > 0);
  const asks = new Set(["reject", "withdraw"]);
  const merging = desk.mergeable;
  return html`<div class="strip chosen xs" role="group" aria-label=${t("选中的")}><b>${t("已选 {n} 条", { n: count(n) })}</b>
    ${verbs.map(([verb, key]) => html`<button type="button" key=${verb} class=${verb === "withdraw" ? "risk" : ""} aria-keyshortcuts=${key} onClick=${() => (asks.has(verb) ? desk.ask(verb, keys) : desk.act(verb, keys, { note: noteOf() }))}>${asks.has(verb) ? t("{act}…", { act: actWord(verb) }) : actWord(verb)} <kbd>${key}</kbd></button>`)}
    ${merging.length > 0 && html`<button type="button" onClick=${() => desk.open({ name: "merge", keys: merging })}>${t("合并提问…")}</button>`}
    <button type="button" class="plain push" aria-keyshortcuts="X" onClick=${() => desk.select()}>${t("全选")} <kbd>X</kbd></button>
    <button type="button" class="plain" onClick=${() => desk.unselect()}>${t("取消")} <kbd>Esc</kbd></button></div>`;
}

function List({ desk }) {
  const title = queueName(desk.queue);
  const order = orderWords(desk.queue);
  const filtered = desk.search || desk.kind || desk.rule;
  const total = filtered ? desk.keys.length - desk.doneCount : desk.count(desk.queue).count;
  return html`<main class="list" id="main" tabindex="-1">
    <div class="strip">
      <h2>${title} ${t("{count} 条", { count: count(total) })}</h2> <span class="quiet xs order">${order}</span>
      <label class="push"><span class="vh">${t("搜索")}</span><input type="search" id="search" placeholder=${t("搜索文字、作者  /")} value=${desk.search} onInput=${(event) => desk.filter({ search: event.target.value })} /></label>
      <${Filter} desk=${desk} />
    </div>
    ${desk.keys.length ? html`<${WindowedList} keys=${desk.keys} cursor=${desk.cursor} reveal=${desk.reveal} label=${`${title}${t("，")}${order}`}
      onRevealed=${() => { desk.reveal = false; }} onView=${(view) => viewed(desk, view)} isDone=${(key) => desk.done(key)} onPrune=${(gone) => { desk.prune(gone); draw(); }}
      row=${(key, at) => html`<${Row} key=${key} desk=${desk} id=${key} at=${at} />`} />`
      : html`<p class="items nothing quiet">${emptyWords(desk)}</p>`}
    <${Chosen} desk=${desk} />
    <${Foot} desk=${desk} />
  </main>`;
}

function viewed(desk, view) {
  const changed = !desk.view || desk.view.first !== view.first || desk.view.last !== view.last || desk.endSeen !== view.atEnd;
  desk.view = view;
  desk.endSeen = view.atEnd;
  if (view.atEnd && isWaiting(desk.queue) && desk.arrived) desk.arrived = 0;
  if (view.atEnd && desk.more !== null && !desk.paging && desk.seenSnapshot) desk.nextPage();
  if (changed) draw();
}

function Foot({ desk }) {
  const view = desk.view;
  const waiting = isWaiting(desk.queue);
  const done = waiting ? desk.doneCount : 0;
  const tail = () => {
    desk.arrived = 0;
    toEnd();
  };
  return html`<p class="newer">
    ${view && desk.keys.length > 0 && html`<span>${t("显示第 {first}–{last} 条，共 {all} 条", { first: count(view.first), last: count(view.last), all: count(desk.keys.length) })}</span>`}
    ${desk.arrived > 0 && (waiting
      ? html`<button type="button" class="plain" onClick=${tail}>${t("新到 {n} 条，在列表末尾 ↓", { n: count(desk.arrived) })}</button>`
      : html`<button type="button" class="plain" onClick=${() => desk.rebuild()}>${t("新到 {n} 条，放进列表 ↑", { n: count(desk.arrived) })}</button>`)}
    ${done > 0 && html`<button type="button" class="plain" onClick=${() => desk.rebuild()}>${t("收起已处理的 {n} 条", { n: count(done) })}</button>`}
    ${desk.paging && html`<span>${t("正在取更早的…")}</span>`}
  </p>`;
}

function App({ desk }) {
  return html`<${Bar} desk=${desk} /><${Queues} desk=${desk} /><${List} desk=${desk} /><${Item} desk=${desk} watch=${watch} /><${Keys} desk=${desk} /><${Sheets} desk=${desk} />`;
}

const lane = new StaffLane(page, () => desk.sync());
const desk = new Desk(lane, page, draw);
const watch = new Watch(desk);
let drawing = false;

function draw() {
  if (drawing) return;
  drawing = true;
  Promise.resolve().then(() => {
    drawing = false;
    place.classList.toggle("show-list", desk.listOnPhone);
    place.classList.toggle("live", lane.object("airing")?.state === "on_air");
    render(html`<${App} desk=${desk} />`, place);
    if (desk.sheet && !document.querySelector(".sheet")) desk.sheet = null;
    const { count: total, oldest } = desk.waiting;
    document.title = t("待办 {count} 条，{age}审核台", { count: count(total), age: oldest ? t("最久 {age}，", { age: span(lane.now() - Date.parse(oldest)) }) : "" });
  });
}

/** What a key decides: on the selection where there is one, else on the row under the cursor. */
function decide(verb) {
  const meant = desk.meant(verb);
  if (meant === "reject" || meant === "withdraw") desk.ask(meant);
  else desk.act(meant, desk.aim, { note: noteOf() });
}

const ACTS = {
  j: () => desk.step(1),
  ArrowDown: () => desk.step(1, { any: true }),
  k: () => desk.step(-1),
  ArrowUp: () => desk.step(-1, { any: true }),
  Home: () => desk.toEnd(-1),
  End: () => desk.toEnd(1),
  "[": () => desk.turn(-1),
  "]": () => desk.turn(1),
  a: () => decide("approve"),
  m: () => desk.mask(),
  M: () => desk.current && desk.fit("approve", [desk.cursor]).length && desk.open({ name: "mask", key: desk.cursor }),
  r: () => decide("reject"),
  w: () => desk.ask("withdraw"),
  h: () => decide("hold"),
  e: () => decide("escalate"),
  o: () => decide(desk.current?.state === "merged" ? "unmerge" : "reopen"),
  f: () => desk.falseHit(),
  n: () => document.getElementById("note")?.focus(),
  u: () => desk.undo(),
  x: () => desk.cursor && desk.toggle(desk.cursor),
  X: () => desk.select(),
  s: () => desk.current && desk.selectAlike(desk.current),
  b: () => {
    const hit = desk.current?.hits.find((each) => !each.false);
    if (hit) desk.selectRule(hit.code);
  },
  "/": () => document.getElementById("search").focus(),
  "?": () => desk.open({ name: "help" }),
  Enter: () => watch.toggleClaim(),
  Escape: () => {
    desk.allQueues = false;
    desk.cancel();
  },
};

function typed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (desk.sheet) {
    if (event.key === "Escape") desk.cancel();
    return;
  }
  const field = event.target.closest?.("input:not([type=checkbox]), select, textarea");
  if (field && event.key !== "Escape" && !(field.id === "search" && event.key === "Enter")) return;
  if (field) field.blur();
  if (field) backToList();
  if (event.key === "Enter" && (field || event.target.closest?.("button, a, summary"))) return;
  if (desk.choosing && /^[1-9]$/.test(event.key)) {
    const reason = page.reasons[Number(event.key) - 1];
    if (reason) desk.because(reason.code, noteOf());
  } else if (ACTS[event.key] && !(field && event.key === "Escape")) ACTS[event.key]();
  else if (!field) return;
  event.preventDefault();
}

/** After a field is left the keys go on where the cursor is. */
function backToList() {
  desk.reveal = true;
  draw();
}

async function start() {
  await ready();
  place.textContent = "";
  draw();
  lane.start();
  watch.start();
  window.addEventListener("keydown", typed);
  setInterval(draw, 1000);
}

start();
