/* The file of peaks, read once, and the highest and lowest of a stretch of it; it draws nothing. */

/** Peaks as {rate, seconds, loudest, zooms: [{samples, pairs, data}]}, the finest first; null for what is none. */
export function read(buffer) {
  try {
    const bytes = new Uint8Array(buffer);
    const end = bytes.indexOf(10);
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
    let at = end + 1;
    for (const zoom of head.zooms) {
      zoom.data = new Int8Array(buffer, at, zoom.pairs * 2);
      at += zoom.pairs * 2;
    }
    head.seconds = (head.zooms[0].pairs * head.zooms[0].samples) / head.rate;
    // Of quiet speech the waveform is drawn larger, of silence not.
    head.loudest = head.zooms[head.zooms.length - 1].data.reduce((most, each) => Math.max(most, Math.abs(each)), 16);
    return head;
  } catch {
    return null;
  }
}

/** The same of an address; null where there is none. */
export async function load(address) {
  try {
    const answer = await fetch(address, { credentials: "same-origin" });
    return answer.ok ? read(await answer.arrayBuffer()) : null;
  } catch {
    return null;
  }
}

/** The coarsest zoom that still has a pair for each column of so many seconds. */
export function zoomFor(peaks, perColumn) {
  let found = peaks.zooms[0];
  for (const zoom of peaks.zooms) if (zoom.samples / peaks.rate <= perColumn) found = zoom;
  return found;
}

/** [lowest, highest], -128 to 127, from one second to another. */
export function between(peaks, zoom, from, until) {
  const step = zoom.samples / peaks.rate;
  const first = Math.max(0, Math.floor(from / step));
  const last = Math.min(zoom.pairs, Math.max(first + 1, Math.floor(until / step)));
  let low = 0;
  let high = 0;
  for (let at = first; at < last; at += 1) {
    low = Math.min(low, zoom.data[2 * at]);
    high = Math.max(high, zoom.data[2 * at + 1]);
  }
  return [low, high];
}
