/* Questions: one's own first, what is answered now, the rest by support; a reader supports with one button and asks below. */

import { useEffect, useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { AppealState } from "./appeal.js";
import { draftOf, useDraft } from "./draft.js";
import { Addressees, End, addressed } from "./ends.js";
import { Masked, Own, State, ownRows } from "./own.js";
import { all, mode, one } from "./reducer.js";
import { Report, ReportError, Upheld } from "./report.js";
import { Restrained } from "./restrained.js";
import { clock, count, html, phrase, useStore } from "./view.js";

/** The panel of questions. */
export function Asks({ room }) {
  const state = useStore(room.store);
  const [order, setOrder] = useState("most");
  const questions = all(state, "question");
  const own = ownRows(state, "question", new Set(questions.map((question) => question.id)));
  const shown = sorted(state, questions, order);
  const open = ["live", "before"].includes(mode(state));
  const airing = one(state, "airing") || {};
  const asks = open && airing.questions !== "off";
  const writing = asks && room.elder && Boolean(state.writing || draftOf(room.boot.airing, "question"));
  return html`
    ${writing && html`<${AskForm} room=${room} />`}
    <section class="panel" id="panel" aria-label=${t("提问")} tabindex="0">
      <h2 class="hidden">${t("提问")}</h2>
      ${questions.length > 3 && !room.elder && html`<${Sort} order=${order} set=${setOrder} />`}
      <${Upheld} room=${room} />
      ${airing.callbacks && html`<p class="pad"><a class="link" href=${room.boot.urls.call}>${t("想在节目里直接说？登记回拨电话")}</a></p>`}
      ${order === "mine" && html`<p class="pad"><a class="link" href=${room.boot.urls.asked}>${t("我在各期的提问")}</a></p>`}
      <ol class="asks">
        ${own.map((row) => html`<li key=${row.key} class="own"><div><${Own} row=${row} room=${room} heading /></div></li>`)}
        ${(order === "mine" ? shown.filter((question) => state.mine.items.has(`question:${question.id}`)) : shown).map((question) => html`<${Ask} key=${question.key} question=${question} room=${room} open=${open} />`)}
      </ol>
      ${!questions.length && !own.length && html`<p class="pad meta">${airing.questions === "off" ? t("本场不开放提问。") : open ? t("还没有公开的问题。您可以先提一个。") : t("本场没有公开的问题。")}</p>`}
    </section>
    ${!room.elder && asks && html`<${AskForm} room=${room} />`}
  `;
}

function sorted(state, questions, order) {
  const onAir = (question) => (question.state === "on_air" ? 0 : 1);
  const most = (a, b) => onAir(a) - onAir(b) || b.supports - a.supports || a.id - b.id;
  if (order === "new") return [...questions].sort((a, b) => onAir(a) - onAir(b) || b.id - a.id);
  if (order === "answered") return questions.filter((question) => question.state === "answered" || question.end?.replies.length).sort(most);
  return [...questions].sort(most);
}

function Sort({ order, set }) {
  const words = { most: t("支持最多"), new: t("最新"), answered: t("已答复"), mine: t("我的") };
  const choose = (event, name) => {
    event.preventDefault();
    set(name);
  };
  return html`<nav class="sort" aria-label=${t("排序")}>
    ${Object.keys(words).map((name) => html`<a key=${name} href="#panel" aria-current=${name === order ? "true" : null} onClick=${(event) => choose(event, name)}>${words[name]}</a>`)}
  </nav>`;
}

function Ask({ question, room, open }) {
  const state = useStore(room.store);
  const waiting = [...state.entries].reverse().find((entry) => entry.command.type === "question.support" && entry.command.question === question.id && entry.state === "sending");
  const confirmed = state.mine.supports.has(question.id);
  const on = waiting ? waiting.command.on : confirmed;
  const supports = question.supports + (waiting && waiting.command.on !== confirmed ? (waiting.command.on ? 1 : -1) : 0);
  const failed = state.entries.find((entry) => entry.command.type === "question.support" && entry.command.question === question.id && entry.state === "refused");
  const mine = state.mine.items.get(`question:${question.id}`);
  const press = () => {
    if (failed) room.outbox.remove(failed.id);
    room.outbox.add({ type: "question.support", question: question.id, on: !on });
  };
  return html`<li class=${mine ? "own" : ""}>
    <div>
      <p class="who"><${State} state=${question.state} /><span>${mine ? t("我") : question.author}</span><span>${clock(question.at)}</span>${question.to && html`<span>${t("问 {name}", { name: question.to })}</span>`}${!mine && html`<${Report} room=${room} kind="question" id=${question.id} author=${question.author} text=${question.text} />`}</p>
      <h3>${phrase(question.text)}</h3>
      ${mine ? html`<${Masked} item=${mine} /><${AppealState} item=${mine} />` : html`<${ReportError} room=${room} kind="question" id=${question.id} />`}
      ${failed && html`<p class="error" role="alert">${failed.error}</p>`}
    </div>
    ${open
      ? html`<button type="button" class="support" aria-pressed=${on ? "true" : "false"} onClick=${press}>${on ? t("已支持") : t("支持")}<small>${t("{n} 人", { n: count(Math.max(0, supports)) })}</small></button>`
      : html`<p class="support still">${t("支持")}<small>${t("{n} 人", { n: count(question.supports) })}</small></p>`}
    <${End} room=${room} id=${question.id} end=${(mine && mine.end) || question.end} state=${question.state} shown=${question} />
  </li>`;
}

/** One line that grows into a form: the question, and to whom. */
function AskForm({ room }) {
  const state = useStore(room.store);
  const [text, setText] = useDraft(room.boot.airing, "question");
  const [chosen, setTo] = useDraft(room.boot.airing, "to");
  useEffect(() => room.store.set({ writing: true }), []);
  if (state.mine.sanctions.length) return html`<${Restrained} room=${room} />`;
  const people = all(state, "person").sort((a, b) => a.position - b.position);
  // Who was chosen days ago may not be there any more.
  const to = people.some((each) => chosen === `p${each.id}` || (each.role === "department" && chosen === `d${each.organisation}`)) ? chosen : "";
  const send = (event) => {
    event.preventDefault();
    const words = text.trim();
    if (!words) return;
    room.outbox.add({ type: "question.ask", text: words, ...addressed(to) });
    setText("");
    setTo("");
    room.store.set({ writing: false });
    const panel = document.getElementById("panel");
    if (panel) panel.scrollTop = 0;
  };
  const label = t("向委员和部门提问");
  if (!text && !room.elder) {
    return html`<form class="composer" onSubmit=${send}>
      <label class="hidden" for="ask">${t("您的问题，审核后公开")}</label>
      <input class="field" id="ask" placeholder=${label} value=${text} onInput=${(event) => setText(event.target.value)} autocomplete="off" maxlength="500" />
      <button class="button main">${t("提交问题")}</button>
    </form>`;
  }
  const grown = (element) => {
    if (element && document.activeElement === document.body) {
      element.focus();
      element.setSelectionRange(element.value.length, element.value.length);
    }
  };
  return html`<form class=${room.elder ? "confirm writes" : "confirm"} onSubmit=${send}>
    <label class="note" for="ask">${t("您的问题，审核后公开")}</label>
    <textarea class="field" id="ask" rows="3" ref=${grown} maxlength="500" placeholder=${label} onInput=${(event) => setText(event.target.value)} value=${text}></textarea>
    ${people.length > 0 && html`<${Addressees} people=${people} names=${room.boot.names.people} to=${to} set=${setTo} />`}
    <button class="button main wide">${t("提交问题")}</button>
    ${room.elder && !text && html`<button type="button" class="link" onClick=${() => room.store.set({ writing: false })}>${t("先不写")}</button>`}
  </form>`;
}
