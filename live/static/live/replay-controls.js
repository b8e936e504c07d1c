/* The replay's buttons, bar and cover; it asks the player and decides nothing. */

import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { reached } from "./replay-map.js";
import { html, lasting } from "./view.js";

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];

/** The player's state, drawn again when it changes. */
export function usePlaying(replay) {
  const [state, set] = useState(replay.player.state);
  useEffect(() => replay.watch(set), [replay]);
  return state;
}

/** The row of buttons with the bar above it. */
export function Controls({ replay }) {
  const playing = usePlaying(replay);
  const { player, elder, audio, boot } = replay;
  if (playing.broken === 99) return null;
  const end = playing.edge || boot.length;
  return html`<div class="controls studio">
    <${Bar} key="bar" replay=${replay} playing=${playing} end=${end} />
    <button key="play" type="button" onClick=${player.toggle}>${playing.paused ? t("播放") : t("暂停")}</button>
    <button key="sound" type="button" onClick=${() => player.sound(playing.muted)}>${playing.muted ? t("声音关") : t("声音开")}</button>
    <time key="time">${lasting(playing.time)} / ${lasting(end)}</time>
    ${replay.words && html`<button key="caption" type="button" aria-pressed=${replay.caption ? "true" : "false"} onClick=${() => replay.captions()}>${replay.caption ? t("字幕开") : t("字幕关")}</button>`}
    ${replay.words && replay.caption && html`<select key="size" aria-label=${t("字幕大小")} value=${String(replay.size)} onChange=${(event) => replay.captionSize(Number(event.target.value))}>
      ${[t("小字"), t("中字"), t("大字")].map((word, size) => html`<option value=${String(size)}>${word}</option>`)}
    </select>`}
    ${!elder && replay.marks && replay.marks.some((mark) => mark.comment) && html`<button key="fly" type="button" aria-pressed=${replay.flying ? "true" : "false"} onClick=${() => replay.fly(!replay.flying)}>${replay.flying ? t("弹幕开") : t("弹幕关")}</button>`}
    ${!elder && replay.flying && html`<button key="flyset" type="button" onClick=${() => replay.danmaku && replay.danmaku.settings()}>${t("弹幕设置")}</button>`}
    <${Chapters} key="chapters" replay=${replay} playing=${playing} />
    <label key="speed"><span class="hidden">${t("速度")}</span><select value=${String(playing.rate)} onChange=${(event) => replay.speed(Number(event.target.value))}>
      ${SPEEDS.map((rate) => html`<option value=${String(rate)}>${t("{rate} 倍", { rate })}</option>`)}
    </select></label>
    ${!elder && playing.levels.length > 1 && html`<${Quality} key="quality" playing=${playing} player=${player} />`}
    ${!audio && playing.sound && html`<button key="listen" type="button" onClick=${() => player.listen()}>${playing.listening ? t("看画面") : t("只听")}</button>`}
    ${!elder && !audio && pictureInPicture(replay) && html`<button key="pip" type="button" class="wide-only" onClick=${pictureInPicture(replay)}>${t("小窗")}</button>`}
    ${!audio && html`<button key="full" type="button" onClick=${() => fullscreen(replay)}>${t("全屏")}</button>`}
  </div>`;
}

function Bar({ replay, playing, end }) {
  const last = Math.max(1, Math.floor(end));
  const at = Math.max(0, Math.min(last, Math.floor(playing.time)));
  const ticks = replay.boot.chapters.filter((each) => each.second > 0);
  return html`<svg key="ticks" class="ticks" aria-hidden="true">${ticks.map((each) => html`<rect x=${`${(each.second / last) * 100}%`} y="0" width="3" height="100%" />`)}</svg>
    <input key="slider" type="range" class="slider" min="0" max=${last} step="1" value=${at} aria-label=${t("播放位置")}
    aria-valuetext=${t("{time}，共 {all}", { time: lasting(at), all: lasting(last) })} onInput=${(event) => replay.player.seek(Number(event.target.value))} />`;
}

/** Parts of the show, calls and answers, to be jumped to. */
function Chapters({ replay, playing }) {
  const { chapters } = replay.boot;
  if (!chapters.length) return null;
  const at = reached(chapters, playing.time, "second");
  return html`<select class="chapters" aria-label=${t("章节")} value=${String(at)} onChange=${(event) => Number(event.target.value) >= 0 && replay.go(chapters[Number(event.target.value)].second)}>
    <option value="-1">${t("章节")}</option>
    ${chapters.map((each, index) => html`<option value=${String(index)}>${`${lasting(each.second)} ${each.title.slice(0, 28)}`}</option>`)}
  </select>`;
}

function Quality({ playing, player }) {
  return html`<select aria-label=${t("清晰度")} value=${playing.level} onChange=${(event) => player.quality(Number(event.target.value))}>
    <option value="-1">${t("自动")}</option>
    ${playing.levels.map((level) => level.height > 0 && html`<option value=${level.index}>${`${level.height}p`}</option>`)}
  </select>`;
}

/** What puts the picture into a small window of its own; null where the browser has none. */
export function pictureInPicture({ video }) {
  if (document.pictureInPictureEnabled && video.requestPictureInPicture) {
    return () => (document.pictureInPictureElement ? document.exitPictureInPicture() : video.requestPictureInPicture()).catch(() => {});
  }
  if (video.webkitSupportsPresentationMode && video.webkitSupportsPresentationMode("picture-in-picture")) {
    return () => video.webkitSetPresentationMode(video.webkitPresentationMode === "picture-in-picture" ? "inline" : "picture-in-picture");
  }
  return null;
}

/** The player over the whole screen, or back. */
export function fullscreen({ video }) {
  const frame = document.getElementById("player");
  const current = document.fullscreenElement || document.webkitFullscreenElement;
  if (current) (document.exitFullscreen || document.webkitExitFullscreen).call(document);
  else if (frame.requestFullscreen) frame.requestFullscreen().catch(() => frame.classList.toggle("full"));
  else if (frame.webkitRequestFullscreen) frame.webkitRequestFullscreen();
  else if (video.webkitEnterFullscreen) video.webkitEnterFullscreen();
  else frame.classList.toggle("full");
}

/** What stands over the picture when there is none, or when a touch is needed. */
export function Cover({ replay }) {
  const playing = usePlaying(replay);
  const played = useRef(false);
  const { player, audio } = replay;
  if (!playing.paused) played.current = true;
  if (playing.broken === 99) return html`<div class="cover studio" role="status"><b>${t("这个浏览器放不出画面")}</b><p>${t("请换新一些的浏览器，互动照常")}</p></div>`;
  if (playing.broken > 1) return html`<div class="cover studio" role="status"><b>${t("回看暂时打不开")}</b><p>${t("正在重试，不用刷新")}</p></div>`;
  if (playing.listening) {
    return html`<div class="cover studio listen"><b>${t("只听声音")}</b><p>${t("不放画面，省流量")}</p><button type="button" class="button" onClick=${() => player.listen(false)}>${t("看画面")}</button></div>`;
  }
  // No browser lets a page begin to sound by itself: wherever it stands, one button says what to do.
  if (!audio && playing.paused && (playing.time < 1 || !played.current)) {
    return html`<div class="cover over"><button type="button" class="button" onClick=${() => player.play()}>${playing.time < 1 ? t("播放回看") : t("从 {time} 播放", { time: lasting(playing.time) })}</button></div>`;
  }
  return null;
}
