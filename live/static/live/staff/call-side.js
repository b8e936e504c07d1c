/* Beside a call: votes cast for the caller in open polls, and the numbers that are not put through. */

import { t } from "../../broadcast/i18n.js";
import { howMany, optionWords } from "../poll-words.js";
import { html } from "./room-parts.js";
import { count, hourMinute } from "./words.js";

/** One form for each open poll; what was chosen is not kept on the page. */
export function Votes({ room, call }) {
  const polls = [...room.lane.polls.values()].filter((poll) => poll.state === "open");
  if (!polls.length) return null;
  const cast = (event, poll) => {
    event.preventDefault();
    const form = event.target;
    const options = new FormData(form).getAll("option").map((option) => parseInt(option, 10));
    if (!options.length) return;
    room.run(`vote:${poll.id}`, { type: "call.vote", call: call.id, poll: poll.id, options }, t("已代投")).then((told) => told && form.reset());
  };
  return html`<section aria-labelledby="votes"><h2 id="votes">${t("替他投票")}</h2>
    ${polls.map((poll) => html`<form key=${poll.id} class="vote" onSubmit=${(event) => cast(event, poll)}><fieldset><legend>${poll.question}${howMany(poll) && html` <span class="quiet">${howMany(poll)}</span>`}</legend>
      ${poll.options.map((option) => html`<label key=${option.id} class="tick"><input type=${poll.most > 1 ? "checkbox" : "radio"} name="option" value=${option.id} required=${poll.most <= 1} /> ${optionWords(poll, option)}</label>`)}</fieldset>
      <p class="row"><button disabled=${room.busy.has(`vote:${poll.id}`)}>${call.votes.includes(poll.id) ? t("改投") : t("代投")}</button>
        <span class="xs quiet">${call.votes.includes(poll.id) ? t("已替他投过，结束前可以改。") : ""} ${poll.on_behalf > 0 ? t("本场代投 {n} 票", { n: count(poll.on_behalf) }) : ""}</span></p></form>`)}</section>`;
}

/** The abuse list of all shows, and the form that puts this caller on it. */
export function Blocks({ room, call }) {
  const { blocks = [] } = room.lane.panels.calls || {};
  const put = (event) => {
    event.preventDefault();
    const form = event.target;
    const days = parseInt(form.elements.days.value, 10);
    const command = { type: "call.block", call: call.id, reason: form.elements.reason.value.trim(), days: days || null };
    room.run("block", command, t("已列入名单")).then((told) => told && form.reset());
  };
  return html`<section aria-labelledby="blocks"><h2 id="blocks">${t("不接入名单")} <span class="quiet">${t("各节目共用")}</span></h2>
    ${blocks.length ? html`<ul class="blocks">${blocks.map((each) => html`<li key=${each.id}><div><b>${t("尾号 {tail}", { tail: each.tail })}</b> <span>${each.reason}</span><p class="xs quiet">${each.by} ${hourMinute(each.at)}${each.until ? t("，到 {day} 为止", { day: each.until.slice(0, 10) }) : t("，没有期限")}</p></div>
      <button type="button" disabled=${room.busy.has("unblock")} onClick=${() => room.run("unblock", { type: "call.unblock", block: each.id }, t("已解除"))}>${t("解除")}</button></li>`)}</ul>` : html`<p class="quiet xs">${t("现在没有号码。")}</p>`}
    ${call && call.tail && !call.block && html`<details><summary>${t("把尾号 {tail} 列入名单", { tail: call.tail })}</summary><form class="form" onSubmit=${put}>
      <div class="field"><label for="reason">${t("为什么")}</label><input id="reason" name="reason" maxlength="200" required autocomplete="off" /></div>
      <div class="field"><label for="days">${t("多久")}</label><select id="days" name="days"><option value="30">${t("30 天")}</option><option value="180">${t("180 天")}</option><option value="">${t("直到解除")}</option></select></div>
      <p><button class="risk" disabled=${room.busy.has("block")}>${t("列入名单")}</button></p></form></details>`}</section>`;
}
