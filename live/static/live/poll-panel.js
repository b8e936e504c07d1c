/* The panel of polls: the one to be filled in, else all of them with the own choice and what came out; it counts nothing. */

import { useRef, useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { draftOf } from "./draft.js";
import { About, Ballot, refusedOf } from "./poll-form.js";
import { Result } from "./poll-result.js";
import { optionWords } from "./poll-words.js";
import { provide } from "./poll-place.js";
import { all, mode } from "./reducer.js";
import { clock, clockSeconds, html, phrase, useStore } from "./view.js";

/** The first open and unanswered poll fills it, with 先收起; otherwise all of them in a list. */
function Panel({ room }) {
  const state = useStore(room.store);
  const [changing, setChanging] = useState(0);
  // Whoever has just voted sees that result first, not the next poll.
  const [listed, setListed] = useState(0);
  const polls = all(state, "poll").sort((a, b) => (b.id === listed) - (a.id === listed) || (b.state === "open") - (a.state === "open") || forAll(b) - forAll(a) || b.id - a.id);
  const canVote = mode(state) === "live" || mode(state) === "before";
  const asks = (poll) => canVote && poll.state === "open" && (poll.id === changing || (!listed && !voted(state, poll.id) && state.putAway !== poll.id));
  // What is being filled in stays, whatever opens meanwhile.
  const shown = useRef(0);
  const open = polls.find((poll) => poll.id === (changing || shown.current) && asks(poll)) || polls.find(asks);
  shown.current = open ? open.id : 0;
  if (open) return html`<${Ballot} key=${open.id} poll=${open} room=${room} done=${() => {
    setChanging(0);
    setListed(open.id);
  }} changing=${changing === open.id} />`;
  return html`<section class="panel" id="panel" aria-label=${t("投票")} tabindex="0">
    <h2 class="hidden">${t("投票")}</h2>
    ${!polls.length && html`<p class="pad meta">${canVote ? t("现在没有投票。开始后会在这里和页面上方出现。") : t("本场没有投票。")}</p>`}
    ${polls.map((poll) => html`<${Poll} key=${poll.key} poll=${poll} room=${room} canVote=${canVote} change=${() => { room.store.set({ putAway: 0 }); setChanging(poll.id); }} />`)}
  </section>`;
}

/** What everybody may answer comes before what is for some. */
const forAll = (poll) => poll.electorate === "all";

const sendingOf = (state, id) => state.entries.find((entry) => entry.command.type === "poll.vote" && entry.command.poll === id && entry.state === "sending");
const voted = (state, id) => state.mine.ballots.has(id) || Boolean(sendingOf(state, id));

/** A poll with one's own choice and the counts that may be seen. */
function Poll({ poll, room, canVote, change }) {
  const state = useStore(room.store);
  const sending = sendingOf(state, poll.id);
  const refused = refusedOf(state, poll.id);
  const ballot = state.mine.ballots.get(poll.id);
  const own = new Set(sending ? sending.command.options : ballot ? ballot.options : []);
  const chosen = poll.options.filter((option) => own.has(option.id)).map((option) => optionWords(poll, option)).join("、");
  const open = poll.state === "open";
  const late = poll.state === "closed" && !ballot && draftOf(room.boot.airing, `poll.${poll.id}`);
  return html`<section class="poll pad" aria-labelledby=${`poll-${poll.id}`}>
    <p class="meta bits">
      ${open ? html`<${Status} sending=${sending} ballot=${ballot} />` : poll.state === "void" ? html`<b class="state">${t("已作废")}</b>` : html`<b class="state">${t("已结束")}</b><time>${clock(poll.ends_at || poll.closed_at)}</time>${!ballot && !late && html`<span>${t("您没有参加")}</span>`}`}
      ${poll.secrecy === "named" && html`<span>${t("记名")}</span>`}
      ${open && canVote && !(own.size && poll.revote === "never") && html`<button type="button" class="link" onClick=${change}>${own.size ? t("修改选择") : t("去投票")}</button>`}
    </p>
    <${About} state=${state} poll=${poll} />
    <h3 id=${`poll-${poll.id}`}>${phrase(poll.question)}</h3>
    ${chosen && html`<p>${t("已投：{chosen}", { chosen })}</p>`}
    ${late && html`<p class="error" role="status">${t("投票已于 {time} 结束，您的选择没有计入。", { time: clock(poll.ends_at || poll.closed_at) })}</p>`}
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

provide(Panel);
