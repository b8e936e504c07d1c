/* Polls: choosing and confirming are two steps; results are one table that is also the chart; hidden results say why. */

import { useRef, useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { useDraft } from "./draft.js";
import { all, mode } from "./reducer.js";
import { clock, clockSeconds, count, html, lasting, phrase, useSecond, useStore } from "./view.js";

/** 还剩 11:48, or nothing when the poll has no end. */
export function left(poll, now) {
  if (!poll.closes_at) return "";
  const seconds = (Date.parse(poll.closes_at) - now) / 1000;
  return seconds > 0 ? t("还剩 {time}", { time: lasting(seconds) }) : t("正在结束");
}

/** The panel of polls: the first open and unanswered one fills it, with 先收起; otherwise all of them in a list. */
export function Votes({ room }) {
  const state = useStore(room.store);
  const [changing, setChanging] = useState(0);
  // Whoever has just voted sees the result first, not the next poll.
  const [listed, setListed] = useState(false);
  const polls = all(state, "poll").sort((a, b) => (b.state === "open") - (a.state === "open") || b.id - a.id);
  const canVote = mode(state) === "live" || mode(state) === "before";
  const asks = (poll) => canVote && poll.state === "open" && (poll.id === changing || (!listed && !voted(state, poll.id) && state.putAway !== poll.id));
  // What is being filled in stays, whatever opens meanwhile.
  const shown = useRef(0);
  const open = polls.find((poll) => poll.id === (changing || shown.current) && asks(poll)) || polls.find(asks);
  shown.current = open ? open.id : 0;
  if (open) return html`<${Ballot} key=${open.id} poll=${open} room=${room} done=${() => {
    setChanging(0);
    setListed(true);
  }} changing=${changing === open.id} />`;
  return html`<section class="panel" id="panel" aria-label=${t("投票")} tabindex="0">
    <h2 class="hidden">${t("投票")}</h2>
    ${!polls.length && html`<p class="pad meta">${canVote ? t("现在没有投票。开始后会在这里和页面上方出现。") : t("本场没有投票。")}</p>`}
    ${polls.map((poll) => html`<${Poll} key=${poll.key} poll=${poll} room=${room} canVote=${canVote} change=${() => { room.store.set({ putAway: 0 }); setChanging(poll.id); }} />`)}
  </section>`;
}

const sendingOf = (state, id) => state.entries.find((entry) => entry.command.type === "poll.vote" && entry.command.poll === id && entry.state === "sending");
const refusedOf = (state, id) => state.entries.find((entry) => entry.command.type === "poll.vote" && entry.command.poll === id && (entry.state === "refused" || entry.state === "held" || entry.state === "unsent"));
const voted = (state, id) => state.mine.ballots.has(id) || Boolean(sendingOf(state, id));

/** Choose, then confirm. */
function Ballot({ poll, room, done, changing }) {
  const state = useStore(room.store);
  const now = useSecond(room.store);
  const ballot = state.mine.ballots.get(poll.id);
  const refused = refusedOf(state, poll.id);
  const [kept, keep] = useDraft(room.boot.airing, `poll.${poll.id}`);
  const before = refused ? refused.command.options[0] : ballot ? ballot.options[0] : 0;
  const chosen = Number(kept) || before;
  const [missing, setMissing] = useState(false);
  const confirm = (event) => {
    event.preventDefault();
    if (!chosen) {
      setMissing(true);
      return;
    }
    if (refused) room.outbox.remove(refused.id);
    room.outbox.add({ type: "poll.vote", poll: poll.id, options: [chosen] });
    keep("");
    done();
  };
  const away = () => {
    if (!changing) room.store.set({ putAway: poll.id });
    keep("");
    done();
  };
  const note = html`<p class="note">${poll.closes_at ? t("每人 1 票，不公开您选了什么；{time} 结束前可以修改。", { time: clock(poll.closes_at) }) : t("每人 1 票，不公开您选了什么；结束前可以修改。")}</p>`;
  return html`<form class="panel" id="panel" onSubmit=${confirm} tabindex="0" aria-label=${t("投票")}>
    <h2 class="hidden">${t("投票")}</h2>
    <div class="poll pad">
      <p class="meta bits"><b>${changing ? t("修改选择") : t("正在投票")}</b><span>${left(poll, now)}</span><button type="button" class="link" onClick=${away}>${changing ? t("不改了") : t("先收起")}</button></p>
      <fieldset>
        <legend><h3>${phrase(poll.question)}</h3></legend>
        <div class="options">
          ${poll.options.map((option) => html`<label key=${option.id} class=${`option ${option.id === chosen ? "chosen" : ""}`}>
            <input type="radio" name="choice" value=${option.id} checked=${option.id === chosen} onChange=${() => { keep(String(option.id)); setMissing(false); }} />${option.text}${option.id === chosen && html`<span>${t("已选")}</span>`}
          </label>`)}
        </div>
      </fieldset>
      ${room.elder && note}
      ${missing && html`<p class="error" role="alert">${t("还没有选，请先选一项再确认投票。")}</p>`}
      ${refused && html`<p class="error" role="alert">${refused.error || t("没有发出，请再确认一次。")}</p>`}
    </div>
    <div class="confirm sticky">
      ${!room.elder && note}
      <button class="button main wide">${t("确认投票")}</button>
    </div>
  </form>`;
}

/** A poll with one's own choice and the counts that may be seen. */
function Poll({ poll, room, canVote, change }) {
  const state = useStore(room.store);
  const sending = sendingOf(state, poll.id);
  const refused = refusedOf(state, poll.id);
  const ballot = state.mine.ballots.get(poll.id);
  const own = new Set(sending ? sending.command.options : ballot ? ballot.options : []);
  const chosen = poll.options.filter((option) => own.has(option.id)).map((option) => option.text).join("、");
  const open = poll.state === "open";
  return html`<section class="poll pad" aria-labelledby=${`poll-${poll.id}`}>
    <p class="meta bits">
      ${open ? html`<${Status} sending=${sending} ballot=${ballot} />` : poll.state === "void" ? html`<b class="state">${t("已作废")}</b>` : html`<b class="state">${t("已结束")}</b><time>${clock(poll.closed_at)}</time>${!ballot && html`<span>${t("您没有参加")}</span>`}`}
      ${open && canVote && html`<button type="button" class="link" onClick=${change}>${own.size ? t("修改选择") : t("去投票")}</button>`}
    </p>
    <h3 id=${`poll-${poll.id}`}>${phrase(poll.question)}</h3>
    ${chosen && html`<p>${t("已投：{chosen}", { chosen })}</p>`}
    ${refused && html`<p class="error" role="alert">${refused.error || t("没有发出，请再确认一次。")}</p>`}
    <${Result} poll=${poll} ballot=${ballot} own=${own} />
    ${poll.list && html`<p class="meta bits"><a href=${poll.list} download>${t("下载不记名的选票名单")}</a>${ballot && ballot.number && html`<span>${t("您的选票编号 {number}", { number: ballot.number })}</span>`}</p>`}
  </section>`;
}

function Status({ sending, ballot }) {
  if (sending) return html`<b class="state wait">${t("发送中")}</b>`;
  if (ballot) return html`<b class="state done">${t("已投票")}</b><time>${clockSeconds(ballot.at)}</time>`;
  return html`<b>${t("正在投票")}</b>`;
}

function Result({ poll, ballot, own }) {
  let { options, total } = poll;
  if (options.some((option) => option.votes === null) && ballot && ballot.result) {
    options = ballot.result;
    total = ballot.total;
  }
  if (options.some((option) => option.votes === null)) return html`<p class="meta">${hidden(poll)}</p>`;
  const sum = total === null || total === undefined ? options.reduce((so_far, option) => so_far + option.votes, 0) : total;
  return html`
    <table class="result">
      <caption class="hidden">${t("各选项的票数和比例")}</caption>
      <tbody>
        ${options.map((option) => html`
          <tr key=${`t${option.id}`} class=${own.has(option.id) ? "mine" : ""}><th scope="row">${option.text}${own.has(option.id) && html` <span class="role">${t("您选的")}</span>`}</th><td>${t("{n} 票", { n: count(option.votes) })}</td><td>${sum ? Math.round((100 * option.votes) / sum) : 0}%</td></tr>
          <tr key=${`b${option.id}`} class="bar" aria-hidden="true"><td colspan="3"><progress max=${sum || 1} value=${option.votes}></progress></td></tr>`)}
      </tbody>
    </table>
    <p class="meta bits"><span>${t("共 {n} 票", { n: count(sum) })}</span><span>${t("每人 1 票")}</span>${poll.on_behalf > 0 && html`<span>${t("其中电话代投 {n} 票", { n: count(poll.on_behalf) })}</span>`}${poll.state === "open" && (poll.closes_at ? html`<span>${t("可在 {time} 结束前修改", { time: clock(poll.closes_at) })}</span>` : html`<span>${t("可在结束前修改")}</span>`)}</p>
  `;
}

function hidden(poll) {
  if (poll.state === "void") return t("作废原因：{reason}", { reason: poll.void_reason });
  if (poll.results === "after_vote") return t("投票后可以看到结果。");
  if (poll.results === "after_close") return t("结果在投票结束后公布。");
  return t("这项投票的结果不在页面公布。");
}
