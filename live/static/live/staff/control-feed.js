/* The control room's health in lines: what comes in by each lane, what is written, what the public gets. */

import { t } from "../../broadcast/i18n.js";
import { endWord, feedProblem, storeProblem } from "./control-words.js";
import { html } from "./room-parts.js";
import { count, span } from "./words.js";

const FEED = () => ({
  off: ["quiet", t("未接收")],
  listening: ["warn", t("等待信号")],
  receiving: ["ok", t("正常")],
  lost: ["bad", t("信号中断")],
  finishing: ["quiet", t("正在收尾")],
  finished: ["quiet", t("已完成")],
  recorder_down: ["bad", t("录制程序没有响应")],
});

/** A lane has sent nothing for so long when it counts as lost. */
const LOST_SECONDS = 6;
/** Short silences and dark pictures are nothing. */
const NOTICED_SECONDS = 4;

export const laneWord = (lane) => (lane === "backup" ? t("备路") : t("主路"));

/** Rate, picture, loudness of a lane, as far as they are known. */
function measures(lane) {
  return [
    lane.bitrate > 0 ? t("{n} Mbps", { n: (lane.bitrate / 1e6).toFixed(1) }) : "",
    lane.height ? `${lane.height}p${lane.fps ? Math.round(lane.fps) : ""}` : "",
    Number.isFinite(lane.loudness) && lane.loudness !== null ? t("{n} LUFS", { n: lane.loudness.toFixed(0) }) : "",
  ].filter(Boolean).join(" ");
}

/** What is wrong with a lane that sends, the worst first; "" when nothing is. */
function trouble(lane) {
  if (lane.black_seconds >= NOTICED_SECONDS) return t("黑屏 {n} 秒", { n: Math.round(lane.black_seconds) });
  if (lane.silence_seconds >= NOTICED_SECONDS) return t("静音 {n} 秒", { n: Math.round(lane.silence_seconds) });
  return lane.drops > 0 ? t("一分钟丢 {n} 帧", { n: count(lane.drops) }) : "";
}

/** Why a lane gives nothing: what is wrong now, else how its last connection ended. The feed's problem names no lane. */
function reason(feed, name, several) {
  const last = (feed.parts || []).filter((part) => part.lane === name && part.ended_at).pop();
  if (feed.problem && feed.problem !== "line_frozen" && !several) return feedProblem(feed.problem);
  return last?.end_code ? endWord(last.end_code) : "";
}

/** What is done with the recording after the show, and where that is told in full. */
export function After({ room }) {
  const steps = room.feed?.steps;
  if (!steps?.total) return null;
  const done = steps.done === steps.total;
  return html`<section class="pane after" aria-labelledby="h-after">
    <div class="spread"><h2 id="h-after">${t("后期")} <b class=${steps.failed.length ? "bad" : done ? "ok" : ""}>${steps.done}/${steps.total}</b></h2><a href=${steps.page}>${t("录制")}</a></div>
    ${steps.running.length > 0 && html`<p class="xs quiet">${steps.running.map((each) => `${each.name} ${each.percent}%`).join(t("，"))}</p>`}
    ${steps.failed.length > 0 && html`<ul class="xs">${steps.failed.map((each) => html`<li key=${each.kind}><b class="bad">${t("{name}没有做成", { name: each.name })}</b> <span class="quiet">${each.problem}</span></li>`)}</ul>`}
    ${done && html`<p class="xs quiet">${t("全部完成。")}</p>`}
  </section>`;
}

/** Where encoders send to; only producers are told. */
export function Addresses({ room }) {
  const to = room.feed?.addresses;
  if (!to || (room.state !== "planned" && room.state !== "waiting" && room.state !== "on_air")) return null;
  const line = (name, value) => html`<dt>${name}</dt><dd class="wrap">${value}</dd>`;
  const rotate = () => room.ask({
    title: t("换新的口令和密钥？"),
    lines: [t("正在推流的编码器马上断开，填上新的才能再连。"), t("旧的口令和密钥从此无效，主路备路一起换。")],
    verb: t("换新的"),
    risk: true,
    act: () => room.act("ingest.rotate", t("口令和密钥已换新")),
  });
  return html`<details class="pane addresses xs"><summary>${t("推流地址")}</summary><dl class="facts">
    ${line("SRT", to.srt_url)}${line(t("SRT 口令"), to.srt_passphrase)}
    ${line("RTMP", to.rtmp_url)}${line(t("RTMP 密钥"), to.stream_key)}
    ${to.backup && line(t("备路 SRT"), to.backup.srt_url)}${to.backup && line(t("备路 RTMP 密钥"), to.backup.stream_key)}
  </dl>${room.page.may.produce && html`<p class="row"><button type="button" disabled=${room.busy.has("ingest.rotate")} onClick=${rotate}>${t("换口令和密钥…")}</button></p>`}</details>`;
}

function Lane({ feed, name, several }) {
  const lane = feed.health?.lanes?.[name];
  const title = several ? laneWord(name) : t("来路");
  const open = feed.state !== "off" && feed.state !== "finishing" && feed.state !== "finished" && feed.state !== "recorder_down";
  if (!open || (!lane && !several)) {
    const [tone, word] = FEED()[feed.state] || ["quiet", t("没有数据")];
    return html`<tr><th scope="row">${title}</th><td class=${tone}>${word}</td><td>${feed.state === "receiving" ? measures(feed) : feed.problem && feed.problem !== "line_frozen" ? html`<span class="warn">${feedProblem(feed.problem)}</span>` : ""}</td></tr>`;
  }
  const why = reason(feed, name, several);
  if (!lane) return html`<tr><th scope="row">${title}</th><td class="warn">${t("等待信号")}</td><td class="warn">${why}</td></tr>`;
  const age = lane.last_segment_age_seconds;
  if (age === null || age > LOST_SECONDS) return html`<tr><th scope="row">${title}</th><td class="bad">${t("信号中断")}</td><td>${age === null ? "" : t("{span} 没有收到", { span: span(age * 1000) })} <span class="warn">${why}</span></td></tr>`;
  const wrong = trouble(lane);
  return html`<tr><th scope="row">${title}</th><td class=${wrong ? "warn" : "ok"}>${wrong || t("正常")}</td><td>${measures(lane)}</td></tr>`;
}

function disk(found) {
  if (!found?.level) return ["", ""];
  const left = t("磁盘剩 {n} GB", { n: count(Math.round(found.free_bytes / 1e9)) });
  return {
    ok: ["quiet", ""],
    low: ["warn", t("{left}，请清理", { left })],
    shedding: ["bad", t("{left}，已停做低清晰度", { left })],
    full: ["bad", t("{left}，快要录不下了", { left })],
  }[found.level] || ["quiet", left];
}

/** One place that keeps copies: how far behind it is, or why it takes nothing. */
function Store({ place }) {
  const wrong = place.problem ? storeProblem(place.problem) : "";
  const behind = place.waiting > 0 ? t("待传 {n} 段", { n: count(place.waiting) }) : "";
  const late = place.lag_seconds >= 30;
  return html`<tr><th scope="row">${place.place === "copy" ? t("第二份") : t("存储")}</th><td class=${wrong ? "bad" : late ? "warn" : "ok"}>${wrong || (late ? t("落后 {n} 秒", { n: count(Math.round(place.lag_seconds)) }) : t("正常"))}</td><td>${wrong || late ? behind : ""}</td></tr>`;
}

/** How the targets fare as a whole: [tone, words]. After the end only what was sent counts: a target that got nothing is told. */
function pushWord(pushes) {
  const failing = pushes.filter((each) => each.state === "retrying" || (each.state === "connecting" && each.problem)).length;
  if (failing) return ["bad", t("{n} 个没有推上", { n: count(failing) })];
  if (pushes.some((each) => each.state === "sending")) return ["ok", t("正常")];
  const missed = pushes.filter((each) => each.state === "done" && !each.sent_seconds).length;
  if (missed) return ["warn", t("{n} 个没有推到", { n: count(missed) })];
  if (pushes.every((each) => each.state === "off")) return ["quiet", t("没有在推")];
  return ["quiet", pushes.some((each) => each.state === "done") ? t("已结束") : t("等待播出")];
}

/** Health in lines. */
export function Feed({ room }) {
  const feed = room.feed;
  if (!feed) return html`<table class="feeds"><tbody><tr><th scope="row">${t("信号")}</th><td class="quiet">${t("没有数据")}</td></tr></tbody></table>`;
  const kinds = Object.entries(feed.refused || {}).filter(([, times]) => Number(times) > 0);
  const refused = kinds.reduce((sum, [, times]) => sum + Number(times), 0);
  const out = { none: t("没有输出"), waiting: t("等待"), live: t("正常"), lost: t("信号中断"), cut: t("垫片"), ended: t("已结束") }[feed.public?.state] || "";
  const gaps = feed.received_seconds > 0 ? feed.gaps?.length || 0 : 0;
  const frozen = feed.problem === "line_frozen";
  const lanes = feed.line?.lanes?.length ? feed.line.lanes : ["main"];
  // Of several lanes it is not said which has the problem.
  const shared = lanes.length > 1 && !frozen ? feed.problem : "";
  const pushes = feed.pushes || [];
  const [pushTone, pushWords] = pushWord(pushes);
  const [diskTone, diskWords] = disk(feed.disk);
  return html`<table class="feeds"><caption class="vh">${t("信号")}</caption><tbody>
    ${lanes.map((name) => html`<${Lane} key=${name} feed=${feed} name=${name} several=${lanes.length > 1} />`)}
    ${shared && html`<tr><th scope="row">${t("接收")}</th><td class="bad" colspan="2">${feedProblem(shared)}</td></tr>`}
    <tr><th scope="row">${t("录制")}</th><td class=${feed.received_seconds > 0 ? "ok" : "quiet"}>${feed.received_seconds > 0 ? t("已写 {span}", { span: span(feed.received_seconds * 1000) }) : t("还没有")}</td><td>${gaps ? html`<span class="warn">${t("断过 {n} 次", { n: gaps })}</span> ` : ""}<span class=${diskTone}>${diskWords}</span></td></tr>
    ${(feed.store?.places || []).map((each) => html`<${Store} key=${each.place} place=${each} />`)}
    <tr><th scope="row">${t("公众")}</th><td class=${frozen ? "bad" : { live: "ok", lost: "bad", cut: "bad" }[feed.public?.state] || "quiet"}>${frozen ? t("停住") : out}</td><td>${frozen ? html`<span class="warn">${t("不知有无切断")}</span>` : t("晚 {n} 秒", { n: feed.delay_seconds })}</td></tr>
    ${pushes.length > 0 && html`<tr><th scope="row">${t("转推")}</th><td class=${pushTone}>${pushWords}</td><td>${t("共 {n} 个", { n: count(pushes.length) })}</td></tr>`}
    ${refused > 0 && html`<tr><th scope="row">${t("拒绝连接")}</th><td class="warn">${t("{n} 次", { n: count(refused) })}</td><td>${kinds.map(([code]) => feedProblem(code)).join(t("、"))}</td></tr>`}
  </tbody></table>`;
}
