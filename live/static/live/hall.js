/* The hall: notice, poll card, tabs and the open panel with its composer; it shows the store and hands acts to the room's `acts`. */

import { useEffect, useRef } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { Asks } from "./asks.js";
import { Agenda, Moments } from "./panels.js";
import { left } from "./poll-place.js";
import { Votes } from "./polls.js";
import { all, mode, one } from "./reducer.js";
import { Talk } from "./talk.js";
import { count, html, phrase, useSecond, useStore } from "./view.js";
import { Announcement } from "./voices.js";

const PANELS = { talk: Talk, ask: Asks, vote: Votes, agenda: Agenda, moments: Moments };

/** How long the link is away before the hall speaks of it. */
const AWAY_MS = 8_000;

/** Names of the tabs in this state of the show. */
export function tabNames(state) {
  return mode(state) === "replay" ? ["moments", "ask", "vote", "agenda"] : ["talk", "ask", "vote", "agenda"];
}

/** The whole hall. `room` carries store, acts, boot, stage and elder. */
export function Hall({ room }) {
  const state = useStore(room.store);
  if (mode(state) === "withdrawn") return html`<${Withdrawn} room=${room} />`;
  return html`<${Open} room=${room} state=${state} />`;
}

/** Of a withdrawn episode nothing stays, and the way to the others is shown. */
function Withdrawn({ room }) {
  return html`<section class="panel pad" id="panel" tabindex="-1" role="status">
    <h3>${t("本期已撤下")}</h3>
    <p>${t("这一期的画面和互动不再公开。其他各期可以照常收看。")}</p>
    <p><a class="button" href=${room.boot.urls.programme}>${t("看其他各期")}</a></p>
  </section>`;
}

function Open({ room, state }) {
  const names = tabNames(state);
  const tab = names.includes(state.tab) ? state.tab : names[0];
  useEffect(() => {
    if (tab !== state.tab) room.store.set({ tab });
  }, [tab, state.tab]);
  const Panel = PANELS[tab];
  const home = room.elder && tab === "talk";
  return html`
    <${Announcement} room=${room} />
    <${Notice} room=${room} />
    ${!room.elder && tab !== "vote" && html`<${PollCard} room=${room} main=${tab !== "ask"} />`}
    ${!home && html`<${Tabs} room=${room} names=${names} tab=${tab} />`}
    <${Panel} key=${tab} room=${room} />
    ${room.elder && html`<${Two} room=${room} tab=${tab} />`}
  `;
}

/** 长辈版: asking and voting stay under the thumb, except while a form is open, whose own button is there. */
function Two({ room, tab }) {
  const state = useStore(room.store);
  const now = useSecond(room.store);
  const poll = all(state, "poll").find((each) => each.state === "open");
  const before = mode(state) === "before";
  const asks = (one(state, "airing") || {}).questions !== "off";
  if (!before && mode(state) !== "live") return null;
  const votes = tab !== "vote" && (poll || tab !== "ask");
  if (!asks && !votes) return null;
  return html`<nav class=${asks && votes ? "two" : "two one"} aria-label=${t("参与")}>
    ${asks && html`<a class=${poll && votes ? "button" : "button main"} href="?tab=ask" onClick=${(event) => room.open(event, "ask", true)}>${tab === "ask" ? t("写问题") : before ? t("先提问题") : t("去提问")}</a>`}
    ${votes && html`<a class=${poll ? "button main" : "button"} href="?tab=vote" onClick=${(event) => room.open(event, "vote")}>${t("去投票")}${poll && html`<small>${left(poll, now) || t("正在进行")}</small>`}</a>`}
  </nav>`;
}

/** What is out of the ordinary, in one line; quiet when all is well. */
function Notice({ room }) {
  const state = useStore(room.store);
  const now = useSecond(room.store);
  const lost = useRef({ since: 0, told: false });
  const media = one(state, "media");
  let words = null;
  if (state.link !== "lost") lost.current.since = 0;
  else if (!lost.current.since) lost.current = { since: now, told: false };
  // A short gap is told over the picture alone (OnAir), so that nothing moves under a finger for it.
  const away = state.link === "lost" && now - lost.current.since >= AWAY_MS;
  if (away) lost.current.told = true;
  if (away) words = [t("连接中断，正在自动重连。"), t("您写的内容会保留，连上后自动发出。"), ""];
  else if (state.restored && lost.current.told) words = [t("连接已恢复。"), "", "ok"];
  else if (state.link === "polling") words = [state.tooFast ? t("操作太快了，实时连接停一分钟。") : state.full ? t("在看的人很多。") : t("实时连接没有连上。"), t("评论改为每隔一两秒刷新，您的投票和提问照常计入。"), ""];
  else if (mode(state) === "replay" && !(media && media.replay)) words = [t("回看还没有公开。"), t("现在只有工作人员能看到，签发后观众可看。"), ""];
  else if (mode(state) === "live" && media && media.state === "lost" && !room.stage.goesOn()) words = [t("互动照常。"), t("讨论、提问、投票都照常计入。"), ""];
  return html`<div role="status">${words && html`<p class=${`notice ${words[2]}`}><b>${words[0]}</b>${words[1]}</p>`}</div>`;
}

/** The open poll, until this reader has answered or put it away. */
function PollCard({ room, main }) {
  const state = useStore(room.store);
  const now = useSecond(room.store);
  const asks = (each) => each.state === "open" && !state.mine.ballots.has(each.id) && state.putAway !== each.id;
  const poll = all(state, "poll").filter(asks).sort((a, b) => (b.electorate === "all") - (a.electorate === "all") || b.id - a.id)[0];
  if (!poll || mode(state) !== "live") return null;
  return html`<section class="poll card" aria-labelledby="poll">
    <div>
      <p class="meta bits"><b>${t("正在投票")}</b>${poll.closes_at && html`<span>${left(poll, now)}</span>`}</p>
      <h2 id="poll">${phrase(poll.question)}</h2>
    </div>
    <a class=${main ? "button main" : "button"} href="?tab=vote" onClick=${(event) => room.open(event, "vote")}>${t("去投票")}</a>
  </section>`;
}

function Tabs({ room, names, tab }) {
  const state = useStore(room.store);
  const counts = one(state, "counts") || { comments: 0, questions: 0 };
  const words = {
    moments: [t("此刻"), t("{n} 条", { n: count((state.marks || []).length) })],
    talk: [t("讨论"), t("{n} 条", { n: count(counts.comments) })],
    ask: [t("提问"), t("{n} 条", { n: count(counts.questions) })],
    vote: [t("投票"), t("{n} 项", { n: all(state, "poll").length })],
    agenda: [t("议程"), t("{n} 节", { n: all(state, "segment").length })],
  };
  return html`<nav class="tabs" aria-label=${t("互动栏目")}>
    ${names.map((name) => html`<a key=${name} href=${`?tab=${name}`} aria-current=${name === tab ? "page" : null}
      onClick=${(event) => room.open(event, name)}>${words[name][0]} <small>${words[name][1]}</small></a>`)}
  </nav>`;
}
