/* The run-down on the page: studio clocks, the half hour as a strip, the table; it draws what the model says and decides nothing. */

import htm from "htm";
import { h } from "preact";
import { t } from "../../broadcast/i18n.js";
import { airingWord, beginning, clock, day, hourMinute, length, onTime, overWord, signed } from "./rundown-words.js";

export const html = htm.bind(h);
const percent = (part) => `${(part * 100).toFixed(2)}%`;

export function Head({ run, laid }) {
  const { page, state } = run;
  const end = Date.parse(state.planned_end);
  const name = page.number ? `${page.programme} ${t("第 {number} 期", { number: page.number })}` : page.programme;
  return html`<header class="studio">
    <div>
      <p class="row">${run.onAir ? html`<span class="lamp">${airingWord("on_air")}</span>` : html`<span class="tag">${airingWord(state.state)}</span>`} <b>${name}</b> <span class="quiet xs">${page.kind}　${day(run.start)} ${hourMinute(run.start)}–${hourMinute(end)}</span></p>
      <h1>${page.title}</h1>
      <nav class="row xs" aria-label=${t("别的页面")}><a href=${page.urls.home}>${t("工作台")}</a> <a href=${page.urls.episode}>${t("这一期")}</a> ${page.urls.control && html`<a href=${page.urls.control}>${t("控制室")}</a>`} ${page.urls.calls && html`<a href=${page.urls.calls}>${t("热线台")}</a>`}</nav>
    </div>
    <${Clocks} run=${run} laid=${laid} />
  </header>`;
}

/** Beijing time, elapsed or to the start, to the end, and how late or early, each with its words. */
function Clocks({ run, laid }) {
  const now = run.now();
  const { state } = run;
  const end = Date.parse(state.planned_end);
  const boxes = [[t("北京时间"), clock(now), ""]];
  if (state.actual_end) boxes.push([t("播了"), length((Date.parse(state.actual_end) - Date.parse(state.actual_start)) / 1000), ""], [t("结束于"), clock(Date.parse(state.actual_end)), ""]);
  else if (run.onAir) {
    const left = (end - now) / 1000;
    boxes.push([t("已播"), length((now - Date.parse(state.actual_start)) / 1000), ""]);
    boxes.push([t("距结束 {clock}", { clock: hourMinute(end) }), left >= 0 ? length(left) : signed(-left), left < 0 ? "warn" : ""]);
    boxes.push(lateness(laid));
  } else if (!run.closed) {
    const left = (run.start - now) / 1000;
    boxes.push([t("距开播 {clock}", { clock: hourMinute(run.start) }), left >= 0 ? length(left) : signed(-left), left < 0 ? "warn" : ""]);
    boxes.push([t("排了"), length(laid.planned_end), ""]);
  }
  return html`<dl class="clocks">${boxes.map(([words, value, kind]) => html`<div key=${words} class=${kind}><dt>${words}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function lateness({ over, late, slack }) {
  if (over >= 1) return [t("超时"), signed(over), "warn"];
  if (late >= 1 && slack < 0) return [t("慢，收不回"), signed(late), "warn"];
  if (late >= 1) return [t("慢，浮动环节可收回"), signed(late), "warn"];
  if (over <= -1) return [t("早完"), signed(over), ""];
  return late <= -1 ? [t("快"), signed(late), ""] : [t("准点"), "00:00", ""];
}

/** In a sentence: how the end is expected, and how much may still be lost. */
export function summary(run, laid) {
  const at = (seconds) => clock(run.start + seconds * 1000);
  if (!run.lines.length || run.closed) return "";
  const started = run.onAir || laid.lines.some((shape) => shape.stand !== "ahead");
  const end = started ? laid.end : laid.planned_end;
  const over = end - laid.aim;
  const words = onTime(over)
    ? t("预计 {at} 准点结束", { at: at(end) })
    : over > 0 ? t("预计 {at} 结束，超 {span}", { at: at(end), span: length(over) }) : t("预计 {at} 排完，还空 {span}", { at: at(end), span: length(-over) });
  if (!started) return words;
  return laid.slack < 0 ? t("{words}，要再省出 {span}", { words, span: length(-laid.slack) }) : t("{words}，还能再慢 {span}", { words, span: length(laid.slack) });
}

export function Strip({ run, laid }) {
  const whole = Math.max(laid.aim, laid.end, laid.planned_end, 1);
  const now = run.onAir ? (run.now() - run.start) / 1000 : null;
  const ticks = [0, 1 / 3, 2 / 3, 1].map((part) => part * whole);
  const shown = laid.lines.map((shape, place) => ({ shape, line: run.lines[place] })).filter(({ shape }) => shape.stand !== "skipped" && shape.seconds > 0);
  const anchor = (part) => (part < 0.05 ? "start" : part > 0.95 ? "end" : "middle");
  return html`<svg class="strip30" role="img" aria-label=${summary(run, laid) || t("串联单")}>
    ${shown.map(({ shape, line }) => html`<rect key=${line.id} class=${`${shape.stand}${line.is_floating ? " float" : ""}`} x=${percent(Math.max(0, shape.start) / whole)} width=${percent(shape.seconds / whole)} y="4" height="24" />`)}
    ${shown.filter(({ shape }) => shape.seconds / whole > 0.06).map(({ shape, line }) => html`<svg key=${line.id} x=${percent(Math.max(0, shape.start) / whole)} width=${percent(shape.seconds / whole)} y="0" height="32"><text class=${shape.stand === "running" ? "on" : ""} x="6" y="21">${line.title.split(/[：:，,；]/)[0]}</text></svg>`)}
    ${ticks.map((at) => html`<text key=${at} x=${percent(at / whole)} y="45" text-anchor=${anchor(at / whole)}>${hourMinute(run.start + at * 1000)}</text>`)}
    ${now !== null && now >= 0 && now <= whole && html`<line class="needle" x1=${percent(now / whole)} x2=${percent(now / whole)} y1="0" y2="32" />`}
  </svg>`;
}

/** What a row says besides its times: used and left, gaps, cuts, the note. */
function Under({ run, line, shape, used }) {
  const parts = [];
  if (line.note) parts.push(line.note);
  if (shape.stand === "running") parts.push(t("已用 {span}", { span: length(used) }));
  if (shape.stand === "skipped") parts.push(run.closed ? t("没有播到") : t("跳过了"));
  if (shape.gap >= 1) parts.push(t("前面空 {span}", { span: length(shape.gap) }));
  const cut = shape.cut >= 1 ? html`<span class="warn">${t("前面的要截掉 {span}", { span: length(shape.cut) })}</span>` : null;
  if (!parts.length && !cut) return null;
  return html`<br /><span class="quiet xs">${parts.join(t("，"))}${parts.length && cut ? t("，") : ""}${cut}</span>`;
}

function Length({ line, shape, used }) {
  const planned = length(line.seconds);
  if (shape.stand === "running") {
    const left = shape.seconds - used;
    return html`${planned}<br /><b class=${left < 0.5 ? "warn" : ""}>${left < 0.5 ? t("超 {span}", { span: length(used - line.seconds) }) : t("还剩 {span}", { span: length(left) })}</b>`;
  }
  if (shape.stand === "skipped" || Math.abs(shape.seconds - line.seconds) < 1) return planned;
  return html`<s class="quiet">${planned}</s> ${shape.seconds < 0.5 ? t("不播") : length(shape.seconds)}`;
}

function Row({ run, line, shape, place, picked, acts }) {
  const at = (seconds) => clock(run.start + seconds * 1000);
  const passed = (run.now() - run.start) / 1000;
  const stands = { done: "done", skipped: "done skipped", running: "now", ahead: "" };
  const tooLate = shape.stand === "ahead" && shape.latest !== null && run.onAir && shape.start > shape.latest + 0.5;
  const ahead = shape.stand === "ahead";
  const tone = onTime(shape.over) ? (ahead ? "ok" : "") : shape.stand !== "done" && shape.over > 0 ? "warn" : "";
  const movable = run.mayChange && (ahead || shape.stand === "skipped");
  return html`<tr id=${`line-${line.id}`} class=${`${stands[shape.stand]}${picked ? " picked" : ""}${acts.over === place ? " drop" : ""}`} tabindex="0" aria-current=${shape.stand === "running" ? "step" : null}
      draggable=${movable ? "true" : null} onKeyDown=${(event) => acts.key(event, line, place)} onDblClick=${() => run.mayChange && run.edit(line)}
      onDragStart=${(event) => acts.drag(event, line)} onDragOver=${(event) => acts.hover(event, place)} onDrop=${(event) => acts.drop(event, place)} onDragEnd=${() => acts.leave()}>
    <td class="timing">${beginning(line, run.start)}</td>
    <td class="mark">${line.mark && html`<span class="kind" title=${line.role_name}>${line.mark}</span>`}</td>
    <td class="what"><span class=${shape.stand === "running" ? "strong" : ""}>${line.title}</span><${Under} run=${run} line=${line} shape=${shape} used=${passed - shape.start} /></td>
    <td class="n long"><${Length} line=${line} shape=${shape} used=${passed - shape.start} /></td>
    <td class="n planned">${at(shape.planned)}</td>
    <td class="n real">${shape.stand === "skipped" ? t("没播") : at(shape.start)}</td>
    <td class=${`n latest ${tooLate ? "warn" : ""}`}>${shape.latest === null ? "" : at(shape.latest)}</td>
    <td class=${`n over ${tone}`}>${shape.stand === "skipped" ? "" : overWord(shape.over)}</td>
    <td class="acts">${run.mayChange && html`<button type="button" class="plain" onClick=${() => run.edit(line)} aria-label=${t("改“{title}”", { title: line.title })}>${t("改")}</button>`}
      ${run.onAir && run.page.may.run && shape.stand !== "running" && shape.stand !== "done" && html`<button type="button" class="plain" disabled=${run.busy} onClick=${() => run.begin(line)} aria-label=${t("跳到“{title}”", { title: line.title })}>${t("跳到")}</button>`}</td>
  </tr>`;
}

export function Table({ run, laid, acts }) {
  const at = (seconds) => clock(run.start + seconds * 1000);
  const { draft } = run;
  return html`<table class="timed">
    <caption class="vh">${t("串联单，按 {at} 倒推最迟开始", { at: at(laid.aim) })}</caption>
    <thead><tr><th scope="col">${t("定时")}</th><th scope="col"><span class="vh">${t("类别")}</span></th><th scope="col">${t("环节")}</th><th scope="col" class="n">${t("时长")}</th><th scope="col" class="n">${t("计划开始")}</th><th scope="col" class="n">${t("实际或预计")}</th><th scope="col" class="n">${t("最迟开始")}</th><th scope="col" class="n">${t("快慢")}</th><th scope="col" class="acts"><span class="vh">${t("操作")}</span></th></tr></thead>
    <tbody>${run.lines.map((line, place) => html`<${Row} key=${line.id} run=${run} line=${line} shape=${laid.lines[place]} place=${place} picked=${draft && draft.id === line.id} acts=${acts} />`)}</tbody>
    <tfoot><tr class=${acts.over === run.lines.length ? "drop" : ""} onDragOver=${(event) => acts.hover(event, run.lines.length)} onDrop=${(event) => acts.drop(event, run.lines.length)}>
      <td class="timing"></td><td class="mark"></td><td class="what">${t("结束")}</td><td class="n long">${length(laid.aim)}</td><td class="n planned">${at(laid.planned_end)}</td><td class="n real">${at(laid.end)}</td><td class="n latest">${at(laid.aim)}</td><td class=${`n over ${onTime(laid.over) ? "ok" : laid.over > 0 ? "warn" : ""}`}>${overWord(laid.over)}</td><td class="acts"></td></tr></tfoot>
  </table>`;
}
