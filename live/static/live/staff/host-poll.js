/* The polls on the host's tablet, as the audience may see them: what is being asked, and what came out once that is public. */

import { t } from "../../broadcast/i18n.js";
import { left } from "../poll-place.js";
import { bases, hidden, optionWords, percent, verdict } from "../poll-words.js";
import { html } from "./room-parts.js";
import { count } from "./words.js";

/** The open polls, else the one that was closed last. */
export function HostPolls({ room }) {
  const polls = room.lane.ofKind("poll");
  const open = polls.filter((poll) => poll.state === "open");
  const closed = polls.filter((poll) => poll.state === "closed").sort((a, b) => (a.closed_at < b.closed_at ? 1 : -1));
  const shown = open.length ? open : closed.slice(0, 1);
  if (!shown.length) return null;
  return html`<section class="polls" aria-labelledby="h-polls"><h2 id="h-polls">${t("投票")}</h2>${shown.map((poll) => html`<${One} key=${poll.key} room=${room} poll=${poll} />`)}</section>`;
}

function One({ room, poll }) {
  const seen = poll.options.every((option) => option.votes !== null);
  const said = verdict(poll, poll.outcome);
  return html`<div>
    <p><b>${poll.question}</b></p>
    <p class="quiet">${poll.state === "open" ? t("正在投票") : t("投票已结束")} ${poll.state === "open" ? left(poll, room.lane.now()) : ""}</p>
    ${said && html`<p><b>${said}</b></p>`}
    ${seen
      ? html`<table class="tally"><caption class="vh">${t("各选项的票数和比例")}</caption><tbody>${poll.options.map((option, at) => html`<tr key=${option.id}><th scope="row">${optionWords(poll, option)}</th><td class="n">${t("{n} 票", { n: count(option.votes) })}</td><td class="n quiet">${percent(poll, at, option.votes, poll.outcome, poll.total)}</td></tr>`)}</tbody></table>
          <p class="quiet">${[t("共 {n} 票", { n: count(poll.total) }), ...bases(poll, poll.outcome, poll.total)].join(t("，"))}</p>`
      : html`<p class="quiet">${hidden(poll)}</p>`}
  </div>`;
}
