/* Times, lengths and beginnings of a run-down in words, and lengths that were typed, in numbers; pure. */

import { t } from "../../broadcast/i18n.js";
import { clock, day, hourMinute, length } from "../../broadcast/times.js";

export { clock, day, hourMinute, length };

export const onTime = (seconds) => Math.abs(seconds) < 1;

/** +00:38 or −01:00. */
export const signed = (seconds) => `${seconds < 0 ? "−" : "+"}${length(Math.abs(seconds))}`;
export const overWord = (seconds) => (onTime(seconds) ? t("准点") : signed(seconds));

/** Seconds of 5:10 or 1:02:03; null for anything else: a bare number could be minutes as well as seconds. */
export function readLength(text) {
  const found = /^(?:(\d{1,2})[:：])?(\d{1,3})[:：]([0-5]?\d)$/.exec(text.trim());
  if (!found || (found[1] !== undefined && Number(found[2]) > 59)) return null;
  return Number(found[1] || 0) * 3600 + Number(found[2]) * 60 + Number(found[3]);
}

/** Seconds from `start` (ms) to the next time that clocks show 11:15 or 11:15:30; null for anything else. */
export function readClock(text, start) {
  const found = /^([01]?\d|2[0-3])[:：]([0-5]\d)(?:[:：]([0-5]\d))?$/.exec(text.trim());
  if (!found) return null;
  const [hours, minutes, seconds] = clock(start).split(":").map(Number);
  const wanted = Number(found[1]) * 3600 + Number(found[2]) * 60 + Number(found[3] || 0);
  return (wanted - hours * 3600 - minutes * 60 - seconds + 86400) % 86400;
}

/** How a line begins: 接着; 软 11:15:00; 硬 11:15:00，可等 45 秒; 浮，02:00–05:00. `start`: when the show is planned to, in ms. */
export function beginning(line, start) {
  if (line.is_floating) return t("浮，{least}–{most}", { least: length(line.least || 0), most: length(line.most == null ? line.seconds : line.most) });
  if (line.start === "follow") return t("接着");
  const at = clock(start + line.offset * 1000);
  if (line.start === "soft") return t("软 {at}", { at });
  return line.wait ? t("硬 {at}，可等 {n} 秒", { at, n: line.wait }) : t("硬 {at}", { at });
}

export function airingWord(state) {
  const words = { planned: t("已安排"), waiting: t("候播"), on_air: t("直播中"), ended: t("已结束"), cancelled: t("已取消") };
  return words[state] || state;
}
