/* The sheet that asks for consent and a verified phone when an act needs them; what was typed waits in the outbox meanwhile. */

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { html } from "./view.js";

const AGAIN_SECONDS = 60;

async function post(url, token, fields) {
  let answer;
  try {
    answer = await fetch(url, {
      method: "POST",
      credentials: "same-origin",
      headers: { Accept: "application/json", "X-CSRFToken": token },
      body: new URLSearchParams(fields),
    });
  } catch {
    return { ok: false, data: { message: t("没有连上服务器，请检查网络后再试。") } };
  }
  let data = {};
  try {
    data = await answer.json();
  } catch {
    data = { message: answer.ok ? "" : t("服务器没有答复，请稍后再试。") };
  }
  return { ok: answer.ok && data.type !== "error", data };
}

/** Asks for consent, and with `phone` for a verified number. Resolves true when it is there, false when put away. */
export function askIdentity({ phone, urls, documents, token }) {
  const place = document.getElementById("sheet");
  const before = document.activeElement;
  return new Promise((resolve) => {
    const close = (done) => {
      render(null, place);
      document.body.classList.remove("sheeted");
      if (before && before.focus) before.focus();
      resolve(done);
    };
    document.body.classList.add("sheeted");
    render(html`<${Sheet} phone=${phone} urls=${urls} documents=${documents} token=${token} close=${close} />`, place);
  });
}

function Sheet({ phone, urls, documents, token, close }) {
  const box = useRef(null);
  const [agreed, setAgreed] = useState(false);
  const [number, setNumber] = useState("");
  const [code, setCode] = useState("");
  const [shown, setShown] = useState("");
  const [binds, setBinds] = useState(false);
  const [bind, setBind] = useState(false);
  const [sentAt, setSentAt] = useState(0);
  const [waiting, setWaiting] = useState(AGAIN_SECONDS);
  const [now, setNow] = useState(Date.now());
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    box.current.querySelector("input").focus();
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);

  const call = async (url, fields) => {
    setBusy(true);
    setError("");
    const { ok, data } = await post(url, token(), fields);
    setBusy(false);
    if (!ok) setError(data.message || t("没有办成，请再试一次。"));
    return ok ? data : null;
  };
  const consent = () => call(urls.consent, { ...documents, age: "over" });
  const send = async () => {
    if (!agreed) {
      setError(t("请先勾选同意，再获取验证码。"));
      return;
    }
    if (!(await consent())) return;
    const data = await call(urls.phone, { phone: number.replace(/\s/g, "") });
    if (!data) return;
    setSentAt(Date.now());
    setWaiting(Number(data.again_seconds) || AGAIN_SECONDS);
    setShown(String(data.code || ""));
    setBinds(data.binds === true);
    box.current.querySelector("[name=code]").focus();
  };
  const finish = async (event) => {
    event.preventDefault();
    if (!agreed) {
      setError(t("请先勾选同意。"));
      return;
    }
    if (!phone) {
      if (await consent()) close(true);
      return;
    }
    if (!sentAt) {
      send();
      return;
    }
    const said = { phone: number.replace(/\s/g, ""), code: code.trim() };
    if (await call(urls.code, binds && bind ? { ...said, bind: "1" } : said)) close(true);
  };
  const keys = (event) => {
    if (event.key === "Escape") close(false);
    if (event.key === "Tab") trap(event, box.current);
    event.stopPropagation();
  };
  const wait = sentAt ? Math.max(0, Math.ceil(waiting - (now - sentAt) / 1000)) : 0;
  return html`<div class="sheetback" onClick=${(event) => event.target === event.currentTarget && close(false)}>
    <form class="sheetbox" role="dialog" aria-modal="true" aria-labelledby="sheet-title" ref=${box} onKeyDown=${keys} onSubmit=${finish} novalidate>
      <h2 id="sheet-title">${phone ? t("验证手机号后提交") : t("同意后提交")}</h2>
      <p class="meta">${t("您写的或选的都已留着，办好后自动提交。")}</p>
      <label class="check"><input type="checkbox" checked=${agreed} onChange=${(event) => setAgreed(event.target.checked)} /><span>${t("我已阅读并同意")} <a href=${urls.privacy} target="_blank" rel="noopener">${t("个人信息处理说明")}</a> ${t("和")} <a href=${urls.agreement} target="_blank" rel="noopener">${t("用户协议")}</a>${t("，并且已满 14 周岁")}</span></label>
      <p class="note"><a href=${urls.guardian}>${t("未满 14 周岁？")}</a></p>
      ${phone && html`
        <label>${t("手机号")}<input class="field" name="phone" type="tel" inputmode="tel" autocomplete="tel" maxlength="20" value=${number} onInput=${(event) => setNumber(event.target.value)} /></label>
        <div class="codeline">
          <label>${t("验证码")}<input class="field" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="8" value=${code} onInput=${(event) => setCode(event.target.value)} /></label>
          <button type="button" class="button" disabled=${busy || wait > 0} onClick=${send}>${wait ? t("{n} 秒后可重发", { n: wait }) : sentAt ? t("重发") : t("获取验证码")}</button>
        </div>
        ${binds && html`<label class="check"><input type="checkbox" name="bind" checked=${bind} onChange=${(event) => setBind(event.target.checked)} /><span>${t("号码会绑定到刚才登录的账号，以前的发言和投票都在一起。")}</span></label>`}
        ${shown && html`<p class="shown" role="status">${t("演示：验证码是 {code}", { code: shown })}</p>`}`}
      ${error && html`<p class="error" role="alert">${error}</p>`}
      <button class="button main wide" disabled=${busy}>${phone ? t("验证并提交") : t("同意并提交")}</button>
      <button type="button" class="button wide" onClick=${() => close(false)}>${t("先不提交，内容留着")}</button>
    </form>
  </div>`;
}

/** Keeps the focus inside the sheet. */
export function trap(event, box) {
  const stops = [...box.querySelectorAll("input, textarea, button:not([disabled]), a[href]")];
  const first = stops[0];
  const last = stops[stops.length - 1];
  if (event.shiftKey && document.activeElement === first) {
    event.preventDefault();
    last.focus();
  } else if (!event.shiftKey && document.activeElement === last) {
    event.preventDefault();
    first.focus();
  }
}
