/* The control room's polls: prepare a simple one, open it, watch the count, close it, publish; all terms are on the page of polls. */

import { t } from "../../broadcast/i18n.js";
import { bases, howMany, optionWords, percent, verdict, voters } from "../poll-words.js";
import { html } from "./room-parts.js";
import { clock, count, hourMinute, span, unseen } from "./words.js";

const LIMITS = [null, 60, 120, 180, 300, 600];
const FILLING_SECONDS = 10;

/** What is being typed; kept here, so that nothing that arrives can lose it. */
export const draft = { open: false, kind: "single", question: "", options: ["", ""], results: "after_vote", seconds: null, wrong: "" };

/** The poll that is about to be declared void, and why. */
const voiding = { poll: 0, reason: "" };

const resultWords = () => ({ always: t("一直可看"), after_vote: t("投过的人可看"), after_close: t("结束后可看"), after_publication: t("公布后可看"), never: t("不公开") });
const kindWords = () => ({ single: t("单选"), multiple: t("多选"), scale: t("1–5 分"), satisfaction: t("满意度"), approval: t("赞成、反对、弃权") });
const ownWords = () => draft.kind === "single" || draft.kind === "multiple";

async function create(room) {
  const question = draft.question.trim();
  const options = ownWords() ? draft.options.map((each) => each.trim()).filter(Boolean) : [];
  draft.wrong = !question ? t("请写投票的题目。") : ownWords() && options.length < 2 ? t("请至少写两个选项。") : new Set(options).size < options.length ? t("有两个选项一样，请改一个。") : "";
  if (draft.wrong) {
    room.render();
    return;
  }
  const command = { type: "poll.create", question, kind: draft.kind, options, results: draft.results, filling_seconds: FILLING_SECONDS, ...(draft.seconds ? { seconds: draft.seconds } : {}) };
  const made = await room.run("poll.create", command, t("投票备好了，公众还看不到"));
  if (made) Object.assign(draft, { open: false, question: "", options: ["", ""], wrong: "" });
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
    <div class="field"><label for="pq">${t("题目")}</label><input id="pq" maxlength="120" autocomplete="off" value=${draft.question} onInput=${type("question")} /></div>
    <div class="field"><label for="pk">${t("方式")}</label><select id="pk" onChange=${(event) => { type("kind")(event); room.render(); }}>${Object.entries(kindWords()).map(([value, words]) => html`<option key=${value} value=${value} selected=${draft.kind === value}>${words}</option>`)}</select></div>
    ${ownWords() && html`<fieldset class="field"><legend>${t("选项")}</legend>${draft.options.map((text, at) => html`<input key=${at} maxlength="60" autocomplete="off" aria-label=${t("选项 {n}", { n: at + 1 })} value=${text} onInput=${option(at)} />`)}
      ${draft.options.length < 12 && html`<button type="button" class="plain" onClick=${() => { draft.options.push(""); room.render(); }}>${t("加一个选项")}</button>`}</fieldset>`}
    <div class="grid2"><div class="field"><label for="pr">${t("结果")}</label><select id="pr" onChange=${type("results")}>${Object.entries(resultWords()).map(([value, words]) => html`<option key=${value} value=${value} selected=${draft.results === value}>${words}</option>`)}</select></div>
      <div class="field"><label for="ps">${t("时限")}</label><select id="ps" onChange=${(event) => { draft.seconds = Number(event.target.value) || null; }}>${LIMITS.map((value) => html`<option key=${value} value=${value || ""} selected=${draft.seconds === value}>${value ? t("{n} 分钟", { n: value / 60 }) : t("手动结束")}</option>`)}</select></div></div>
    ${draft.wrong && html`<p class="bad xs" role="alert">${draft.wrong}</p>`}
    <p class="row"><button type="submit" class="strong" disabled=${room.busy.has("poll.create")}>${t("备好")}</button> <button type="button" onClick=${() => { Object.assign(draft, { open: false }); room.render(); }}>${t("放弃")}</button></p>
    <p class="xs quiet">${t("记名、投票码、名单、通过的条件、定时，在投票页上定。")} <a href=${room.page.urls.polls}>${t("投票页")}</a></p>
  </form>`;
}

function Result({ poll }) {
  const { outcome, total } = poll;
  const said = verdict(poll, outcome);
  const scale = outcome && outcome.scale;
  return html`${said && html`<p><b>${said}</b></p>`}
    <table class="tally"><caption class="vh">${poll.question}</caption><tbody>${poll.options.map((option, at) => html`<tr key=${option.id}><th scope="row">${optionWords(poll, option)}</th>
    <td><progress value=${option.votes || 0} max=${Math.max(1, outcome ? outcome.base_count : total)} aria-hidden="true"></progress></td>
    <td class="n">${t("{n} 票", { n: count(option.votes) })}</td><td class="n quiet">${percent(poll, at, option.votes || 0, outcome, total)}</td></tr>`)}</tbody></table>
    ${scale && html`<p class="xs">${t("平均 {mean}，一致度 {agreement}（1 完全一致，0 分散，−1 两极）", { mean: scale.mean.toFixed(2), agreement: scale.agreement.toFixed(2) })}</p>`}
    <p class="xs quiet">${bases(poll, outcome, total).join(t("，"))}${poll.on_behalf > 0 ? t("，其中电话代投 {n} 票", { n: count(poll.on_behalf) }) : ""}</p>`;
}

/** What is laid down, in a line. */
function Terms({ room, poll }) {
  const words = [kindWords()[poll.poll_kind], howMany(poll), voters(poll), poll.secrecy === "named" ? t("记名") : "", resultWords()[poll.results], poll.revote === "never" ? t("投出后不能改") : "", poll.seconds ? t("{n} 秒", { n: poll.seconds }) : t("手动结束")];
  const segment = poll.opens_with && room.lane.object(`segment:${poll.opens_with}`);
  const when = poll.missed ? t("错过了定好的时间，没有自动开始。") : poll.opens_at ? t("{time} 自动开始", { time: hourMinute(poll.opens_at) }) : segment ? t("随“{title}”自动开始", { title: segment.title }) : poll.opens_with ? t("随环节自动开始") : "";
  return html`<p class="xs quiet">${words.filter(Boolean).join(t("，"))}</p>
    ${when && html`<p class=${poll.missed ? "xs warn" : "xs"}>${when}</p>`}
    ${poll.electorate === "codes" && html`<p class=${poll.codes ? "xs quiet" : "xs warn"}>${poll.codes ? t("投票码 {all} 个，用了 {used} 个", { all: poll.codes, used: poll.codes_used }) : t("还没有发投票码，开始了也没有人能投。")}</p>`}`;
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

function Poll({ room, poll }) {
  const now = room.lane.now();
  const ends = poll.ends_at || poll.closes_at;
  const left = ends ? Date.parse(ends) - now : null;
  const name = `poll:${poll.id}`;
  const off = room.busy.has(name);
  const run = (type, words) => () => room.run(name, { type, poll: poll.id }, words);
  const grace = poll.state === "open" && left !== null && left <= poll.delay_seconds * 1000 + 500;
  const unpublished = poll.state === "closed" && poll.results === "after_publication" && !poll.published_at;
  const when = { draft: t("备好，公众看不到"), open: grace ? t("正在收尾，等公众看到结束") : t("正在投票"), closed: t("{clock} 已结束", { clock: clock(poll.closed_at) }), void: t("已作废：{reason}", { reason: poll.void_reason }) }[poll.state];
  const close = () => room.ask({
    title: t("结束这个投票？"),
    lines: [poll.question, t("再收 {n} 秒的票，等公众看到结束，然后结果定下，不能再开。", { n: poll.delay_seconds + poll.filling_seconds })],
    verb: t("结束投票"),
    act: run("poll.close", t("投票结束")),
  });
  const publish = () => room.ask({
    title: t("公布结果？"),
    lines: [poll.question, poll.secrecy === "named" ? t("票数和每个人投了什么，所有人都能看到，不能收回。") : t("票数所有人都能看到，不能收回。")],
    verb: t("公布结果"),
    act: run("poll.publish", t("结果已公布")),
  });
  return html`<article class=${`poll ${poll.state}`}>
    <h3>${poll.question}</h3>
    <p class="xs quiet spread"><span>${when}${poll.state === "open" && left !== null && left > 0 ? t("，还剩 {span}", { span: span(left) }) : ""}${poll.state === "open" ? unseen(Date.parse(poll.opened_at) + poll.delay_seconds * 1000, now) : ""}</span>${poll.state !== "draft" && html`<b>${t("共 {n} 票", { n: count(poll.total) })}</b>`}</p>
    ${poll.state === "draft" ? html`<p class="xs">${poll.options.map((option) => optionWords(poll, option)).join(t("、"))}</p><${Terms} room=${room} poll=${poll} />` : html`<${Result} poll=${poll} />`}
    ${poll.state === "draft" && html`<button type="button" class="strong" disabled=${off || room.state === "ended"} onClick=${run("poll.open", `${t("投票开始")}${unseen(poll.delay_seconds * 1000, 0)}`)}>${t("开始投票")}</button>`}
    ${poll.state === "open" && !grace && html`<button type="button" disabled=${off} onClick=${close}>${t("结束投票…")}</button>`}
    ${unpublished && html`<p class="xs warn">${t("结果还没有公布，公众看不到票数。")}</p>`}
    ${unpublished && room.page.may.produce && html`<button type="button" class="strong" disabled=${off} onClick=${publish}>${t("公布结果…")}</button>`}
    ${room.page.may.produce && (poll.state === "open" || poll.state === "closed") && html`<${Voiding} room=${room} poll=${poll} />`}
    ${room.page.may.produce && room.state !== "ended" && poll.state !== "open" && html`<p class="row">${poll.state === "draft" && html`<a href=${`${room.page.urls.polls}/${poll.id}/edit`}>${t("修改")}</a>`}${poll.state === "void" && html`<a href=${`${room.page.urls.polls}/new?replaces=${poll.id}`}>${t("重投一轮…")}</a>`}${poll.state === "closed" && html`<a href=${`${room.page.urls.polls}/new?compares=${poll.id}`}>${t("再问一次，和这次比")}</a>`}</p>`}
  </article>`;
}

export function Polls({ room }) {
  const order = { open: 0, draft: 1, closed: 2, void: 3 };
  // Drafts in the order in which they are to come; of the others the newest first.
  const later = (a, b) => (a.state === "draft" ? a.position - b.position || a.id - b.id : b.id - a.id);
  const polls = [...room.lane.polls.values()].filter((poll) => poll.state in order).sort((a, b) => order[a.state] - order[b.state] || later(a, b));
  const may = room.page.may.produce && room.page.polls && room.state !== "ended";
  return html`<section class=${draft.open ? "pane scrolls polls editing" : "pane scrolls polls"} aria-labelledby="h-poll">
    <div class="spread"><h2 id="h-poll">${t("投票")} <a class="xs" href=${room.page.urls.polls}>${t("投票页")}</a></h2>${may && !draft.open && html`<button type="button" class="plain" onClick=${() => { draft.open = true; room.render(); }}>${t("备一个投票")}</button>`}</div>
    ${draft.open && html`<${Form} room=${room} />`}
    ${polls.map((poll) => html`<${Poll} key=${poll.id} room=${room} poll=${poll} />`)}
    ${!polls.length && !draft.open && html`<p class="quiet">${room.page.polls ? t("还没有投票。备好了，到时候一按就开。") : t("这个节目不开投票。")}</p>`}
  </section>`;
}
