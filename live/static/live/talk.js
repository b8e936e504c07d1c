/* The discussion: comments in order with one's own among them, kept at the reader's place, and the composer below. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { AppealState } from "./appeal.js";
import { useDraft } from "./draft.js";
import { Masked, Own, ownRows } from "./own.js";
import { Report, ReportError, Upheld } from "./report.js";
import { Restrained } from "./restrained.js";
import { all, cleared, inOrder, mode, one } from "./reducer.js";
import { clock, count, html, phrase, useStore } from "./view.js";

const END_PX = 48;
const SAY_EVERY_MS = 8_000;

/** The panel of the discussion. */
export function Talk({ room }) {
  const state = useStore(room.store);
  const airing = one(state, "airing") || {};
  const place = useRef(null);
  const [atEnd, setAtEnd] = useState(true);
  const [seen, setSeen] = useState("");
  // When something was withdrawn, what only this reader still holds is dropped; the older pages can be fetched anew.
  const word = cleared(state);
  const none = { list: [], more: true, busy: false, word };
  const [kept, setOlder] = useState(none);
  const older = kept.word === word ? kept : none;
  const held = [...older.list, ...(atEnd ? [] : [...state.trimmed.values()]), ...all(state, "comment")];
  const comments = [...new Map(held.map((comment) => [comment.key, comment])).values()];
  // 长辈版 reads from the newest down and never has to scroll for it.
  const rows = room.elder ? merged(state, comments).reverse() : merged(state, comments);
  const newest = comments.reduce((most, comment) => (comment.at > most ? comment.at : most), "");
  const fresh = atEnd ? 0 : comments.filter((comment) => comment.at > seen && !state.mine.items.has(`comment:${comment.id}`)).length;

  useLayoutEffect(() => {
    if (atEnd && place.current && !room.elder) place.current.scrollTop = place.current.scrollHeight;
  });
  useEffect(() => {
    if (atEnd) setSeen(newest);
  }, [atEnd, newest]);

  const total = (one(state, "counts") || { comments: 0 }).comments;
  const percent = (one(state, "load") || { comments_percent: 100 }).comments_percent;

  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = place.current;
    setAtEnd(scrollHeight - scrollTop - clientHeight < END_PX);
  };
  const toEnd = () => {
    setAtEnd(true);
    if (older.list.length) setOlder(none);
    place.current.scrollTop = place.current.scrollHeight;
  };
  const more = async () => {
    setOlder({ ...older, busy: true });
    const first = [...comments].sort(inOrder)[0].id;
    const found = await room.older(first);
    const height = place.current.scrollHeight;
    setAtEnd(false);
    // Under the word of before: what was asked for before a withdrawal is not shown after it.
    setOlder({ list: [...(found ? found.comments : []), ...older.list], more: Boolean(found && found.more), busy: false, word });
    requestAnimationFrame(() => {
      place.current.scrollTop += place.current.scrollHeight - height;
    });
  };

  const question = all(state, "question").find((each) => each.state === "on_air");
  return html`
    <section class="panel" id="panel" ref=${place} onScroll=${scrolled} aria-label=${t("讨论")} tabindex="0">
      ${!room.elder && html`<h2 class="hidden">${t("讨论")}</h2>`}
      ${room.elder && question && html`<section class="pad answering">
        <p class="who"><b class="state now">${t("正在回答")}</b><span>${t("{name}提问", { name: question.author })}</span></p>
        <h2>${phrase(question.text)}</h2>
        <p class="meta">${t("{n} 人支持", { n: count(question.supports) })}</p>
      </section>`}
      ${room.elder && html`<h2 class="pad">${t("大家说")}</h2>`}
      <${Pinned} state=${state} />
      ${total > comments.length && comments.length > 0 && html`<p class=${`pad meta ${percent < 100 ? "sampled" : ""}`}>${percent < 100 && html`<span>${t("评论很多，这里抽签显示约 {n}%，每条机会相同。", { n: percent })}</span> `}<a href=${room.boot.urls.all_comments}>${t("看全部评论")}</a></p>`}
      ${!room.elder && older.more && total > comments.length && comments.length > 0 && html`<button type="button" class="link older" disabled=${older.busy} onClick=${more}>${older.busy ? t("正在取…") : t("看更早的评论")}</button>`}
      <${Upheld} room=${room} />
      ${!rows.length && html`<p class="pad meta">${empty(state, airing)}</p>`}
      <ol class="talk">${rows.map((row) => html`<${Row} key=${row.key} row=${row} room=${room} />`)}</ol>
      ${fresh > 0 && !room.elder && html`<button type="button" class="pill" onClick=${toEnd}>${t("{n} 条新评论", { n: fresh })} ↓</button>`}
      <${Arrivals} newest=${newest} comments=${comments} />
    </section>
    ${!room.elder && html`<${Composer} room=${room} />`}
  `;
}

/** Comments and own rows in one order of time; what is one's own is marked. */
function merged(state, comments) {
  const ids = new Set(comments.map((comment) => comment.id));
  const publicRows = comments.map((comment) => ({
    key: comment.key, comment, at: comment.at, mine: state.mine.items.get(`comment:${comment.id}`),
  }));
  return [...publicRows, ...ownRows(state, "comment", ids)].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function Row({ row, room }) {
  if (!row.comment) return html`<li class="own"><${Own} row=${row} room=${room} /></li>`;
  const { comment } = row;
  const answer = room.boot.may_reply && !row.mine && ["live", "before"].includes(mode(room.store.state));
  return html`<li class=${row.mine ? "own" : comment.reply ? "official" : ""}>
    <p class="who"><span>${row.mine ? t("我") : comment.author}</span>${row.mine && html`<b class="state done">${t("已公开")}</b>`}<${Badge} of=${comment} /><time>${clock(comment.at)}</time>${!row.mine && html`<${Report} room=${room} kind="comment" id=${comment.id} author=${comment.author} text=${comment.text} />`}</p>
    ${comment.reply && html`<p class="quoted">${quote(comment.reply)}</p>`}
    <p class="said">${comment.text}</p>
    ${answer && html`<button type="button" class="link answer" onClick=${() => answerTo(room, comment)}>${t("回复")}</button>`}
    ${row.mine ? html`<${Masked} item=${row.mine} /><${AppealState} item=${row.mine} />` : html`<${ReportError} room=${room} kind="comment" id=${comment.id} />`}
  </li>`;
}

const BADGES = { member: () => t("委员"), host: () => t("主持人"), expert: () => t("专家"), department: () => t("部门"), lecturer: () => t("主讲人"), leader: () => t("领导") };

/** As what somebody speaks, and for whom: 委员 科技界, 部门 市交通运输局. */
export function Badge({ of }) {
  const word = BADGES[of.badge];
  return word ? html`<span class="role">${word()}</span>${of.affiliation && html`<span class="of">${of.affiliation}</span>`}` : null;
}

/** What an official answer answers. */
const quote = (reply) => (reply.text ? t("回复 {name}：{text}", { name: reply.author, text: reply.text }) : t("回复的评论已不公开"));

function answerTo(room, comment) {
  room.answer({ id: comment.id, author: comment.author, text: comment.text });
  setTimeout(() => document.getElementById("say") && document.getElementById("say").focus(), 50);
}

/** 置顶: stands above the others while they pass. */
function Pinned({ state }) {
  const pinned = one(state, "pinned");
  if (!pinned) return null;
  const { comment } = pinned;
  return html`<section class="pinned" aria-label=${t("置顶评论")}>
    <p class="who"><b class="state">${t("置顶")}</b><span>${comment.author}</span><${Badge} of=${comment} /><time>${clock(comment.at)}</time></p>
    <p class="said">${comment.text}</p>
  </section>`;
}

/** Tells a screen reader how many came, now and then. */
function Arrivals({ newest, comments }) {
  const [words, say] = useState("");
  const last = useRef({ newest, said: 0 });
  useEffect(() => {
    const now = Date.now();
    if (now - last.current.said < SAY_EVERY_MS || newest <= last.current.newest) return;
    const n = comments.filter((comment) => comment.at > last.current.newest).length;
    last.current = { newest, said: now };
    say(t("{n} 条新评论", { n }));
  });
  return html`<p class="hidden" role="status" aria-live="polite">${words}</p>`;
}

function empty(state, airing) {
  if (airing.comments === "off") return t("本场不开放讨论。");
  const now = mode(state);
  return now === "live" || now === "before" ? t("还没有评论。第一条可以由您来写，审核后公开。") : t("本场没有公开的评论。");
}

/** One line to write, the way to ask, and the like. */
function Composer({ room }) {
  const state = useStore(room.store);
  const airing = one(state, "airing") || {};
  const counts = one(state, "counts") || { likes: 0 };
  const [text, setText] = useDraft(room.boot.airing, "comment");
  const [liked, setLiked] = useState(0);
  const answers = room.boot.may_reply ? state.answers : null;
  useEffect(() => setLiked(0), [counts.likes]);
  if (!["live", "before"].includes(mode(state))) return null;
  if (state.mine.sanctions.length) return html`<${Restrained} room=${room} />`;
  const send = (event) => {
    event.preventDefault();
    const words = text.trim();
    if (!words) return;
    room.outbox.add({ type: "comment.post", text: words, ...(answers ? { to: answers.id } : {}) });
    setText("");
    room.answer(null);
  };
  const like = () => {
    setLiked((n) => n + 1);
    room.outbox.like();
  };
  const hint = airing.comment_seconds
    ? t("慢速模式，每 {n} 秒一条", { n: airing.comment_seconds })
    : airing.comments === "post"
      ? t("说点什么")
      : t("说点什么，先审后发");
  return html`${answers && html`<p class="answers"><span>${quote(answers)}</span><button type="button" class="link" onClick=${() => room.answer(null)}>${t("不回复")}</button></p>`}
  <form class="composer" onSubmit=${send}>
    ${airing.comments !== "off"
      ? html`<label class="hidden" for="say">${t("评论，审核后公开")}</label>
          <input class="field" id="say" value=${text} onInput=${(event) => setText(event.target.value)} placeholder=${hint} autocomplete="off" maxlength="500" enterkeyhint="send" />`
      : html`<span class="meta">${t("本场不开放讨论。")}</span>`}
    ${text.trim() ? html`<button class="button">${t("发送")}</button>` : airing.questions !== "off" && html`<a class="button" href="?tab=ask" onClick=${(event) => room.open(event, "ask", true)}>${t("去提问")}</a>`}
    ${airing.likes && mode(state) === "live" && html`<button type="button" class="like" onClick=${like}>${t("赞")}<small>${t("{n} 次", { n: count(counts.likes + liked) })}</small></button>`}
  </form>`;
}
