/* The sheet in which a department is noted to answer a question in writing, until a day. */

import { useEffect, useRef } from "preact/hooks";
import { t } from "../../broadcast/i18n.js";
import { html } from "./room-parts.js";

/** Opens when `room.promising` holds a question; Esc and the first button say no. */
export function PromiseSheet({ room, then }) {
  const place = useRef(null);
  const item = room.promising;
  useEffect(() => {
    if (item) place.current.querySelector("select, input").focus();
  }, [item]);
  if (!item) return null;
  const { departments = [], due = "" } = room.lane.panels.follow || {};
  const close = () => {
    room.promising = null;
    room.render();
  };
  const send = async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const name = `question:${item.id}`;
    close();
    const done = await room.run(name, { type: "question.promise", question: item.id, department: form.get("department"), due: form.get("due") }, t("记为书面答复，已告诉提问人"));
    if (done && then) then();
  };
  const keys = (event) => {
    if (event.key === "Escape") close();
    if (event.key !== "Tab") return;
    const stops = [...place.current.querySelectorAll("button, select, input")];
    const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (document.activeElement !== edge) return;
    (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
    event.preventDefault();
  };
  const known = departments.includes(item.to) ? item.to : departments[0];
  return html`<div class="sheet" ref=${place} onKeyDown=${keys}><form class="card mark-form" role="dialog" aria-modal="true" aria-labelledby="promise-title" onSubmit=${send}>
    <h2 id="promise-title" class="wide">${t("请部门书面答复")}</h2>
    <blockquote class="wide">${item.text}</blockquote>
    <div class="field"><label for="promise-to">${t("哪个部门")}</label>${departments.length
      ? html`<select id="promise-to" name="department">${departments.map((each) => html`<option selected=${each === known}>${each}</option>`)}</select>`
      : html`<input id="promise-to" name="department" required maxlength="120" defaultValue=${item.to} />`}</div>
    <div class="field"><label for="promise-due">${t("最晚哪一天")}</label><input id="promise-due" name="due" type="date" required defaultValue=${due} /></div>
    <p class="xs quiet wide">${t("公众和提问人会看到部门和日期。答复写好、核发以后公布。")}</p>
    <p class="spread wide"><button type="button" onClick=${close}>${t("不，返回")}</button><button class="strong">${t("记为书面答复")}</button></p>
  </form></div>`;
}
