/* Filling in a ballot of any kind: choosing and confirming are two steps, and the voter reads first what holds; it sends one command. */

import { useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { useDraft } from "./draft.js";
import { howMany, optionWords, terms, voters } from "./poll-words.js";
import { left } from "./poll-place.js";
import { html, phrase, useSecond, useStore } from "./view.js";

const NONE = "0";

/** The last vote of this poll that was not taken: refused, held for an identity, or too old to be sent behind the reader's back. */
export const refusedOf = (state, id) => state.entries.find((entry) => entry.command.type === "poll.vote" && entry.command.poll === id && ["refused", "held", "unsent"].includes(entry.state));

/** What is rated, where a poll is about a part of the show or an answer. */
export function About({ state, poll }) {
  const question = poll.about && state.objects.get(`question:${poll.about}`);
  const segment = poll.segment && state.objects.get(`segment:${poll.segment}`);
  if (question) return html`<p class="meta">${t("评对这个问题的答复：{text}", { text: question.text })}</p>`;
  return segment ? html`<p class="meta">${t("评这个环节：{title}", { title: segment.title })}</p>` : null;
}

/** Choose, then confirm. What is chosen stays over a reload. */
export function Ballot({ poll, room, done, changing }) {
  const state = useStore(room.store);
  const now = useSecond(room.store);
  const ballot = state.mine.ballots.get(poll.id);
  const refused = refusedOf(state, poll.id);
  const [kept, keep] = useDraft(room.boot.airing, `poll.${poll.id}`);
  const [code, keepCode] = useDraft(room.boot.airing, `code.${poll.id}`);
  const [wrong, say] = useState("");
  const before = refused ? refused.command.options : ballot ? ballot.options : [];
  const ids = kept ? kept.split(",").map(Number) : before;
  const chosen = poll.options.filter((option) => ids.includes(option.id));
  const many = poll.most > 1;
  const asksCode = poll.electorate === "codes" && !ballot;
  const choose = (event, id) => {
    const rest = chosen.map((option) => option.id).filter((each) => each !== id);
    const on = rest.length === chosen.length;
    if (many && on && rest.length >= poll.most) {
      event.target.checked = false;
      say(t("最多选 {n} 项。要换，先取消一项。", { n: poll.most }));
      return;
    }
    keep((many ? (on ? [...rest, id] : rest) : [id]).join() || NONE);
    say("");
  };
  const confirm = (event) => {
    event.preventDefault();
    if (chosen.length < poll.fewest) {
      say(chosen.length ? t("至少选 {n} 项，还差 {more} 项。", { n: poll.fewest, more: poll.fewest - chosen.length }) : t("还没有选，请先选一项再确认投票。"));
    } else if (asksCode && !code.trim()) {
      say(t("请填投票码，一个码投一票。"));
    } else {
      if (refused) room.outbox.remove(refused.id);
      const command = { type: "poll.vote", poll: poll.id, options: chosen.map((option) => option.id) };
      if (asksCode) command.code = code.trim();
      if (poll.secrecy === "named") command.named = true;
      room.outbox.add(command);
      leave();
    }
  };
  const leave = () => {
    keep("");
    done();
  };
  const away = () => {
    if (!changing) room.store.set({ putAway: poll.id });
    leave();
  };
  const error = wrong || (refused && (refused.error || t("没有发出，请再确认一次。")));
  const note = html`<p class=${poll.secrecy === "named" ? "note shown" : "note"}>${terms(poll)}</p>`;
  return html`<form class="panel" id="panel" onSubmit=${confirm} tabindex="0" aria-label=${t("投票")}>
    <h2 class="hidden">${t("投票")}</h2>
    <div class="poll pad">
      <p class="meta bits"><b>${ballot ? t("修改选择") : t("正在投票")}</b><span>${left(poll, now)}</span>${voters(poll) && html`<span>${voters(poll)}</span>`}<button type="button" class="link" onClick=${away}>${ballot ? t("不改了") : t("先收起")}</button></p>
      <${About} state=${state} poll=${poll} />
      <fieldset>
        <legend><h3>${phrase(poll.question)}</h3></legend>
        ${many && html`<p class="meta">${howMany(poll)}${t("，已选 {n} 项", { n: chosen.length })}</p>`}
        <div class=${poll.poll_kind === "scale" ? "options scale" : "options"}>
          ${poll.options.map((option) => html`<label key=${option.id} class=${`option ${chosen.includes(option) ? "chosen" : ""}`}>
            <input type=${many ? "checkbox" : "radio"} name="choice" value=${option.id} checked=${chosen.includes(option)} onChange=${(event) => choose(event, option.id)} />${optionWords(poll, option)}${chosen.includes(option) && html`<span>${t("已选")}</span>`}
          </label>`)}
        </div>
        ${poll.poll_kind === "scale" && html`<p class="note">${t("1 最低，5 最高")}</p>`}
      </fieldset>
      ${asksCode && html`<label class="note" for="code">${t("投票码")}</label><input class="field" id="code" value=${code} onInput=${(event) => { keepCode(event.target.value); say(""); }} autocomplete="off" inputmode="numeric" maxlength="24" />`}
      ${room.elder && note}
    </div>
    <div class="confirm sticky">
      ${error && html`<p class="error" role="alert">${error}</p>`}
      ${!room.elder && note}
      ${room.elder && chosen.length > 0 && html`<p class="note">${t("您选了：{chosen}", { chosen: chosen.map((option) => optionWords(poll, option)).join("、") })}</p>`}
      <button class="button main wide">${t("确认投票")}</button>
    </div>
  </form>`;
}
