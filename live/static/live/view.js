/* The few things that every drawn part of the room needs: html templates, the store's hook, words for time and counts; it holds no state. */

import { h } from "preact";
import { useEffect, useState } from "preact/hooks";
import htm from "htm";
import { isChinese } from "../broadcast/i18n.js";

export const html = htm.bind(h);

const ZONE = "Asia/Shanghai";
const clockFormat = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const secondsFormat = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const dayFormat = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" });
const weekdayFormat = new Intl.DateTimeFormat(isChinese ? "zh-CN" : "en-GB", { timeZone: ZONE, weekday: "short" });

/** 20:56, in the zone of the house. */
export const clock = (iso) => (iso ? clockFormat.format(new Date(iso)) : "");
/** 20:56:07 */
export const clockSeconds = (iso) => (iso ? secondsFormat.format(new Date(iso)) : "");
/** 2026-11-28 周六 */
export const day = (iso) => (iso ? `${dayFormat.format(new Date(iso))} ${weekdayFormat.format(new Date(iso))}` : "");
/** 12,486 */
export const count = (n) => Number(n || 0).toLocaleString("en-US");

/** 08:12, or 1:31:06 from an hour on; with `hours` always 00:28:16. */
export function lasting(seconds, hours = false) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const two = (part) => String(part).padStart(2, "0");
  const minutes = two(Math.floor(whole / 60) % 60);
  const rest = two(whole % 60);
  if (hours) return `${two(Math.floor(whole / 3600))}:${minutes}:${rest}`;
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${minutes}:${rest}` : `${minutes}:${rest}`;
}

/** 世界级 and its like stay on one line: every second part of the split is such a word. */
const wholeWords = (clause) => clause.split(/([\u4e00-\u9fff]{2}级)/).map((part, at) => (at % 2 ? html`<span class="nowrap">${part}</span>` : part));

/** A heading whose lines break after punctuation, as on the server: one span a clause, words kept whole in it. */
export function phrase(text) {
  const parts = String(text).match(/[^，、。；：？！,;:?!]+[，、。；：？！,;:?!]*\s*|[，、。；：？！,;:?!]+/g) || [];
  return parts.map((part) => html`<span>${wholeWords(part.trimEnd())}</span>${part === part.trimEnd() ? "" : " "}`);
}

/** Draws again whenever the store changes; gives its state. */
export function useStore(store) {
  const [, again] = useState(0);
  useEffect(() => store.subscribe(() => again((n) => n + 1)), [store]);
  return store.state;
}

/** Draws again every second while the page is seen; gives the server's time in milliseconds. */
export function useSecond(store) {
  const [, again] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || again((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return store.now();
}
