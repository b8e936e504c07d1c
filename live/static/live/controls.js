/* The player's buttons, bar, cover and words over the picture; it asks the player and the store and decides nothing else. */

import { useEffect, useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { nextSize, sizeNow } from "../broadcast/site.js";
import { all, mode, one } from "./reducer.js";
import { clock, clockSeconds, count, day, html, lasting, useSecond, useStore } from "./view.js";

const SPEEDS = [1, 1.25, 1.5, 2, 0.75];

/** The player's state, drawn again when it changes. */
function usePlayer(stage) {
  const [state, set] = useState(stage.player.state);
  useEffect(() => stage.watch(set), [stage]);
  return state;
}

/** 直播中 · n 人在看 · 延迟说明 */
export function OnAir({ store, stage }) {
  const state = useStore(store);
  usePlayer(stage);
  const now = mode(state);
  const counts = one(state, "counts");
  const airing = one(state, "airing");
  if ((now === "ended" || now === "replay") && stage.player.state.url && stage.player.state.live) return html`<p class="onair bits"><b class="state">${t("直播已结束")}</b><span class="studio">${t("正在播完最后一段")}</span></p>`;
  if (now === "replay") return html`<p class="onair bits"><b class="state">${t("回看")}</b></p>`;
  if (now !== "live") return null;
  return html`<p class="onair bits">
    ${state.link === "lost" ? html`<b class="state wait" role="status">${t("网络断开，正在重连")}</b>` : GoesOut(one(state, "media"))}
    ${counts && counts.viewers > 0 && html`<span class="studio">${stage.audio ? t("{n} 人在听", { n: count(counts.viewers) }) : t("{n} 人在看", { n: count(counts.viewers) })}</span>`}
    ${airing.delay_seconds > 0 && html`<span class="studio aside">${t("延迟约 {n} 秒", { n: airing.delay_seconds })}</span>`}
  </p>`;
}

/** 直播中, or quietly what stands in for the show. */
function GoesOut(media) {
  if (media && media.showing === "filler") return html`<b class="state">${t("垫播")}</b>`;
  if (media && media.showing === "rerun") return html`<b class="state">${t("重播")}</b>`;
  return html`<b class="live">${t("直播中")}</b>`;
}

/** What stands over the picture when there is none, or when a touch is needed. */
export function Cover({ store, stage }) {
  const state = useStore(store);
  const playing = usePlayer(stage);
  const now = useSecond(store);
  const words = coverWords(state, playing, now);
  if (words) {
    return html`<div class="cover studio" role="status">
      ${words.map((line) => (line.clock ? html`<b class="clock" aria-live="off">${line.clock}</b>` : line.big ? html`<b>${line.big}</b>` : html`<p>${line.text}</p>`))}
    </div>`;
  }
  if (playing.blocked) {
    return html`<div class="cover over"><button type="button" class="button" onClick=${() => stage.player.play()}>${t("播放")}</button></div>`;
  }
  if (playing.silenced) {
    return html`<div class="cover over low"><button type="button" class="button large" onClick=${() => stage.player.sound(true)}>${t("点击听声音")}</button></div>`;
  }
  if (playing.offered && (one(state, "media") || {}).state === "live") return html`<${Offer} player=${stage.player} />`;
  if (playing.listening) {
    return html`<div class="cover studio listen">
      <b>${t("只听声音")}</b>
      <p>${t("不放画面，省流量")}</p>
      <button type="button" class="button" onClick=${() => stage.player.listen(false)}>${t("看画面")}</button>
    </div>`;
  }
  if (playing.url && !playing.live && playing.ready && playing.paused && playing.time < 1) {
    return html`<div class="cover over"><button type="button" class="button" onClick=${() => stage.player.play()}>${t("播放回看")}</button></div>`;
  }
  return null;
}

/** The net does not carry the picture: the sound alone, with all else as before. */
function Offer({ player }) {
  return html`<div class="cover over low" role="status"><div class="offer studio">
    <p><b>${t("网络不稳，画面常停。")}</b>${t("可以只听声音，提问和投票照常。")}</p>
    <button type="button" class="button" onClick=${() => player.listen(true)}>${t("只听声音")}</button>
    <button type="button" class="link" onClick=${() => player.decline()}>${t("仍看画面")}</button>
  </div></div>`;
}

function coverWords(state, playing, now) {
  const airing = one(state, "airing");
  const media = one(state, "media") || { state: "none" };
  switch (mode(state)) {
    case "withdrawn":
      return [{ big: t("本期已撤下") }, { text: t("画面和互动都不再公开") }];
    case "cancelled":
      return [{ big: t("本场已取消") }, { text: t("改期后会在首页预告里公布") }];
    case "before":
      return beforeWords(airing, now);
    case "replay":
      return playing.broken > 1 ? [{ big: t("回看暂时打不开") }, { text: t("正在重试，不用刷新") }] : null;
    case "ended":
      if (playing.url) return null;
      return [
        { big: t("直播已结束") },
        { text: `${day(airing.actual_start)} ${clock(airing.actual_start)}–${clock(airing.actual_end)}` },
        { text: t("回看审核后在本页发布") },
      ];
    default:
      return liveWords(state, media, playing);
  }
}

function beforeWords(airing, now) {
  const left = (Date.parse(airing.planned_start) - now) / 1000;
  const at = `${day(airing.planned_start)} ${clock(airing.planned_start)}`;
  if (left <= 0) return [{ big: t("即将开始") }, { text: t("原定 {time}，开播后自动播放，不用刷新", { time: clock(airing.planned_start) }) }];
  if (left > 86_400) return [{ text: t("开始时间") }, { clock: clock(airing.planned_start) }, { text: day(airing.planned_start) }];
  return [{ text: t("距开始") }, { clock: lasting(left, true) }, { text: at }];
}

function liveWords(state, media, playing) {
  if (media.state === "cut") return [{ big: t("暂停播出") }, { text: t("画面由编导暂停，恢复后自动接着播") }];
  if (media.state === "lost" && (playing.stalled || playing.broken || !playing.ready)) {
    return [
      { big: t("现场信号中断") },
      { text: media.since ? t("{time} 起，正在自动重连", { time: clockSeconds(media.since) }) : t("正在自动重连") },
      { text: t("恢复后接着播，不用刷新") },
    ];
  }
  if (!media.playlist) return [{ big: t("正在等现场信号") }, { text: t("信号到了自动播放，不用刷新") }];
  if (playing.broken === 99) return [{ big: t("这个浏览器放不出画面") }, { text: t("请换新一些的浏览器，互动照常") }];
  if (state.link === "lost" && playing.stalled) {
    return [
      { big: t("网络断开") },
      ...(playing.date ? [{ text: t("画面停在 {time}", { time: clockSeconds(new Date(playing.date).toISOString()) }) }] : []),
      { text: t("连上后接着看") },
    ];
  }
  if (playing.broken > 1) return [{ big: t("画面暂时打不开") }, { text: t("正在重试，不用刷新") }];
  return null;
}

/** The row of buttons, words instead of icons, and the bar above it. */
export function Controls({ store, stage, elder }) {
  const state = useStore(store);
  const playing = usePlayer(stage);
  if (!playing.url || covered(state)) return elder ? html`<div class="controls studio"><${Bigger} /></div>` : null;
  const { player } = stage;
  const live = playing.live;
  const late = live && !player.atEdge();
  const audio = stage.audio;
  const { switches } = stage;
  // What is always there stands outside, what comes and goes in the middle: nothing moves under a finger.
  return html`<div class="controls studio">
    ${!elder && html`<${Bar} key="bar" playing=${playing} player=${player} />`}
    <button key="play" type="button" onClick=${player.toggle}>${playing.paused ? t("播放") : t("暂停")}</button>
    <button key="sound" type="button" onClick=${() => player.sound(playing.muted)}>${playing.muted ? t("声音关") : t("声音开")}</button>
    ${!elder && html`<time key="time">${place(state, playing)}</time>`}
    ${late && html`<button key="edge" type="button" class="edge" onClick=${() => player.toEdge()}>${t("回到直播")}</button>`}
    ${elder && html`<${Bigger} key="bigger" />`}
    ${switches.map((each) => (!elder || each.elder) && each.words() && html`<button key=${each.key} type="button" onClick=${each.press}>${each.words()}</button>`)}
    ${!elder && playing.levels.length > 1 && html`<${Quality} key="quality" playing=${playing} player=${player} />`}
    ${!elder && !live && html`<button key="speed" type="button" onClick=${() => player.speed(SPEEDS[(SPEEDS.indexOf(playing.rate) + 1) % SPEEDS.length])}>${t("{rate} 倍", { rate: playing.rate })}</button>`}
    ${!audio && playing.sound && !playing.listening && html`<button key="listen" type="button" onClick=${() => player.listen(true)}>${t("只听")}</button>`}
    ${!elder && !audio && html`<button key="full" type="button" onClick=${stage.fullscreen}>${t("全屏")}</button>`}
    ${!elder && html`<${Beside} key="beside" state=${state} stage=${stage} />`}
  </div>`;
}

/** On a phone held across: the way to the hall and back. */
function Beside({ state, stage }) {
  const on = stage.isBeside();
  const asked = all(state, "poll").some((poll) => poll.state === "open" && !state.mine.ballots.has(poll.id));
  return html`<button type="button" class="across" aria-expanded=${on ? "true" : "false"} onClick=${() => stage.beside()}>${on ? t("收起") : asked ? t("去投票") : t("互动")}</button>`;
}

/** Whether the picture must not be seen or driven now. */
export function covered(state) {
  const media = one(state, "media");
  return mode(state) === "withdrawn" || mode(state) === "cancelled" || (mode(state) === "live" && media && media.state === "cut");
}

function Bigger() {
  const [step, set] = useState(sizeNow());
  return html`<button type="button" onClick=${() => set(nextSize())}>${step === 2 ? t("字还原") : t("字更大")}</button>`;
}

function place(state, playing) {
  if (!playing.live) return `${lasting(playing.time)} / ${lasting(playing.edge)}`;
  const airing = one(state, "airing");
  if (playing.date && airing && airing.actual_start) return lasting((playing.date - Date.parse(airing.actual_start)) / 1000);
  const behind = Math.round(playing.edge - playing.time);
  return behind > 9 ? `-${lasting(behind)}` : "";
}

function Bar({ playing, player }) {
  const start = Math.floor(playing.start);
  const end = Math.max(start + 1, Math.floor(playing.edge));
  const at = Math.max(start, Math.min(end, Math.floor(playing.time)));
  const words = playing.live ? t("直播前 {time}", { time: lasting(end - at) }) : t("{time}，共 {all}", { time: lasting(at), all: lasting(end) });
  return html`<input type="range" class="slider" min=${start} max=${end} step="1" value=${at} aria-label=${t("播放位置")}
    aria-valuetext=${end - at < 9 && playing.live ? t("正在直播") : words} onInput=${(event) => player.seek(Number(event.target.value))} />`;
}

function Quality({ playing, player }) {
  return html`<select aria-label=${t("清晰度")} value=${playing.level} onChange=${(event) => player.quality(Number(event.target.value))}>
    <option value="-1">${t("自动")}</option>
    ${playing.levels.map((level) => level.height > 0 && html`<option value=${level.index}>${`${level.height}p`}</option>`)}
  </select>`;
}
