/* Where this browser stopped in each replay, kept in it alone, and the offer to go on there; it never goes by itself. */

import { render } from "preact";
import { t } from "../broadcast/i18n.js";
import { html, lasting } from "./view.js";

const KEY = "yishi.stopped";
const KEPT = 50;
const LEAST_SECONDS = 20;
const EVERY_MS = 5_000;

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY) || "{}") || {};
  } catch {
    return {};
  }
}

function keep(airing, second) {
  const all = kept();
  delete all[airing];
  if (second !== null) all[airing] = Math.floor(second);
  try {
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(Object.entries(all).slice(-KEPT))));
  } catch {
    // Private windows keep nothing.
  }
}

/** Notes where it is while it plays; near either end there is nothing to go on with. */
export function remember(replay) {
  let last = 0;
  replay.watch((state) => {
    if (state.paused || Date.now() - last < EVERY_MS) return;
    last = Date.now();
    const end = state.edge || replay.boot.length;
    keep(replay.boot.airing, state.time > LEAST_SECONDS && state.time < end - LEAST_SECONDS ? state.time : null);
  });
}

/** Offers to go on where it was left. */
export function offer(replay, place) {
  const second = Number(kept()[replay.boot.airing]) || 0;
  if (second < LEAST_SECONDS) return;
  const close = () => render(null, place);
  const go = () => {
    close();
    replay.go(second);
  };
  render(html`<p class="notice stopped"><span>${t("上次看到 {time}。", { time: lasting(second) })}</span><button type="button" class="link" onClick=${go}>${t("接着看")}</button><button type="button" class="link" onClick=${close}>${t("从头看")}</button></p>`, place);
}
