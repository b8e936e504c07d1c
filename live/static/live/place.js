/* Where a picture is, in its own seconds and in the time of day; it reads the video element and its player and changes neither. */

/** Time of day of what is shown, in milliseconds; null when nothing says it. */
export function dateOf(hls, native, video) {
  if (hls && hls.playingDate) return hls.playingDate.getTime();
  if (native && video.getStartDate) {
    const start = video.getStartDate().getTime();
    return Number.isNaN(start) ? null : start + video.currentTime * 1000;
  }
  return null;
}

/** First and last second that a browser which plays by itself can go to: {start, edge}; empty while it knows none. */
export function rangeOf(video, live) {
  const { seekable } = video;
  if (!seekable.length) return {};
  const end = seekable.end(seekable.length - 1);
  return { start: seekable.start(0), edge: live ? end : video.duration || end };
}
