/* Times of day, days and lengths as staff's pages write them, in the zone of the house; pure. */

import { t } from "./i18n.js";

const ZONE = "Asia/Shanghai";
const clockFormat = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const dayFormat = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" });
const weekdayFormat = new Intl.DateTimeFormat("en-US", { timeZone: ZONE, weekday: "short" });

/** 7 as 07. */
export const two = (value) => String(value).padStart(2, "0");

/** 15:47:12, of an ISO time or of ms; empty of none. */
export const clock = (time) => (time == null ? "" : clockFormat.format(new Date(time)));

/** 15:47. */
export const hourMinute = (time) => clock(time).slice(0, 5);

/** 2026-02-05 周四. */
export function day(time) {
  const date = new Date(time);
  const names = { Mon: t("周一"), Tue: t("周二"), Wed: t("周三"), Thu: t("周四"), Fri: t("周五"), Sat: t("周六"), Sun: t("周日") };
  return `${dayFormat.format(date)} ${names[weekdayFormat.format(date)]}`;
}

/** 05:10, or 1:02:03 from an hour on; whole seconds, never negative. */
export function length(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}
