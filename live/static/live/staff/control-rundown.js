/* The control room's run-down: what is done, the segment that is on, the next one with its button, and what follows. */

import { t } from "../../broadcast/i18n.js";
import { html } from "./room-parts.js";
import { clock, hourMinute, signed, span, unseen } from "./words.js";

const Mark = ({ segment }) => (segment.mark ? html`<span class="kind" title=${segment.role}>${segment.mark}</span>` : html`<span></span>`);

function begin(room, segment) {
  return () => room.run(`segment:${segment.id}`, { type: "segment.start", segment: segment.id }, t("开始了“{title}”", { title: segment.title }));
}

function Current({ room, segment }) {
  const now = room.lane.now();
  const used = now - Date.parse(segment.started_at);
  const whole = segment.planned_seconds * 1000;
  const left = whole - used;
  return html`<div class="now-card">
    <h3><${Mark} segment=${segment} /> <span class="name">${segment.title}</span> <span class="quiet xs push">${t("现在")}</span></h3>
    <p class="spread"><span class=${left < 0 ? "left warn" : "left"} role="timer">${left >= 0 ? span(left) : signed(-left)}</span> <span class="quiet xs n">${left >= 0 ? t("还剩") : t("超时")}<br />${t("共 {span}", { span: span(whole) })}</span></p>
    <progress value=${Math.min(used, whole)} max=${whole} aria-label=${t("本环节已用 {used}，共 {whole}", { used: span(used), whole: span(whole) })}></progress>
    <p class="xs quiet">${t("{clock} 开始", { clock: clock(segment.started_at) })}${unseen(segment.shown_from, now)}</p>
  </div>`;
}

export function Rundown({ room }) {
  const { current, done, later, plannedAt, end } = room.rundown();
  const { end: plannedEnd, over } = room.times();
  const on = room.state === "on_air";
  const closed = room.state === "ended" || room.state === "cancelled";
  const [next, ...rest] = closed ? [null, ...later] : later;
  if (!room.segments.length) {
    const words = room.lane.seq < 0 ? t("正在连接…") : html`${t("还没有环节。")} <a href=${room.page.urls.rundown || room.page.urls.episode}>${t("去排")}</a>`;
    return html`<section class="pane" aria-labelledby="h-run"><h2 id="h-run">${t("串联单")}</h2><p class="quiet">${words}</p></section>`;
  }
  return html`<section class="pane scrolls" aria-labelledby="h-run"><div class="spread"><h2 id="h-run">${t("串联单")}</h2>${room.page.urls.rundown && html`<a class="xs" href=${room.page.urls.rundown}>${t("改时间、打印")}</a>`}</div><div class="cues">
    ${done.length > 0 && html`<h3>${t("已完")}</h3><ol>${done.map((each) => html`<li class="done" key=${each.id}><span>${hourMinute(each.started_at)}</span><${Mark} segment=${each} /><span class="name">${each.title}</span><span>${signed(Date.parse(each.ended_at) - Date.parse(each.started_at) - each.planned_seconds * 1000)}</span></li>`)}</ol>`}
    ${current && html`<${Current} room=${room} segment=${current} />`}
    ${next && html`<div class="next-card">
      <h3><${Mark} segment=${next.segment} /> <span class="name">${next.segment.title}</span> <span class="quiet xs push">${hourMinute(next.at)}</span></h3>
      <p class="xs quiet">${t("计划 {clock}，时长 {span}", { clock: hourMinute(plannedAt.get(next.segment.id)), span: span(next.segment.planned_seconds * 1000) })}${current ? t("。现在的环节同时结束") : ""}</p>
      <button type="button" class=${on ? "next-cue" : ""} disabled=${!on || room.busy.has(`segment:${next.segment.id}`)} onClick=${begin(room, next.segment)}>${t("开始这一环节")}</button>
      ${!on && html`<p class="xs quiet">${t("开播以后才能开始环节。")}</p>`}
    </div>`}
    ${rest.length > 0 && html`<h3>${closed ? t("没有播到") : t("以后")}</h3><ol>${rest.map(({ segment, at }) => html`<li key=${segment.id} class=${closed ? "done" : ""}><span>${closed ? "" : hourMinute(at)}</span><${Mark} segment=${segment} /><span class="name">${segment.title}</span>
      ${on ? html`<button type="button" class="plain" aria-label=${t("跳到“{title}”", { title: segment.title })} onClick=${begin(room, segment)}>${t("跳到")}</button>` : html`<span class="quiet">${span(segment.planned_seconds * 1000)}</span>`}</li>`)}</ol>`}
    ${!closed && html`<ol><li class="end"><span>${hourMinute(end)}</span><span class="name">${t("结束，计划 {clock}", { clock: hourMinute(plannedEnd) })}</span>${over !== null && html`<span class=${over >= 1000 ? "warn" : "quiet"}>${Math.abs(over) < 1000 ? t("准点") : signed(over)}</span>`}</li></ol>`}
  </div></section>`;
}
