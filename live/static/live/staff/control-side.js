/* The control room's right side: numbers, the acts that move the show, and the guarded cut. */

import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../../broadcast/i18n.js";
import { html } from "./room-parts.js";
import { clock, count, hourMinute, span } from "./words.js";

const HOLD_MS = 2000;
const LID_MS = 15000;
const CONFIRM_MS = 120000;
const SAMPLE_MS = 10000;
const SAMPLES = 180;

const samples = [];

function sample(room, viewers) {
  const now = room.lane.now();
  const last = samples[samples.length - 1];
  if (last && now - last.at < SAMPLE_MS) return;
  samples.push({ at: now, viewers });
  if (samples.length > SAMPLES) samples.shift();
}

/** People watching now since this page was opened, as a line with its words. */
function Line() {
  if (samples.length < 3) return null;
  const most = Math.max(1, ...samples.map((each) => each.viewers));
  const points = samples.map((each, at) => `${((at / (samples.length - 1)) * 100).toFixed(1)},${(23 - (each.viewers / most) * 22).toFixed(1)}`).join(" ");
  const words = t("打开这一页以来，最多 {n} 人", { n: count(most) });
  return html`<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label=${words}><polyline class="line" points=${points} /></svg>
    <details class="xs"><summary class="quiet">${words}</summary><table><tbody>${samples.filter((_each, at) => at % 6 === 0).map((each) => html`<tr key=${each.at}><td>${hourMinute(each.at)}</td><td class="n">${t("{n} 人", { n: count(each.viewers) })}</td></tr>`)}</tbody></table></details>`;
}

export function Numbers({ room }) {
  const counts = room.lane.object("counts");
  if (counts) sample(room, counts.viewers);
  const pending = [...room.lane.items.values()].filter((item) => item.state === "pending");
  const oldest = pending.reduce((found, item) => (!found || item.at < found ? item.at : found), "");
  const age = oldest ? room.lane.now() - Date.parse(oldest) : 0;
  return html`<section class="pane numbers" aria-labelledby="h-num">
    <h2 id="h-num">${t("同时在看")}</h2>
    <p><b class="big">${count(counts?.viewers)}</b> ${t("人")}</p>
    <${Line} />
    <dl class="facts">
      <dt>${t("点赞")}</dt><dd>${t("{n} 次", { n: count(counts?.likes) })}</dd>
      <dt>${t("已公开评论")}</dt><dd>${t("{n} 条", { n: count(counts?.comments) })}</dd>
      <dt>${t("已公开提问")}</dt><dd>${t("{n} 条", { n: count(counts?.questions) })}</dd>
      <dt>${t("待审核")}</dt><dd>${t("{n} 条", { n: count(pending.length) })}${oldest ? html`<span class=${age > 60000 ? "warn" : "quiet"}>${t("，最久 {age}", { age: span(age) })}</span>` : ""} ${room.page.urls.desk && html`<a href=${room.page.urls.desk}>${t("审核台")}</a>`}</dd>
    </dl>
  </section>`;
}

export function Show({ room }) {
  const state = room.state;
  const feed = room.feed;
  const busy = room.busy.has("airing.open") || room.busy.has("act");
  const start = () => room.ask({
    title: t("现在开播？"),
    lines: [
      feed?.state === "receiving" ? t("信号正常，公众 {n} 秒后看到画面。", { n: room.page.delay_seconds }) : t("还没有收到信号，公众会看到“等待画面”。"),
      t("开播后所有人看到“直播中”，不能退回候播。"),
    ],
    verb: t("开播"),
    act: () => room.act("airing.start", t("已开播")),
  });
  const end = () => room.ask({
    title: t("结束直播？"),
    lines: [
      t("公众 {n} 秒后看到结束，不能再开同一场。", { n: room.page.delay_seconds }),
      t("正在进行的投票会结束，正在答的提问回到提问单。"),
      t("回看几秒后工作人员可看，公众要等签发（节目另有规定的除外）。"),
    ],
    verb: t("结束直播"),
    risk: true,
    act: () => room.act("airing.end", t("直播已结束")),
  });
  const links = html`<p class="xs"><a href=${room.page.urls.episode}>${t("这一期的页面")}</a></p>`;
  if (state === "ended") return html`<section class="pane"><h2>${t("已结束")}</h2><p class="quiet xs">${t("回看和签发在这一期的页面上。")}</p>${links}</section>`;
  if (state === "cancelled") return html`<section class="pane"><h2>${t("已取消")}</h2>${links}</section>`;
  return html`<section class="pane show" aria-labelledby="h-show"><h2 id="h-show">${t("这一场")}</h2>
    ${state === "planned" && html`<p class="xs quiet">${t("先打开信号，编码器才能推流。公众还看不到画面。")}</p><button type="button" class="strong" disabled=${busy} onClick=${() => room.act("airing.open", t("信号已打开"))}>${t("打开信号")}</button>`}
    ${state === "waiting" && html`<p class="xs quiet">${feed?.state === "receiving" ? t("信号已到，可以开播。") : t("信号已打开，等待编码器推流。地址在这一期的页面上。")}</p><button type="button" class="main" disabled=${busy} onClick=${start}>${t("开播…")}</button>`}
    ${state === "on_air" && html`<button type="button" disabled=${busy} onClick=${end}>${t("结束直播…")}</button>`}
    ${links}
  </section>`;
}

/** A button that acts only after being held; Space and Enter hold it as a finger does. */
function HoldButton({ label, disabled, onHeld }) {
  const [held, setHeld] = useState(0);
  const timer = useRef(0);
  const done = useRef(false);
  const stop = () => {
    clearInterval(timer.current);
    timer.current = 0;
    setHeld(0);
  };
  const begin = () => {
    if (disabled || timer.current) return;
    done.current = false;
    const from = performance.now();
    timer.current = setInterval(() => {
      const past = performance.now() - from;
      setHeld(Math.min(past, HOLD_MS));
      if (past >= HOLD_MS && !done.current) {
        done.current = true;
        stop();
        onHeld();
      }
    }, 50);
  };
  useEffect(() => stop, []);
  const key = (run) => (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) run();
  };
  return html`<span class="hold"><button type="button" class="danger" disabled=${disabled} onPointerDown=${begin} onPointerUp=${stop} onPointerLeave=${stop} onPointerCancel=${stop}
      onKeyDown=${key(begin)} onKeyUp=${key(stop)} onBlur=${stop} onContextMenu=${(event) => event.preventDefault()}>${held ? t("按住… {n}", { n: ((HOLD_MS - held) / 1000).toFixed(1) }) : label}</button>
    <progress value=${held} max=${HOLD_MS} aria-hidden="true"></progress></span>`;
}

function lift(room) {
  room.lid = { open: true, until: Date.now() + LID_MS };
  setTimeout(() => {
    if (Date.now() >= room.lid.until - 50) room.lid = { open: false, until: 0 };
    room.render();
  }, LID_MS);
  room.render();
}

export function Cut({ room }) {
  const cut = room.feed?.cut;
  if (!room.page.may.cut || !cut || room.state === "ended" || room.state === "cancelled" || (room.state !== "on_air" && cut.state === "none")) return null;
  const busy = room.busy.has("act") || room.busy.has("cut");
  const perform = (act, words) => () => {
    room.lid = { open: false, until: 0 };
    room.run("cut", { type: "act.perform", act, reason: "" }, words);
  };
  const resume = () => room.ask({ title: t("恢复播出？"), lines: [t("公众从现在的画面接着看，切断的部分不再播出。"), t("约 {n} 秒后公众看到画面。", { n: room.page.delay_seconds })], verb: t("恢复播出"), act: perform("output.resume", t("已恢复播出")) });
  if (cut.state === "active") {
    return html`<section class="cut on" aria-labelledby="h-cut"><h2 id="h-cut">${t("已切断")}</h2>
      <p class="xs">${t("{clock} 起公众看到垫片。录制继续。", { clock: clock(cut.cut_at) })}</p>
      <button type="button" class="strong" disabled=${busy} onClick=${resume}>${t("恢复播出…")}</button></section>`;
  }
  if (cut.state === "requested") {
    const left = Date.parse(cut.requested_at) + CONFIRM_MS - room.lane.now();
    const mine = cut.requested_by === room.page.me.id;
    return html`<section class="cut" aria-labelledby="h-cut"><h2 id="h-cut">${t("切断等第二人确认")}</h2>
      <p class="xs">${mine ? t("您在 {clock} 提出，等另一位同事确认，{span} 后作废。", { clock: clock(cut.requested_at), span: span(left) }) : t("同事在 {clock} 提出切断，{span} 后作废。", { clock: clock(cut.requested_at), span: span(left) })}</p>
      <div class="spread">${!mine ? html`<${HoldButton} label=${t("按住 2 秒确认切断")} disabled=${busy} onHeld=${perform("output.confirm", t("已切断"))} />` : ""}
        <button type="button" disabled=${busy} onClick=${perform("output.resume", t("切断请求已撤回"))}>${mine ? t("撤回") : t("不切断")}</button></div></section>`;
  }
  const second = room.page.second_person;
  const open = room.lid.open;
  return html`<section class="cut" aria-labelledby="h-cut"><h2 id="h-cut">${t("切断播出")}</h2>
    <p class="xs">${t("公众立即看到垫片，未播出的 {n} 秒不再播出。录制继续，可以恢复。", { n: room.page.delay_seconds })}</p>
    ${cut.state === "resuming" && html`<p class="xs warn">${t("正在恢复，公众马上看到画面。")}</p>`}
    <div class="spread"><button type="button" aria-expanded=${open ? "true" : "false"} onClick=${() => (open ? (room.lid = { open: false, until: 0 }, room.render()) : lift(room))}>${open ? t("合上护盖") : t("揭开护盖")}</button>
      <${HoldButton} label=${second ? t("按住提出切断") : t("按住切断")} disabled=${!open || busy} onHeld=${perform("output.cut", second ? t("已提出切断，等第二人确认") : t("已切断"))} /></div>
    <p class="xs quiet">${second ? t("揭开后按住 2 秒提出，再由另一位同事确认。") : t("揭开后按住 2 秒。")}</p>
  </section>`;
}
