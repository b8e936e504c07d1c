/* The replay's keys and the sheet that names them. */

import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { SPEEDS, fullscreen, pictureInPicture } from "./replay-controls.js";
import { reached } from "./replay-map.js";
import { html } from "./view.js";

const sheet = () => [
  [t("空格"), "K", t("播放或暂停")],
  ["J", "L", t("退、进 10 秒")],
  ["←", "→", t("退、进 5 秒")],
  ["↑", "↓", t("声音大、小")],
  ["0", "9", t("跳到全长的几成")],
  ["N", "P", t("下一章、上一章")],
  ["<", ">", t("慢一些、快一些")],
  ["C", "", t("字幕")],
  ["D", "", t("弹幕")],
  ["I", "", t("小窗")],
  ["M", "", t("静音")],
  ["F", "", t("全屏")],
  ["?", "", t("这张表")],
];

function louder(video, by) {
  video.volume = Math.max(0, Math.min(1, video.volume + by));
}

function faster(replay, by) {
  const at = SPEEDS.indexOf(replay.player.state.rate);
  replay.speed(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, (at < 0 ? SPEEDS.indexOf(1) : at) + by))]);
}

function chapter(replay, by) {
  const { chapters } = replay.boot;
  const { time } = replay.player.state;
  // Going back within the first seconds of a chapter means the one before.
  const there = chapters[reached(chapters, by < 0 ? Math.max(0, time - 3) : time, "second") + (by > 0 ? 1 : 0)];
  if (there) replay.go(there.second);
}

function small(replay) {
  const turn = !replay.audio && pictureInPicture(replay);
  if (turn) turn();
}

/** Listens to the keyboard for `replay`, unless something is being written. */
export function keysOf(replay) {
  const { player, video } = replay;
  const acts = {
    " ": () => player.toggle(),
    k: () => player.toggle(),
    j: () => player.by(-10),
    l: () => player.by(10),
    ArrowLeft: () => player.by(-5),
    ArrowRight: () => player.by(5),
    ArrowUp: () => louder(video, 0.1),
    ArrowDown: () => louder(video, -0.1),
    m: () => player.sound(player.state.muted),
    n: () => chapter(replay, 1),
    p: () => chapter(replay, -1),
    "<": () => faster(replay, -1),
    ">": () => faster(replay, 1),
    d: () => !replay.elder && replay.fly(!replay.flying),
    i: () => small(replay),
    c: () => replay.words && replay.captions(),
    f: () => !replay.audio && fullscreen(replay),
    "?": help,
  };
  for (let tenth = 0; tenth < 10; tenth += 1) acts[tenth] = () => player.seek(((player.state.edge || replay.boot.length) * tenth) / 10);
  document.addEventListener("keydown", (event) => {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (target.closest("input:not([type=range]), textarea, select, [role=dialog]")) return;
    if (event.key === " " && target.closest("button, a, summary")) return;
    // The bar moves by arrows itself; a panel scrolls up and down.
    if (event.key.startsWith("Arrow") && target.closest("input")) return;
    if (["ArrowUp", "ArrowDown"].includes(event.key) && target.closest(".panel")) return;
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function help() {
  const place = document.getElementById("sheet");
  const before = document.activeElement;
  const close = () => {
    render(null, place);
    document.body.classList.remove("sheeted");
    if (before && before.isConnected) before.focus();
  };
  document.body.classList.add("sheeted");
  render(html`<${Sheet} close=${close} />`, place);
}

function Sheet({ close }) {
  const button = useRef(null);
  useEffect(() => button.current.focus(), []);
  // The one button keeps the focus while the sheet is open.
  const key = (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Tab") event.preventDefault();
  };
  return html`<div class="sheetback"><div class="sheetbox" role="dialog" aria-modal="true" aria-labelledby="keys" onKeyDown=${key}>
    <h2 id="keys">${t("快捷键")}</h2>
    <table class="keytable"><tbody>${sheet().map(([one, two, words]) => html`<tr><th scope="row"><kbd>${one}</kbd>${two && html` <kbd>${two}</kbd>`}</th><td>${words}</td></tr>`)}</tbody></table>
    <button type="button" class="button" ref=${button} onClick=${close}>${t("关闭")}</button>
  </div></div>`;
}
