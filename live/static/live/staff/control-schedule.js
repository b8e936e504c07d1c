/* What the house does by itself for this show, and what it could not do: told until somebody has seen it. */

import { t } from "../../broadcast/i18n.js";
import { html } from "./room-parts.js";
import { clock } from "./words.js";

export function Alarms({ room }) {
  const alarms = room.lane.panels.schedule?.alarms || [];
  if (!alarms.length) return null;
  return html`<ul class="told" role="alert">${alarms.map((each) => html`<li class="note bad spread" key=${`${each.at}${each.what}`}>
    <span><b>${t("{clock} {what}没有完成", { clock: clock(each.at), what: each.what })}</b> <span>${each.why}</span></span>
    ${each.firing ? html`<button type="button" disabled=${room.busy.has(`firing.seen:${each.firing}`)} onClick=${() => room.act(`firing.seen:${each.firing}`, t("已记下：您看过了"))}>${t("我看到了")}</button>` : ""}
  </li>`)}</ul>`;
}

/** The next acts that need nobody's hand. */
export function Ahead({ room }) {
  const due = (room.lane.panels.schedule?.due || []).filter((each) => Date.parse(each.at) >= room.lane.now() - 60000).slice(0, 3);
  if (room.state === "cancelled" || (room.state === "ended" && !due.length)) return null;
  return html`<section class="pane" aria-labelledby="h-auto"><h2 id="h-auto">${t("自动执行")}</h2>
    ${due.length ? html`<ul class="xs">${due.map((each) => html`<li key=${each.action}>${clock(each.at)} ${each.words}</li>`)}</ul>` : html`<p class="xs quiet">${t("接下来全由人工操作。")}</p>`}</section>`;
}
