// Who holds, who waits, who uses, what is queued and what runs.

const STATES = { held: ["held", "dim"], lasting: ["kept loaded", "dim"], yield: ["asked to yield", "warn"] };
const RUNNING = { running: "good", paused: "warn" };

/** All lists; `tell(sections, now)` takes those that changed, `tick(now)` brings the ages up to date. */
function lists() {
  const leases = list("Leases", "No lease is held.", ["what for", "holds", ">for", "state"], leaseRow);
  const waiting = list("Waiting", "Nobody waits.", ["what for", "wants", ">since"], waitingRow);
  const processes = list("Processes", "Nobody of ours, and nobody on a GPU.", ["name", "whose", ">memory", ">GPU memory"], processRow);
  const queues = list("Queues", "", ["queue", ">waiting", ">delayed", ">under way", ">parked"], queueRow);
  const runs = list("Runs", "No run is open.", ["what", "kind", "state", ">since"], runRow);
  const all = { leases, waiting, processes, queues, runs };
  const left = make("div", {}, leases.element, waiting.element, runs.element);
  const right = make("div", {}, processes.element, queues.element);
  const element = make("div", { class: "lists" }, left, right);
  const tell = (sections) => {
    Object.entries(all).forEach(([name, each]) => name in sections && each.tell(sections[name]));
    if ("leases" in sections) element.classList.toggle("unleased", sections.leases == null);
  };
  return {
    element,
    tell,
    tick: (now, root) => root.querySelectorAll("time[data-since]").forEach((time) => say(time, age(now - time.dataset.since))),
  };
}

/** One list with its title and how many there are; null hides it, and an empty one says so. */
function list(title, nothing, header, row) {
  const rows = table(title, header);
  const count = make("span", { class: "dim" });
  const empty = make("p", { class: "dim" }, nothing);
  const element = make("section", { class: "list", "aria-label": title }, make("h4", {}, title, " ", count), empty, rows.element);
  const tell = (items) => {
    show(element, items != null && (items.length > 0 || nothing !== ""));
    const found = items || [];
    say(count, found.length ? String(found.length) : "");
    show(empty, found.length === 0);
    show(rows.element, found.length > 0);
    rows.tell(found.map(row));
  };
  return { element, tell };
}

function since(at) {
  return make("time", { "data-since": at });
}

function chip(text, kind) {
  return make("span", { class: `chip ${kind}` }, text);
}

/** A text whose numbers stay with their units. */
function kept(text) {
  return text.replace(/GPU (?=\S)/g, "GPU\u00a0").replace(/(\d) (?=[MGT]iB|threads?)/g, "$1\u00a0");
}

/** What a lease is for, and below it who asked, and in which class. */
function purpose(item) {
  const by = [item.class, item.by].filter(Boolean).join(" · ");
  return make("div", {}, make("div", {}, item.for), make("div", { class: "dim small" }, by));
}

function leaseRow(item) {
  const [text, kind] = STATES[item.state];
  const waited = item.waited >= 1 ? make("div", { class: "dim small" }, `waited ${age(item.waited)}`) : "";
  return [purpose(item), kept(item.holds), make("div", {}, since(item.since), waited), chip(text, kind)];
}

function waitingRow(item) {
  const short = item.lacking ? make("div", { class: "warn small" }, kept(`short of ${item.lacking}`)) : "";
  return [purpose(item), make("div", {}, kept(item.holds), short), since(item.since)];
}

function processRow(item) {
  const name = make("span", {}, item.name || "?", " ", make("span", { class: "dim small" }, `pid\u00a0${item.pid}`));
  const own = Object.entries(item.vram).map(([id, used]) => make("div", {}, `GPU ${id}: ${amount(used, "bytes")}`));
  const memory = own.length ? make("div", {}, ...own) : make("span", { class: "dim" }, "–");
  return [name, chip(item.ours ? "Janus" : "other", item.ours ? "accent" : "dim"), amount(item.ram, "bytes"), memory];
}

function queueRow([name, ...numbers]) {
  return [name, ...numbers.map((number) => make("span", { class: number ? "" : "dim" }, number == null ? "–" : String(number)))];
}

function runRow(item) {
  const what = make("div", {}, make("div", {}, item.what || "–"), make("div", { class: "dim small" }, `run ${item.id}`));
  return [what, item.kind, chip(item.state, RUNNING[item.state] || "dim"), since(item.since)];
}
