/* Where the panel of polls says that it is there, and the time that is left: what the hall and the panel both need; it fetches nothing. */

import { t } from "../broadcast/i18n.js";
import { lasting } from "./view.js";

/** The panel, once its module was fetched or came along with the page. */
export const place = { panel: null };

/** The panel's module says that it is there. */
export function provide(panel) {
  place.panel = panel;
}

/** 还剩 11:48, or nothing when the poll has no end; at the end, how long those who are filling it in still have. */
export function left(poll, now) {
  const ends = poll.ends_at || poll.closes_at;
  if (!ends) return "";
  const seconds = (Date.parse(ends) - now) / 1000;
  if (seconds > 0) return t("还剩 {time}", { time: lasting(seconds) });
  const more = Math.ceil((Date.parse(poll.closes_at) - now) / 1000);
  return more > 0 ? t("时间到，{n} 秒内还可以确认", { n: more }) : t("正在结束");
}
