/* Times of the calendar, in Beijing time as the page wrote them (2026-02-07T11:00:00+08:00); pure: it touches no page and knows no now. */

import { two } from "../../broadcast/times.js";

const DAY = 86400000;

/** The day of `iso` moved by so many days, as 2026-02-08. */
export function dayAfter(iso, days) {
  const [year, month, day] = iso.slice(0, 10).split("-").map(Number);
  const moved = new Date(Date.UTC(year, month - 1, day) + days * DAY);
  return `${moved.getUTCFullYear()}-${two(moved.getUTCMonth() + 1)}-${two(moved.getUTCDate())}`;
}

/** `iso` on another day, and in another hour when one is given; its minutes stay. */
export function placedOn(iso, day, hour = null) {
  const rest = hour === null ? iso.slice(10) : `T${two(hour)}${iso.slice(13)}`;
  return day + rest;
}

/** What a reader is told of a time: 02-07 11:00. */
export const shortOf = (iso) => `${iso.slice(5, 10)} ${iso.slice(11, 16)}`;

/** Whether two such times are the same instant. */
export const same = (one, other) => Date.parse(one) === Date.parse(other);
