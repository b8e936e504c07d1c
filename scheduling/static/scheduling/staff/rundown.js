/* The run-down's page: draws once a second and whenever something changes; keys and dragging. */

import { render } from "preact";
import { ready, t } from "../../broadcast/i18n.js";
import { Side, Told } from "./rundown-edit.js";
import { Rundown } from "./rundown-model.js";
import { Head, Strip, Table, html, summary } from "./rundown-view.js";
import { length } from "./rundown-words.js";

const page = JSON.parse(document.getElementById("page").textContent);
const place = document.getElementById("app");
const run = new Rundown(page, draw);
let drawing = false;

const acts = {
  over: null,
  dragged: null,
  drag(event, line) {
    acts.dragged = line.id;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", line.title);
  },
  hover(event, at) {
    if (acts.dragged === null) return;
    event.preventDefault();
    if (acts.over !== at) {
      acts.over = at;
      draw();
    }
  },
  drop(event, at) {
    event.preventDefault();
    const from = run.lines.findIndex((line) => line.id === acts.dragged);
    if (from >= 0) run.move(acts.dragged, from < at ? at - 1 : at);
    acts.leave();
  },
  leave() {
    acts.over = null;
    acts.dragged = null;
    draw();
  },
  key(event, line, at) {
    if (event.target.tagName !== "TR") return;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step && event.altKey) {
      if (run.mayChange) run.move(line.id, at + step);
    } else if (step) {
      const other = run.lines[at + step];
      if (other) document.getElementById(`line-${other.id}`).focus();
    } else if (event.key === "Enter" && run.mayChange) open(line);
    else if (event.key === "n" && run.mayChange) open(null, line.id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  },
};

function open(line, after = null) {
  run.edit(line, after);
  setTimeout(() => {
    const field = document.getElementById("f-title");
    if (field) field.focus();
  }, 0);
}

/** The right arrow begins the next segment, from anywhere but a field. */
function everywhere(event) {
  const busy = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
  if (event.key !== "ArrowRight" || busy || event.repeat || event.altKey || event.ctrlKey || event.metaKey) return;
  const line = run.onAir && page.may.run ? run.next(run.order()) : null;
  if (line) run.begin(line);
}

function Tools({ laid }) {
  const next = run.next(laid);
  const cue = run.onAir && page.may.run;
  return html`<div class="spread tools">
    <h2>${t("串联单")} <span class="quiet">${summary(run, laid)}</span></h2>
    <div class="row">
      <button type="button" onClick=${() => window.print()}>${t("打印")}</button>
      <a class="btn" href=${page.urls.sheet}>${t("导出 XLSX")}</a>
      ${run.mayChange && html`<a class="btn" href=${page.urls.read}>${t("导入…")}</a> <button type="button" onClick=${() => open(null)}>${t("加一行")}</button>`}
      ${cue && html`<button type="button" class="main" disabled=${run.busy || !next} onClick=${() => run.begin(next)}>${t("下一环节")} <kbd>→</kbd></button>`}
    </div>
  </div>`;
}

function App({ laid }) {
  return html`<${Head} run=${run} laid=${laid} />
    <main id="main" tabindex="-1"><${Tools} laid=${laid} />${!run.draft && html`<${Told} run=${run} />`}
      ${run.lines.length ? html`<${Strip} run=${run} laid=${laid} /><${Table} run=${run} laid=${laid} acts=${acts} />` : html`<p class="quiet">${t("还没有环节。")} ${run.mayChange ? t("加第一行，或导入一份 XLSX。") : ""}</p>`}
    </main><${Side} run=${run} />`;
}

function draw() {
  if (drawing) return;
  drawing = true;
  Promise.resolve().then(() => {
    drawing = false;
    const laid = run.order();
    const left = (Date.parse(run.state.planned_end) - run.now()) / 1000;
    document.title = `${run.onAir && left >= 0 ? t("还剩 {span}，", { span: length(left) }) : ""}${t("串联单")}　${page.programme}`;
    document.body.classList.toggle("live", run.onAir);
    place.classList.toggle("begun", laid.lines.some((shape) => shape.stand !== "ahead"));
    place.classList.toggle("editing", run.draft !== null);
    render(html`<${App} laid=${laid} />`, place);
  });
}

async function start() {
  await ready();
  place.textContent = "";
  draw();
  document.addEventListener("keydown", everywhere);
  document.addEventListener("visibilitychange", draw);
  setInterval(draw, 1000);
  setTimeout(() => run.poll(), 1000);
}

start();
