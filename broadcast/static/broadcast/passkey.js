/* Makes a passkey, or signs with one, for the boxes marked data-passkey; without it, or without WebAuthn, the codes remain. */

import { ready, t } from "./i18n.js";

const bytes = (text) => {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=");
  return Uint8Array.from(atob(padded), (each) => each.charCodeAt(0));
};
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function send(box, address, body) {
  const answer = await fetch(address, {
    method: "POST",
    credentials: "same-origin",
    headers: {
      "Content-Type": "application/json",
      "Accept": "application/json",
      "X-CSRFToken": box.querySelector("[name=csrfmiddlewaretoken]").value,
    },
    body: JSON.stringify(body),
  });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.message || t("没有办成，请再试一次。"));
  return told;
}

const named = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

async function make(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: named(options.excludeCredentials),
    },
  });
  const { attestationObject, clientDataJSON } = made.response;
  return packed(made, { attestationObject: text(attestationObject), clientDataJSON: text(clientDataJSON) });
}

async function sign(options) {
  const signed = await navigator.credentials.get({
    publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials) },
  });
  const { authenticatorData, clientDataJSON, signature, userHandle } = signed.response;
  return packed(signed, {
    authenticatorData: text(authenticatorData),
    clientDataJSON: text(clientDataJSON),
    signature: text(signature),
    userHandle: userHandle ? text(userHandle) : null,
  });
}

const packed = (credential, response) => ({
  id: credential.id,
  rawId: text(credential.rawId),
  type: credential.type,
  response,
  clientExtensionResults: credential.getClientExtensionResults(),
});

async function run(box) {
  const { options } = await send(box, box.dataset.question, {});
  const answer = box.dataset.passkey === "make" ? await make(options) : await sign(options);
  const name = box.querySelector("input:not([type=hidden])");
  const told = await send(box, box.dataset.answer, { answer, name: name ? name.value : "", next: box.dataset.next || "" });
  location.assign(told.where);
}

function told(box, error) {
  const place = box.querySelector("[role=alert]");
  const gaveUp = error.name === "NotAllowedError" || error.name === "AbortError";
  place.textContent = gaveUp ? t("没有完成，请再试一次。") : error.name === "InvalidStateError" ? t("这个设备已经添加过了。") : error.message;
  place.hidden = false;
}

async function start() {
  await ready();
  if (!window.PublicKeyCredential || !navigator.credentials) return;
  for (const box of document.querySelectorAll("[data-passkey]")) {
    const button = box.querySelector("button");
    box.hidden = false;
    button.addEventListener("click", () => {
      button.disabled = true;
      box.querySelector("[role=alert]").hidden = true;
      run(box)
        .catch((error) => told(box, error))
        .finally(() => { button.disabled = false; });
    });
  }
}

start();
