/* Calls in words and in order, for call desk and host alike; pure. */

import { t } from "../../broadcast/i18n.js";

export const OVER = ["ended", "dropped", "refused"];
/** The queues of the desk, in the order of their hurry. */
export const QUEUES = ["on_air", "waiting", "screened", "ringing", "callback", "over"];

export function callState(state) {
  const words = {
    ringing: t("振铃"), screened: t("已登记"), waiting: t("等候"), on_air: t("直播中"), ended: t("已结束"), callback: t("待回拨"), dropped: t("已挂断"), refused: t("不接入"),
    over: t("处理完的"),
  };
  return words[state] || state;
}

/** The whole number that was asked for, while it is still the call's; empty when it is masked or another was written down since. */
export const shownNumber = (call, known) => (call.has_number && known?.endsWith(call.tail) ? known : "");

/** What is sent of a number that was typed, null for nothing: an emptied field erases only what the screener saw in it. */
export const numberToSend = (typed, shown) => (typed || (typed === "" && shown) ? typed : null);

export const callClass = (state) => ({ on_air: "bad", waiting: "ok", ringing: "warn", callback: "warn" })[state] || "quiet";

/** Those of one queue: who waits by priority and place, the others by when they came, those that are over with the last first. */
export function inQueue(calls, queue) {
  const found = calls.filter((call) => (queue === "over" ? OVER.includes(call.state) : call.state === queue));
  if (queue === "over") return found.sort((a, b) => b.id - a.id);
  return found.sort((a, b) => b.priority - a.priority || (queue === "waiting" ? a.position - b.position : 0) || a.id - b.id);
}

/** 李女士 福田区; where nothing is known, that somebody called. */
export const callerOf = (call) => [call.name, call.district].filter(Boolean).join(" ") || t("听众");

/** The host's one queue: who holds the line comes first, then the questions, those with most support first. */
export function oneQueue(calls, questions) {
  return [
    ...inQueue(calls, "waiting").map((call) => ({ key: `call:${call.id}`, call })),
    ...questions.map((item) => ({ key: `question:${item.id}`, item })),
  ];
}
