/* Shares a clip's address by the phone's own sheet, or copies it. */

import { ready, t } from "../broadcast/i18n.js";

const button = document.getElementById("share");
const told = document.getElementById("told");

async function share() {
  const { title, address } = button.dataset;
  if (navigator.share) {
    try {
      await navigator.share({ title, url: address });
    } catch {
      // Put away again: nothing to say.
    }
    return;
  }
  try {
    await navigator.clipboard.writeText(address);
    told.textContent = t("地址已复制。");
  } catch {
    told.textContent = t("没有复制成功，请自己复制：{address}", { address });
  }
}

async function start() {
  await ready();
  button.hidden = false;
  button.addEventListener("click", share);
}

if (button) start();
