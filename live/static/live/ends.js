/* What became of a question: answers in writing, a promise with its day, why it was closed, and the way to the moment in a replay. */

import { t } from "../broadcast/i18n.js";
import { clock, day, html } from "./view.js";

const CLOSED = {
  covered: () => t("节目里已经谈到。"), elsewhere: () => t("已转其他渠道办理。"), carried: () => t("转到下一场继续。"), off_topic: () => t("不属于本场议题。"), other: () => "",
};

/** A button to where it was said, once the replay has it; else only when. */
function Moment({ room, question, kind, at, word }) {
  const mark = (room.store.state.marks || []).find((each) => each.question === question && each.kind === kind);
  if (!at) return null;
  if (!mark || mark.offset === null) return html`<time>${clock(at)} ${word}</time>`;
  const go = () => {
    room.stage.player.seek(mark.offset);
    room.stage.player.play();
  };
  return html`<button type="button" class="link" onClick=${go}>${t("看 {time} {word}", { time: clock(at), word })}</button>`;
}

/** The boxes under a question; `end` of one's own holds more than the public's. */
export function End({ room, id, end, state, shown }) {
  const answered = state === "answered" && shown && shown.answered_at;
  const replies = end ? end.replies : [];
  if (answered && !replies.length) {
    return shown.on_air_at
      ? html`<div class="reply"><p class="who"><b>${t("节目中已答复")}</b><${Moment} room=${room} question=${id} kind="question.show" at=${shown.on_air_at} word=${t("答复")} /></p></div>`
      : html`<div class="reply"><p>${t("已书面答复提问人。")}</p></div>`;
  }
  if (!end) return null;
  return html`
    ${replies.map((reply) => html`<div class="reply" key=${reply.id}><p class="who"><b>${reply.department}</b>${reply.respondent && html`<span>${reply.respondent}</span>`}${!reply.public && html`<span class="state">${t("只给您看")}</span>`}<time>${day(reply.at)} ${clock(reply.at)}</time></p>
      ${reply.text.split("\n").map((line) => html`<p>${line}</p>`)}</div>`)}
    ${end.promised_to && html`<div class="reply"><p class="who"><b>${end.promised_to}</b><${Moment} room=${room} question=${id} kind="question.promise" at=${end.promised_at} word=${t("承诺")} /></p>
      <p>${t("{day}前书面答复。", { day: day(end.due) })}</p></div>`}
    ${end.closing && html`<div class="reply"><p>${CLOSED[end.closing]()}${end.note}</p>${end.carried_to && html`<a class="link" href=${end.carried_to}>${t("看那一场")}</a>`}</div>`}`;
}

/** What the ask form sends for the choice `to`: p7 a person, d市城管局 a department. */
export const addressed = (to) => (to[0] === "d" ? { person: null, department: to.slice(1) } : { person: to ? Number(to.slice(1)) : null, department: "" });

/** The choices of the ask form: departments that are there, and people. */
export function Addressees({ people, names, to, set }) {
  const departments = [...new Set(people.filter((each) => each.role === "department" && each.organisation).map((each) => each.organisation))];
  const option = (value, words) => html`<option key=${value} value=${value}>${words}</option>`;
  return html`<label class="note" for="to">${t("问谁（可不选）")}</label>
    <select class="field" id="to" value=${to} onChange=${(event) => set(event.target.value)}>
      ${option("", t("不指定"))}
      ${departments.length > 0 && html`<optgroup label=${t("部门")}>${departments.map((name) => option(`d${name}`, name))}</optgroup>`}
      <optgroup label=${t("嘉宾")}>${people.map((each) => option(`p${each.id}`, `${each.name} ${names[each.role] || each.role_name} ${each.organisation}`))}</optgroup>
    </select>`;
}
