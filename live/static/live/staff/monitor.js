/* The monitor: what the public gets, delayed as they get it, muted; it starts again by itself while there is a playlist. */

import Hls from "hls.js";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../broadcast/i18n.js";
import { html } from "./room-parts.js";

const AGAIN_MS = 3000;

function play(video, url, live) {
  let hls = null;
  let timer = 0;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(begin, AGAIN_MS);
  };
  function begin() {
    if (hls) hls.destroy();
    if (!Hls.isSupported()) {
      video.src = url;
      if (live) video.play().catch(() => {});
      return;
    }
    hls = new Hls({ enableWorker: false, liveSyncDurationCount: 2, maxBufferLength: 20, backBufferLength: 10 });
    if (live) hls.on(Hls.Events.MANIFEST_PARSED, () => video.play().catch(() => {}));
    hls.on(Hls.Events.ERROR, (_event, data) => data.fatal && again());
    hls.loadSource(url);
    hls.attachMedia(video);
  }
  begin();
  return () => {
    clearTimeout(timer);
    if (hls) hls.destroy();
    video.removeAttribute("src");
    video.load();
  };
}

/** What stands in the frame while there is no picture. */
function words(room, media) {
  if (room.feed?.cut?.state === "active") return t("已切断，公众看到垫片");
  // The line is held because nobody knows of cuts: not the feed's fault, and not what a lost signal asks of the producer.
  if (room.feed?.problem === "line_frozen") return t("公众画面停住了，不知有无切断");
  const state = media?.state || "none";
  return {
    none: room.state === "planned" ? t("信号还没有打开") : t("没有画面"),
    waiting: t("等待画面，公众 {n} 秒后看到", { n: room.page.delay_seconds }),
    live: "",
    lost: t("信号中断，公众页面已说明"),
    cut: t("公众看到垫片"),
    ended: t("节目已结束"),
  }[state];
}

export function Monitor({ room }) {
  const media = room.lane.object("media");
  const replay = room.state === "ended" ? room.feed?.replay : null;
  const url = replay || media?.playlist || "";
  const place = useRef(null);
  useEffect(() => (url && place.current ? play(place.current, url, !replay) : undefined), [url]);
  const said = replay ? "" : words(room, media);
  const on = room.state === "on_air" && media?.state === "live";
  const title = replay ? html`<span><b>${t("回看")}</b></span>` : html`<span><b>${t("播出")}</b> ${t("公众看到的，晚 {n} 秒", { n: room.page.delay_seconds })}</span><span>${t("静音")}</span>`;
  return html`<figure class="screen">
    <figcaption>${title}</figcaption>
    <div class=${on ? "frame onair" : "frame"}>
      <video ref=${place} muted=${!replay} controls=${Boolean(replay)} playsinline disablepictureinpicture aria-label=${replay ? t("回看") : t("公众看到的画面，静音")} hidden=${!url}></video>
      ${said && html`<p class="over">${said}</p>`}
    </div>
  </figure>`;
}
