/* One call as the screener writes it down, and what can be done with it now; what was typed outlives everybody else's changes. */

import { t } from "../../broadcast/i18n.js";
import { OVER, callClass, callState, numberToSend, shownNumber } from "./call-words.js";
import { html } from "./room-parts.js";
import { clock, span } from "./words.js";

const FIELDS = ["name", "district", "topic", "note", "line"];

const valuesOf = (call) => ({ ...Object.fromEntries(FIELDS.map((name) => [name, call[name]])), priority: call.priority, notice: Boolean(call.notice_at), number: null });

/** What is typed about a call. `base` is the row as of version `since`, where typing began, so that others' changes can be shown;
    `version` is the one that the screener has seen. */
export function draftOf(room, call) {
  let draft = room.drafts.get(call.id);
  if (!draft || (!isDirty(draft) && draft.since < call.version)) {
    draft = { version: call.version, since: call.version, base: valuesOf(call), values: valuesOf(call) };
    room.drafts.set(call.id, draft);
  }
  return draft;
}

const isDirty = (draft) => Object.keys(draft.values).some((name) => draft.values[name] !== draft.base[name]);

async function save(room, call) {
  const draft = draftOf(room, call);
  if (!isDirty(draft) && call.state !== "ringing") return { version: call.version };
  const sent = { ...draft.values };
  const { number: typed, ...fields } = sent;
  const number = numberToSend(typed, shownNumber(call, room.numbers.get(call.id)));
  const told = await room.run("screen", { type: "call.screen", call: call.id, version: draft.version, ...fields, ...(number === null ? {} : { number }) }, t("来电已登记"));
  if (told) {
    // What was typed while it was under way is still to be saved.
    Object.assign(draft, { version: told.version, since: told.version, base: { ...sent, number: null } });
    if (draft.values.number === typed) draft.values.number = null;
    if (number !== null) room.numbers.delete(call.id);
  }
  // Somebody was first: what they wrote is shown beside what is typed here, and saying it again is meant.
  else draft.version = room.lane.calls.get(call.id)?.version ?? draft.version;
  return told;
}

async function go(room, call, to) {
  const saved = await save(room, call);
  if (saved) await own(room, call, `move:${to}`, { type: "call.move", call: call.id, version: saved.version, to }, callState(to));
}

/** One's own act makes nothing that is typed meanwhile out of date. */
async function own(room, call, name, command, words) {
  const told = await room.run(name, command, words);
  const draft = room.drafts.get(call.id);
  if (told && draft && draft.version === command.version) draft.version = draft.since = told.version;
}

/** What may be done in each state: the first is the main one. */
function actsOf(room, call) {
  const to = (state, words, danger = false) => ({ words, danger, act: () => go(room, call, state) });
  const ended = to("ended", t("不用上节目，已处理"));
  const acts = {
    ringing: [{ words: t("登记"), act: () => save(room, call) }, to("dropped", t("挂断了")), to("callback", t("待回拨")), to("refused", t("不接入"), true)],
    screened: [to("waiting", t("转入等候")), { words: t("保存"), act: () => save(room, call) }, ended, to("callback", t("待回拨")), to("dropped", t("挂断了")), to("refused", t("不接入"), true)],
    waiting: [{ words: t("保存"), act: () => save(room, call) }, to("screened", t("退出等候")), to("callback", t("待回拨")), to("dropped", t("挂断了")), ended, to("refused", t("不接入"), true)],
    on_air: [leave(room, call, "ended", t("结束通话")), leave(room, call, "dropped", t("线路断了")), leave(room, call, "waiting", t("退回等候")), { words: t("保存"), act: () => save(room, call) }],
    callback: [...(room.isOver ? [] : [to("ringing", t("开始回拨"))]), to("ended", t("已回拨，处理完")), { words: t("保存"), act: () => save(room, call) }, to("dropped", t("打不通")), to("refused", t("不接入"), true)],
    ended: [{ words: t("保存"), act: () => save(room, call) }],
    refused: [{ words: t("保存"), act: () => save(room, call) }],
    dropped: room.isOver ? [to("callback", t("待回拨"))] : [to("callback", t("待回拨")), to("ringing", t("又打来了"))],
  };
  return acts[call.state] || [];
}

const leave = (room, call, to, words) => ({ words, act: () => own(room, call, "end", { type: "call.end", call: call.id, version: call.version, to }, words) });

function Field({ room, call, draft, name, label, rows, more = {} }) {
  const theirs = call.version > draft.since && call[name] !== draft.base[name] && call[name] !== draft.values[name];
  const type = (event) => {
    draft.values[name] = event.target.value;
    room.render();
  };
  const own = { id: `f-${name}`, value: draft.values[name], onInput: type, autocomplete: "off", ...more };
  return html`<div class=${theirs ? "field wrong" : "field"}><label for=${`f-${name}`}>${label}</label>
    ${rows ? html`<textarea rows=${rows} ...${own}></textarea>` : html`<input ...${own} />`}
    ${theirs && html`<p class="err">${t("别人写的是：{words}", { words: call[name] || t("（空）") })}</p>`}</div>`;
}

function Number({ room, call, draft }) {
  const shown = shownNumber(call, room.numbers.get(call.id));
  const ask = async () => {
    const told = await room.run("number", { type: "call.number", call: call.id }, t("号码已显示，记入审计"));
    if (told) room.numbers.set(call.id, told.number);
    room.render();
  };
  const type = (event) => {
    draft.values.number = event.target.value === "" && !call.tail ? null : event.target.value;
    room.render();
  };
  const editing = draft.values.number !== null || !call.tail;
  return html`<div class="field"><label for="f-number">${t("电话号码")} <span class="quiet">${t("节目结束后抹去，只留尾号")}</span></label>
    ${editing ? html`<input id="f-number" inputmode="tel" maxlength="32" autocomplete="off" disabled=${OVER.includes(call.state)} value=${draft.values.number || ""} onInput=${type} />` : html`<p class="row"><b>${shown || t("尾号 {tail}", { tail: call.tail })}</b>
      ${call.has_number ? !shown && html`<button type="button" disabled=${room.busy.has("number")} onClick=${ask}>${t("显示号码")}</button>` : html`<span class="quiet xs">${t("已抹去")}</span>`}
      ${!OVER.includes(call.state) && !call.asked && html`<button type="button" class="plain" onClick=${() => { draft.values.number = shown || ""; room.render(); }}>${t("改号码")}</button>`}</p>`}</div>`;
}

function Notice({ room, call, draft }) {
  if (!call.notice_at && OVER.includes(call.state)) return null;
  if (call.notice_at) return html`<p class="ok">${t("{time} 已告知录音和播出", { time: clock(call.notice_at) })}</p>`;
  const tick = (event) => {
    draft.values.notice = event.target.checked;
    room.render();
  };
  return html`<div class="note warn"><p>${t("请对他说：“您的电话会录音，并可能在节目里直播。请不要说出别人的姓名和住址。您同意吗？”")}</p>
    <p><label class="tick"><input type="checkbox" id="f-notice" checked=${draft.values.notice} disabled=${OVER.includes(call.state)} onChange=${tick} /> ${t("已经告知，对方同意")}</label></p></div>`;
}

function Facts({ room, call }) {
  const now = room.lane.now();
  return html`<p class="row xs quiet"><span>${t("{time} 来电", { time: clock(call.at) })}</span>
    ${call.on_air_at && html`<span>${call.state === "on_air" ? t("已通话 {span}", { span: span(now - Date.parse(call.on_air_at)) }) : t("{time} 接进直播", { time: clock(call.on_air_at) })}</span>`}
    ${call.ended_at && html`<span>${t("{time} 结束", { time: clock(call.ended_at) })}</span>`}
    ${call.screener && html`<span>${t("经手 {name}", { name: call.screener })}</span>`}
    ${call.earlier > 0 && html`<span>${t("这个号码以前打过 {n} 次", { n: call.earlier })}</span>`}</p>`;
}

function Referral({ room, call }) {
  const keep = (event) => {
    event.preventDefault();
    room.run("refer", { type: "call.refer", call: call.id, referral: event.target.elements.referral.value.trim() }, t("转办编号"));
  };
  return html`<form class="inline" onSubmit=${keep}><div class="field"><label for="referral">${t("转 12345 的工单编号")}</label><input id="referral" name="referral" maxlength="40" autocomplete="off" defaultValue=${call.referral} key=${call.referral} /></div>
    <button disabled=${room.busy.has("refer")}>${t("记下编号")}</button></form>`;
}

/** The whole of one call. */
export function CallForm({ room, call }) {
  const draft = draftOf(room, call);
  const places = [...new Set(room.calls.map((each) => each.district).filter(Boolean))];
  const busy = room.busy.size > 0;
  const [main, ...others] = actsOf(room, call);
  const submit = (event) => {
    event.preventDefault();
    if (main && !busy) main.act();
  };
  return html`<section aria-labelledby="call-h">
    <p class="back"><button type="button" class="plain" onClick=${() => room.choose(null)}>${t("返回列表")}</button></p>
    <h2 id="call-h"><span class=${`tag ${callClass(call.state)}`}>${callState(call.state)}</span> ${t("来电 {n} 号", { n: call.id })} ${call.asked && html`<span class="tag">${t("页面登记")}</span>`}</h2>
    <${Facts} room=${room} call=${call} />
    ${call.blocked && html`<p class="note bad">${t("这个号码在不接入名单里：{reason}", { reason: call.blocked })}</p>`}
    <form class="form" onSubmit=${submit}>
      <div class="grid2"><${Field} room=${room} call=${call} draft=${draft} name="name" label=${t("怎么称呼")} more=${{ maxlength: 40 }} />
      <${Field} room=${room} call=${call} draft=${draft} name="district" label=${t("哪个区")} more=${{ maxlength: 40, list: "places" }} /></div>
      <datalist id="places">${places.map((each) => html`<option key=${each} value=${each}></option>`)}</datalist>
      <${Field} room=${room} call=${call} draft=${draft} name="topic" label=${html`${t("说什么")} <span class="quiet">${t("主持人念的就是这一句；回看里是这一段的标题")}</span>`} rows="2" more=${{ maxlength: 200 }} />
      <${Field} room=${room} call=${call} draft=${draft} name="note" label=${html`${t("给主持人的提醒")} <span class="quiet">${t("不公开")}</span>`} more=${{ maxlength: 300 }} />
      <div class="grid2"><${Number} room=${room} call=${call} draft=${draft} /><${Field} room=${room} call=${call} draft=${draft} name="line" label=${t("几号线")} more=${{ maxlength: 24 }} /></div>
      <p><label class="tick"><input type="checkbox" checked=${draft.values.priority} disabled=${OVER.includes(call.state)} onChange=${(event) => { draft.values.priority = event.target.checked; room.render(); }} /> ${t("优先接入")}</label></p>
      <${Notice} room=${room} call=${call} draft=${draft} />
      ${main && html`<div class="acts"><button class="main" disabled=${busy}>${main.words}</button>${others.map((each) => html`<button type="button" key=${each.words} class=${each.danger ? "risk" : ""} disabled=${busy} onClick=${each.act}>${each.words}</button>`)}</div>`}
    </form>
    <${Referral} room=${room} call=${call} />
  </section>`;
}
