/* The region of a blur: drawn on the picture, kept in the form's four fields; and blurs shown over the picture as they play. */

import { checked, region } from "./edit-plan.js";

/** Where the picture lies in its screen, in CSS pixels: a video leaves bars beside a picture of another shape. */
export function pictureBox(video) {
  const [width, height] = [video.clientWidth, video.clientHeight];
  const [wide, high] = [video.videoWidth || width, video.videoHeight || height];
  const scale = Math.min(width / wide, height / high) || 1;
  return { left: (width - wide * scale) / 2, top: (height - high * scale) / 2, width: wide * scale, height: high * scale };
}

/** Lays an element over a region of the picture. The policy forbids styles in markup, not this. */
function lay(element, box, [left, top, width, height]) {
  element.style.left = `${box.left + (left / 100) * box.width}px`;
  element.style.top = `${box.top + (top / 100) * box.height}px`;
  element.style.width = `${(width / 100) * box.width}px`;
  element.style.height = `${(height / 100) * box.height}px`;
}

/** Blurs over the picture; called with the regions that are covered now. */
export function coverer(place, video) {
  let last = "";
  return (regions) => {
    const box = pictureBox(video);
    const words = JSON.stringify([regions, box]);
    if (words === last) return;
    last = words;
    place.replaceChildren(
      ...regions.map((each) => {
        const cover = document.createElement("div");
        cover.className = "cover-blur";
        lay(cover, box, each);
        return cover;
      }),
    );
  };
}

/** The drawing surface, there while a blur is marked; `fields` are the four inputs; `told` is called when they change. */
export function drawer(surface, video, fields, told) {
  const frame = surface.appendChild(document.createElement("div"));
  frame.className = "region-frame";
  let from = null;
  const typed = () => (fields.every((each) => each.value.trim() !== "") ? checked(fields.map((each) => Number(each.value))) : null);

  function show() {
    const now = typed();
    frame.hidden = !now;
    if (now) lay(frame, pictureBox(video), now);
  }
  function share(event) {
    const box = pictureBox(video);
    const place = surface.getBoundingClientRect();
    return { x: (event.clientX - place.left - box.left) / box.width, y: (event.clientY - place.top - box.top) / box.height };
  }
  function drawn(event) {
    const found = region(from, share(event));
    if (!found) return;
    fields.forEach((each, number) => {
      each.value = String(found[number]);
    });
    show();
    told();
  }
  surface.addEventListener("pointerdown", (event) => {
    surface.setPointerCapture(event.pointerId);
    from = share(event);
    event.preventDefault();
  });
  surface.addEventListener("pointermove", (event) => from && drawn(event));
  for (const name of ["pointerup", "pointercancel"]) {
    surface.addEventListener(name, () => {
      from = null;
    });
  }
  for (const each of fields) {
    each.addEventListener("input", () => {
      show();
      told();
    });
  }
  addEventListener("resize", show);
  video.addEventListener("loadedmetadata", show);
  return { show, typed };
}
