/* Words of the page in the reader's language: the Chinese text is the key, other languages are fetched once; it must not touch the page. */

let catalog = {};
export const language = document.documentElement.lang || "zh-Hans";
export const isChinese = language.toLowerCase().startsWith("zh");

/** Resolves when t() knows the reader's language; at once in Chinese. Never rejects: without the catalogue the page stays Chinese. */
export async function ready() {
  if (isChinese) return;
  try {
    const answer = await fetch(`/i18n.json?language=${encodeURIComponent(language)}`, { credentials: "same-origin" });
    if (answer.ok) catalog = (await answer.json()).catalog || {};
  } catch (error) {
    console.warn("i18n: catalogue not available", error);
  }
}

/** A text that other languages say in several ways, by what it is about; `context` is not shown. */
export function tc(context, text) {
  const found = catalog[`${context}\u0004${text}`];
  return typeof found === "string" && found ? found : text;
}

/** The text in the reader's language, with {name} replaced by values.name. */
export function t(text, values = {}) {
  const found = catalog[text];
  const words = typeof found === "string" && found ? found : text;
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
