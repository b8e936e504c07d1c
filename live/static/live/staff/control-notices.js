/* What stands first on the public page, from the control room: the announcement and the pinned comment; each a command, nothing kept here. */

import { useState } from "preact/hooks";
import { t } from "../../broadcast/i18n.js";
import { html } from "./room-parts.js";
import { clock } from "./words.js";

const MOST = 200;

/** 公告 and 置顶. */
export function Notices({ room }) {
  const standing = room.lane.object("announcement");
  const pinned = room.lane.object("pinned");
  const over = room.state === "ended" || room.state === "cancelled";
  const [text, put] = useState(null);
  const words = text === null ? (standing ? standing.text : "") : text;
  const off = room.busy.has("announcement");
  const say = async (event) => {
    event.preventDefault();
    if (words.trim() && (await room.run("announcement", { type: "announcement.set", text: words.trim() }, t("公告")))) put(null);
  };
  const end = () => room.run("announcement", { type: "announcement.set", text: "" }, t("撤下公告")).then(() => put(null));
  return html`<section class="pane" aria-labelledby="h-notice">
    <h2 id="h-notice">${t("公告和置顶")}</h2>
    ${over ? !standing && !pinned && html`<p class="xs quiet">${t("节目已结束，没有公告。")}</p>` : html`<form class="notice-form" onSubmit=${say}>
      <label for="notice" class="xs">${standing ? t("公告，{time} 起", { time: clock(Date.parse(standing.at)) }) : t("公告，发布后立刻排在观众页最前面")}</label>
      <textarea id="notice" rows="2" maxlength=${MOST} value=${words} onInput=${(event) => put(event.target.value)}></textarea>
      <p class="row"><button disabled=${off || !words.trim() || words === standing?.text}>${standing ? t("改公告") : t("发布公告")}</button>
        ${standing && html`<button type="button" class="plain" disabled=${off} onClick=${end}>${t("撤下公告")}</button>`}
        ${text !== null && html`<button type="button" class="plain" onClick=${() => put(null)}>${t("不改")}</button>`}</p>
    </form>`}
    ${pinned ? html`<p class="xs"><b>${t("置顶")}</b> ${pinned.comment.author}${t("：")}${pinned.comment.text}</p>
      <p><button type="button" class="plain" disabled=${room.busy.has("pin")} onClick=${() => room.run("pin", { type: "comment.pin", item: pinned.comment.id, on: false }, t("取消置顶"))}>${t("取消置顶")}</button></p>` : html`<p class="xs quiet">${t("没有置顶的评论。在审核台里选。")}</p>`}
  </section>`;
}
