/* What goes out: which source the public gets and the buttons that change it, and how each simulcast target fares. */

import { t } from "../../broadcast/i18n.js";
import { laneWord } from "./control-feed.js";
import { pushProblem } from "./control-words.js";
import { html } from "./room-parts.js";
import { clock, count, span } from "./words.js";

/** What the public line shows, in words: [tone, word]. */
function outWord(now) {
  return {
    main: ["ok", t("主路")],
    backup: ["warn", t("备路")],
    cut: ["bad", t("切断，垫片")],
    filler: ["warn", t("垫播")],
    rerun: ["warn", t("重播")],
    nothing: ["bad", t("没有画面")],
  }[now] || ["quiet", t("还没有输出")];
}

const whyWord = (reason) => ({ rule: t("按规则"), hand: t("人工切换"), feed_missing: t("没有信号"), feed_silent: t("信号静音"), cut: t("切断"), planned: t("按计划") })[reason] || "";

const choiceWord = (choice) => ({ main: t("固定在主路"), backup: t("固定在备路"), fallback: t("固定垫播") })[choice] || "";

function fallbackWord(line) {
  if (line.fallback === "rerun") return t("往期");
  return line.fallback === "filler" && line.fallback_title ? t("“{title}”", { title: line.fallback_title }) : t("垫片");
}

/** One sentence for what happens next without anybody's doing. */
function ruleWords(line, choice) {
  if (choice === "fallback") return t("一直垫播，直到有人切回。按“自动”交回规则。");
  if (choice !== "auto") return t("不会自动换，断了才垫播。按“自动”交回规则。");
  const other = [line.lanes.includes("backup") ? t("换备路") : "", line.fallback === "none" ? "" : line.fallback === "rerun" ? t("播往期") : t("播垫片")].filter(Boolean);
  const way = other.length ? t("断 {n} 秒就{what}", { n: line.missing_seconds, what: other.join(t("，再没有就")) }) : t("断了没有可换的");
  return `${way}${t("。")}${other.length ? (line.return_by === "hand" ? t("恢复后由人工切回。") : t("恢复后自动切回。")) : ""}`;
}

/** The switch: what the public gets now, and four buttons. The pressed one is what people asked for. */
export function Source({ room }) {
  const line = room.feed?.line;
  if (!line || room.state === "planned" || room.state === "ended" || room.state === "cancelled") return null;
  const [tone, word] = outWord(line.now);
  const latest = line.as_run?.[0];
  const choice = line.choice || "auto";
  const off = !room.page.may.cut || room.busy.has("source");
  const take = (source, words) => () => room.run("source", { type: "act.perform", act: `source.${source}`, reason: "" }, words);
  const fallback = () => room.ask({
    title: t("改播{what}？", { what: fallbackWord(line) }),
    lines: [t("公众约 {n} 秒后看到{what}，直到有人切回。", { n: room.page.delay_seconds, what: fallbackWord(line) }), t("录制继续，信号不断。")],
    verb: t("改播{what}", { what: fallbackWord(line) }),
    act: take("fallback", t("已改为垫播")),
  });
  const button = (source, label, act, absent) => html`<button type="button" class=${choice === source ? "chosen" : ""} aria-pressed=${choice === source ? "true" : "false"} disabled=${off || absent} title=${absent || ""} onClick=${choice === source ? null : act}>${label}${absent && html`<span class="quiet xs">${absent}</span>`}</button>`;
  const lane = (source) => button(source, laneWord(source), take(source, t("已切到{lane}", { lane: laneWord(source) })), line.lanes.includes(source) ? "" : t("没有"));
  return html`<section class="pane source" aria-labelledby="h-source">
    <div class="spread"><h2 id="h-source">${t("现在播出")} <b class=${tone}>${word}</b>${latest && latest.kind === line.now && whyWord(latest.reason) && latest.reason !== "cut" ? html` <span class="quiet xs">${whyWord(latest.reason)}</span>` : ""}</h2>
      ${choice !== "auto" && html`<span class="tag warn">${choiceWord(choice)}${line.chosen_at ? ` ${clock(line.chosen_at).slice(0, 5)}` : ""}</span>`}</div>
    ${room.page.may.cut && html`<div class="sources" role="group" aria-label=${t("换信号来源")}>
      ${button("auto", t("自动"), take("auto", t("已交回规则")))}${lane("main")}${lane("backup")}${button("fallback", t("垫播"), fallback, line.fallback === "none" ? t("规则里没有") : "")}</div>`}
    <p class="xs quiet">${ruleWords(line, choice)}</p>
    ${Number.isFinite(line.behind_seconds) && html`<p class="xs quiet">${t("公众落后现场 {n} 秒", { n: count(Math.round(line.behind_seconds)) })}</p>`}
  </section>`;
}

const PUSH = () => ({
  waiting: ["quiet", t("等待播出")],
  connecting: ["warn", t("正在连接")],
  sending: ["ok", t("正在推送")],
  retrying: ["bad", t("没有推上")],
  done: ["quiet", t("已结束")],
  off: ["quiet", t("已停用")],
});

function Push({ room, push }) {
  const missed = push.state === "done" && !push.sent_seconds && push.problem !== "not_public";
  const [tone, word] = push.problem === "not_public" ? ["quiet", t("不公开，不转推")] : missed ? ["warn", t("没有推到")] : PUSH()[push.state] || ["quiet", t("没有数据")];
  const busy = room.busy.has(`push:${push.id}`);
  const over = room.state === "ended" || room.state === "cancelled";
  const act = (name, words) => () => room.run(`push:${push.id}`, { type: "act.perform", act: `push.${name}:${push.id}`, reason: "" }, words);
  const stop = () => room.ask({
    title: t("这一场不再推“{name}”？", { name: push.name }),
    lines: [t("那边的观众会看到中断。别的目标和录制不受影响。"), t("可以随时恢复。")],
    verb: t("停推"),
    act: act("off", t("已停推“{name}”", { name: push.name })),
  });
  const wait = push.next_try_at ? Date.parse(push.next_try_at) - room.lane.now() : 0;
  const troubled = push.state === "retrying" || (push.state === "connecting" && push.problem);
  const said = [
    (troubled || missed) && push.problem ? pushProblem(push.problem) : "",
    push.state === "retrying" && wait > 0 ? t("{n} 秒后再试", { n: Math.ceil(wait / 1000) }) : "",
    (troubled || missed) && push.attempts > 1 ? t("试了 {n} 次", { n: count(push.attempts) }) : "",
    push.state === "sending" && push.sending_since ? span(room.lane.now() - Date.parse(push.sending_since)) : "",
    push.missed_seconds > 0 ? t("漏了 {span}", { span: span(push.missed_seconds * 1000) }) : "",
  ].filter(Boolean);
  const buttons = room.page.may.run && !over && push.problem !== "not_public" && (push.off_here
    ? html`<button type="button" disabled=${busy} onClick=${act("on", t("已恢复推送“{name}”", { name: push.name }))}>${t("恢复推送")}</button>`
    : push.active && html`<button type="button" disabled=${busy} onClick=${act("restart", t("正在重连“{name}”", { name: push.name }))}>${t("重连")}</button> <button type="button" disabled=${busy} onClick=${stop}>${t("停推…")}</button>`);
  // A target in trouble is open from the start; what people open or close stays so.
  return html`<li class=${troubled ? "troubled" : ""}><details open=${troubled}>
    <summary><span class="name">${push.name}</span><span class=${troubled ? "bad" : tone}>${word}</span></summary>
    <p class="xs"><span class="quiet">${{ rtmp: "RTMP", srt: "SRT", icecast: "Icecast" }[push.kind]}</span> <span class=${troubled || missed ? "warn" : "quiet"}>${said.join(t("，"))}</span></p>
    ${buttons && html`<p class="row">${buttons}</p>`}
  </details></li>`;
}

/** The simulcast targets; nothing where the programme has none. */
export function Pushes({ room }) {
  const pushes = room.feed?.pushes || [];
  if (!pushes.length) return null;
  const sending = pushes.filter((each) => each.state === "sending").length;
  return html`<section class="pane pushes" aria-labelledby="h-push">
    <div class="spread"><h2 id="h-push">${t("转推")}</h2><span class="xs quiet">${t("{n} 个，{m} 个在推", { n: count(pushes.length), m: count(sending) })}</span></div>
    <ul>${[...pushes].sort((a, b) => a.id - b.id).map((push) => html`<${Push} key=${push.id} room=${room} push=${push} />`)}</ul>
  </section>`;
}
