/* The side of the run-down: the line that is being changed, what was refused, what others changed; it draws and asks the model. */

import { t } from "../../broadcast/i18n.js";
import { clock } from "./rundown-words.js";
import { html } from "./rundown-view.js";

function Field({ run, name, label, help = "", ...more }) {
  const { draft } = run;
  const wrong = draft.wrong[name];
  const typed = (event) => {
    draft[name] = event.target.value;
    delete draft.wrong[name];
    run.render();
  };
  const told = [help && `help-${name}`, wrong && `err-${name}`].filter(Boolean).join(" ");
  const input = more.options
    ? html`<select id=${`f-${name}`} onChange=${typed}>${more.options.map(([value, words]) => html`<option key=${value} value=${value} selected=${draft[name] === value}>${words}</option>`)}</select>`
    : html`<input id=${`f-${name}`} value=${draft[name]} onInput=${typed} autocomplete="off" aria-invalid=${wrong ? "true" : null} aria-describedby=${told || null} ...${more} />`;
  return html`<div class=${`field${wrong ? " wrong" : ""}`}><label for=${`f-${name}`}>${label}</label>${input}
    ${help && html`<p class="help" id=${`help-${name}`}>${help}</p>`}${wrong && html`<p class="err" id=${`err-${name}`}>${wrong}</p>`}</div>`;
}

function Form({ run }) {
  const { draft, page } = run;
  const place = run.lines.findIndex((line) => line.id === draft.id);
  const line = run.lines[place];
  const roles = [["", t("不分类")], ...page.roles.map((role) => [role.code, `${role.mark} ${role.name}`])];
  const starts = [["follow", t("接着上一节")], ["soft", t("软起点：尽量到点")], ["hard", t("硬起点：到点就开始")], ["float", t("浮动：长短可让")]];
  const submit = (event) => {
    event.preventDefault();
    run.save();
  };
  return html`<form class="form" onSubmit=${submit} aria-labelledby="h-edit" onKeyDown=${(event) => event.key === "Escape" && !event.isComposing && run.close()}>
    <h2 id="h-edit">${draft.id === null ? t("加一行") : t("改这一行")}</h2>
    <${Field} run=${run} name="title" label=${t("内容")} maxlength="80" />
    <div class="grid2"><${Field} run=${run} name="role" label=${t("类别")} options=${roles} /><${Field} run=${run} name="seconds" label=${t("时长")} placeholder="05:00" inputmode="text" help=${t("分:秒")} /></div>
    <${Field} run=${run} name="start" label=${t("怎样开始")} options=${starts} />
    ${(draft.start === "soft" || draft.start === "hard") && html`<div class="grid2"><${Field} run=${run} name="offset" label=${t("几点开始")} placeholder=${clock(run.start)} help=${t("时:分:秒，北京时间")} />
      ${draft.start === "hard" && html`<${Field} run=${run} name="wait" label=${t("可等几秒")} placeholder="0" inputmode="numeric" help=${t("过了就截断前面的")} />`}</div>`}
    ${draft.start === "float" && html`<div class="grid2"><${Field} run=${run} name="least" label=${t("最短")} placeholder="00:00" help=${t("空着：可以不播")} /><${Field} run=${run} name="most" label=${t("最长")} help=${t("空着：就是时长")} /></div>`}
    <${Field} run=${run} name="note" label=${t("备注")} maxlength="200" />
    <div class="keep"><${Told} run=${run} /><p class="row"><button type="submit" class="strong" disabled=${run.busy}>${t("保存")}</button> <button type="button" onClick=${() => run.close()}>${t("不改了")}</button></p></div>
    ${line && html`<p class="row">
      <button type="button" disabled=${run.busy || place === 0} onClick=${() => run.move(line.id, place - 1)}>${t("上移")}</button>
      <button type="button" disabled=${run.busy || place === run.lines.length - 1} onClick=${() => run.move(line.id, place + 1)}>${t("下移")}</button>
      <button type="button" onClick=${() => run.edit(null, line.id)}>${t("在后面加一行")}</button></p>
    ${run.asking === line.id
      ? html`<p class="note bad spread"><span>${t("删去“{title}”？删了可以撤销。", { title: line.title })}</span><span class="row"><button type="button" class="risk" onClick=${() => run.remove(line.id)}>${t("删去")}</button> <button type="button" onClick=${() => run.wonder(null)}>${t("不删")}</button></span></p>`
      : html`<p><button type="button" class="risk" onClick=${() => run.wonder(line.id)}>${t("删去这一行…")}</button></p>`}`}
  </form>`;
}

const MOST_WORDS = 4;

/** Who changed what, newest first. */
function Changes({ changes }) {
  return html`<ul class="changes">${changes.map((each) => html`<li key=${each.version}><p class="xs quiet">${clock(Date.parse(each.at))} ${each.who}</p>${each.words.slice(0, MOST_WORDS).map((words) => html`<p key=${words}>${words}</p>`)}${each.words.length > MOST_WORDS && html`<p class="quiet">${t("还有 {n} 处", { n: each.words.length - MOST_WORDS })}</p>`}</li>`)}</ul>`;
}

function Keys() {
  const rows = [["→", t("下一环节")], ["↑ ↓", t("换行")], ["Enter", t("改这一行")], ["Alt ↑ ↓", t("移动这一行")], ["n", t("在后面加一行")]];
  return html`<details class="keymap"><summary>${t("键盘")}</summary><dl class="facts xs">${rows.map(([keys, words]) => html`<dt key=${keys}>${keys.split(" ").map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${words}</dd>`)}</dl></details>`;
}

export function Side({ run }) {
  const { changed } = run.state;
  return html`<aside aria-label=${t("修改和记录")}>
    ${run.draft && html`<${Form} run=${run} />`}
    ${!run.draft && html`${run.mayChange && html`<p class="quiet xs">${t("点“改”或双击一行来改，拖动一行来换位置。")}</p>`}
      ${run.closed && html`<p class="quiet xs">${t("这一场已经结束，串联单不能再改。")}</p>`}
      <section aria-labelledby="h-log"><h2 id="h-log">${t("最近的改动")}</h2>${changed.length ? html`<${Changes} changes=${changed} />` : html`<p class="quiet xs">${t("还没有改过。")}</p>`}</section>
      ${run.mayChange && html`<${Keys} />`}`}
  </aside>`;
}

/** What was refused and why; what somebody else was first with; what was done last. Beside the buttons while a line is changed. */
export function Told({ run }) {
  const { link, page, notice, stale, said } = run;
  const login = `${page.urls.login}?next=${encodeURIComponent(location.pathname)}`;
  return html`<div class="say" role="status">
    ${link === "lost" && html`<p class="note warn xs">${t("连接断了，正在重连。钟照走，环节可能不是最新。")}</p>`}
    ${link === "refused" && html`<p class="note warn xs"><a href=${login}>${t("登录已失效或没有权限。请重新登录后打开这一页。")}</a></p>`}
    ${notice && html`<p class="note bad spread"><span>${notice.words}</span><button type="button" onClick=${() => run.clear()}>${t("知道了")}</button></p>`}
    ${stale && html`<div class="note warn"><p><b>${t("串联单刚被别人改过，您的改动还没有记下。")}</b></p><${Changes} changes=${stale.changes} />
      <p class="row"><button type="button" class="strong" onClick=${() => run.again()}>${t("在新的上面再做一次")}</button> <button type="button" onClick=${() => run.clear()}>${t("不做了")}</button></p></div>`}
    ${said && !stale && !notice && html`<p class="xs quiet row">${said.words}${run.mayUndo && html` <button type="button" class="plain" disabled=${run.busy} onClick=${() => run.undo()}>${t("撤销")}</button>`}</p>`}
  </div>`;
}
