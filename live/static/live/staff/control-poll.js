/* The control room's polls: prepare one, open it, watch the count, close it. */

import { t } from "../../broadcast/i18n.js";
import { html } from "./room-parts.js";
import { clock, count, span, unseen } from "./words.js";

const LIMITS = [null, 60, 120, 180, 300, 600];

/** What is being typed; kept here, so that nothing that arrives can lose it. */
export const draft = { open: false, question: "", options: ["", ""], results: "after_vote", seconds: null, replaces: null, wrong: "" };

/** The poll that is about to be declared void, and why. */
const voiding = { poll: 0, reason: "" };

const resultWords = () => ({ always: t("一直可看"), after_vote: t("投过的人可看"), after_close: t("结束后可看"), never: t("不公开") });

async function create(room) {
  const question = draft.question.trim();
  const options = draft.options.map((each) => each.trim()).filter(Boolean);
  draft.wrong = !question ? t("请写投票的题目。") : options.length < 2 ? t("请至少写两个选项。") : new Set(options).size < options.length ? t("有两个选项一样，请改一个。") : "";
  if (draft.wrong) {
    room.render();
    return;
  }
  const command = { type: "poll.create", question, options, results: draft.results, ...(draft.seconds ? { seconds: draft.seconds } : {}), ...(draft.replaces ? { replaces: draft.replaces } : {}) };
  const made = await room.run("poll.create", command, t("投票备好了，公众还看不到"));
  if (made) Object.assign(draft, { open: false, question: "", options: ["", ""], replaces: null, wrong: "" });
  room.render();
}

function Form({ room }) {
  const type = (name) => (event) => {
    draft[name] = event.target.value;
    draft.wrong = "";
  };
  const option = (at) => (event) => {
    draft.options[at] = event.target.value;
    draft.wrong = "";
  };
  const submit = (event) => {
    event.preventDefault();
    create(room);
  };
  return html`<form class="poll-form" onSubmit=${submit}>
    ${draft.replaces && html`<p class="xs quiet">${t("作废的投票重投一轮，票从零开始。")}</p>`}
    <div class="field"><label for="pq">${t("题目")}</label><input id="pq" maxlength="120" autocomplete="off" value=${draft.question} onInput=${type("question")} /></div>
    <fieldset class="field"><legend>${t("选项")}</legend>${draft.options.map((text, at) => html`<input key=${at} maxlength="60" autocomplete="off" aria-label=${t("选项 {n}", { n: at + 1 })} value=${text} onInput=${option(at)} />`)}
      ${draft.options.length < 12 && html`<button type="button" class="plain" onClick=${() => { draft.options.push(""); room.render(); }}>${t("加一个选项")}</button>`}</fieldset>
    <div class="grid2"><div class="field"><label for="pr">${t("结果")}</label><select id="pr" onChange=${type("results")}>${Object.entries(resultWords()).map(([value, words]) => html`<option key=${value} value=${value} selected=${draft.results === value}>${words}</option>`)}</select></div>
      <div class="field"><label for="ps">${t("时限")}</label><select id="ps" onChange=${(event) => { draft.seconds = Number(event.target.value) || null; }}>${LIMITS.map((value) => html`<option key=${value} value=${value || ""} selected=${draft.seconds === value}>${value ? t("{n} 分钟", { n: value / 60 }) : t("手动结束")}</option>`)}</select></div></div>
    ${draft.wrong && html`<p class="bad xs" role="alert">${draft.wrong}</p>`}
    <p class="row"><button type="submit" class="strong" disabled=${room.busy.has("poll.create")}>${t("备好")}</button> <button type="button" onClick=${() => { Object.assign(draft, { open: false, replaces: null }); room.render(); }}>${t("放弃")}</button></p>
  </form>`;
}

function Result({ poll }) {
  const most = Math.max(1, poll.total);
  return html`<table class="tally"><caption class="vh">${poll.question}</caption><tbody>${poll.options.map((option) => html`<tr key=${option.id}><th scope="row">${option.text}</th>
    <td><progress value=${option.votes || 0} max=${most} aria-hidden="true"></progress></td>
    <td class="n">${t("{n} 票", { n: count(option.votes) })}</td><td class="n quiet">${Math.round(((option.votes || 0) / most) * 100)}%</td></tr>`)}</tbody></table>`;
}

/** Declaring a poll void asks for the reason that the public will read. */
function Voiding({ room, poll }) {
  const name = `poll:${poll.id}`;
  const away = () => {
    Object.assign(voiding, { poll: 0, reason: "" });
    room.render();
  };
  if (voiding.poll !== poll.id) {
    const begin = () => {
      Object.assign(voiding, { poll: poll.id, reason: "" });
      room.render();
    };
    return html`<button type="button" class="plain" disabled=${room.busy.has(name)} onClick=${begin}>${t("作废…")}</button>`;
  }
  const submit = async (event) => {
    event.preventDefault();
    const reason = voiding.reason.trim();
    if (reason && (await room.run(name, { type: "poll.void", poll: poll.id, reason }, t("投票已作废")))) away();
  };
  return html`<form class="poll-form" onSubmit=${submit}>
    <div class="field"><label for=${`pv${poll.id}`}>${t("作废的原因，公众看得到")}</label><input id=${`pv${poll.id}`} maxlength="200" required autocomplete="off" value=${voiding.reason} onInput=${(event) => { voiding.reason = event.target.value; }} /></div>
    <p class="xs quiet">${t("票都留着，但不再计数，也不能恢复。可以重投一轮。")}</p>
    <p class="row"><button type="submit" class="risk" disabled=${room.busy.has(name)}>${t("作废投票")}</button> <button type="button" onClick=${away}>${t("不作废")}</button></p>
  </form>`;
}

/** The same question again, as a draft that names the void one. */
function again(room, poll) {
  Object.assign(draft, { open: true, question: poll.question, options: poll.options.map((option) => option.text), results: poll.results, replaces: poll.id, wrong: "" });
  room.render();
}

function Poll({ room, poll }) {
  const now = room.lane.now();
  const left = poll.closes_at ? Date.parse(poll.closes_at) - now : null;
  const name = `poll:${poll.id}`;
  const off = room.busy.has(name);
  const run = (type, words) => () => room.run(name, { type, poll: poll.id }, words);
  const grace = poll.state === "open" && left !== null && left <= room.page.delay_seconds * 1000 + 500;
  const when = { draft: t("备好，公众看不到"), open: grace ? t("正在收尾，等公众看到结束") : t("正在投票"), closed: t("{clock} 已结束", { clock: clock(poll.closed_at) }), void: t("已作废：{reason}", { reason: poll.void_reason }) }[poll.state];
  const close = () => room.ask({
    title: t("结束这个投票？"),
    lines: [poll.question, t("再收 {n} 秒的票，等公众看到结束，然后结果定下，不能再开。", { n: room.page.delay_seconds })],
    verb: t("结束投票"),
    act: run("poll.close", t("投票结束")),
  });
  return html`<article class=${`poll ${poll.state}`}>
    <h3>${poll.question}</h3>
    <p class="xs quiet spread"><span>${when}${poll.state === "open" && left !== null ? t("，还剩 {span}", { span: span(left) }) : ""}${poll.state === "open" ? unseen(Date.parse(poll.opened_at) + room.page.delay_seconds * 1000, now) : ""}</span>${poll.state !== "draft" && html`<b>${t("共 {n} 票", { n: count(poll.total) })}</b>`}</p>
    ${poll.state === "draft" ? html`<p class="xs">${poll.options.map((option) => option.text).join(t("、"))}</p>` : html`<${Result} poll=${poll} />`}
    ${poll.state === "draft" && html`<button type="button" class="strong" disabled=${off || room.state === "ended"} onClick=${run("poll.open", `${t("投票开始")}${unseen(room.page.delay_seconds * 1000, 0)}`)}>${t("开始投票")}</button>`}
    ${poll.state === "open" && !grace && html`<button type="button" disabled=${off} onClick=${close}>${t("结束投票…")}</button>`}
    ${room.page.may.produce && (poll.state === "open" || poll.state === "closed") && html`<${Voiding} room=${room} poll=${poll} />`}
    ${room.page.may.produce && poll.state === "void" && !draft.open && room.state !== "ended" && html`<button type="button" class="plain" onClick=${() => again(room, poll)}>${t("重投一轮…")}</button>`}
  </article>`;
}

export function Polls({ room }) {
  const order = { open: 0, draft: 1, closed: 2, void: 3 };
  const polls = [...room.lane.polls.values()].sort((a, b) => order[a.state] - order[b.state] || b.id - a.id);
  const may = room.page.may.produce && room.page.polls && room.state !== "ended";
  return html`<section class=${draft.open ? "pane scrolls polls editing" : "pane scrolls polls"} aria-labelledby="h-poll">
    <div class="spread"><h2 id="h-poll">${t("投票")}</h2>${may && !draft.open && html`<button type="button" class="plain" onClick=${() => { draft.open = true; room.render(); }}>${t("备一个投票")}</button>`}</div>
    ${draft.open && html`<${Form} room=${room} />`}
    ${polls.map((poll) => html`<${Poll} key=${poll.id} room=${room} poll=${poll} />`)}
    ${!polls.length && !draft.open && html`<p class="quiet">${room.page.polls ? t("还没有投票。备好了，到时候一按就开。") : t("这个节目不开投票。")}</p>`}
  </section>`;
}
