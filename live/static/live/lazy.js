/* Modules that come when they are wanted, asked for until they are there; it knows no module and draws nothing. */

const FIRST_MS = 1_000;
const LONGEST_MS = 8_000;

let addresses = {};
const coming = {};
const tries = {};

/** Where the modules are, by name: what the page says, since a script knows no hashed address but that of its own imports. */
export function modulesAt(found) {
  addresses = found || {};
}

/**
 * The module `name`; rejects if it does not come this time. `load` imports it plainly, for the first time. A browser keeps the
 * failure of an address for as long as the page is open: from the second time on the address is another one.
 */
export function ask(name, load) {
  if (coming[name]) return coming[name];
  const again = tries[name] || 0;
  tries[name] = again + 1;
  const asked = again && addresses[name] ? import(`${addresses[name]}?again=${again}`) : load();
  coming[name] = asked.catch((error) => {
    delete coming[name];
    throw error;
  });
  return coming[name];
}

/** The module `name`, asked for with growing pauses for as long as the net is away. */
export async function keepAsking(name, load) {
  for (let pause = FIRST_MS; ; pause = Math.min(LONGEST_MS, pause * 2)) {
    try {
      return await ask(name, load);
    } catch {
      await new Promise((done) => setTimeout(done, pause));
    }
  }
}
