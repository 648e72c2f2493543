// The live board: it says that somebody looks, takes what comes, and draws it.

const LOOKING_SECONDS = 12;
const QUIET_SECONDS = 6;
const MARKS = { open: ["●", "good"], closed: ["▲", "bad"], partly: ["▲", "warn"], none: ["○", "dim"] };

export default function () {
  // A front end calls `initialize` once a model and `render` once a view: what they share lives here.
  const browser = Math.random().toString(36).slice(2);
  const views = new Set();
  const known = { sections: {}, points: [], tick: null, heardAt: 0 };

  function take(message) {
    Object.assign(known.sections, message.sections || {});
    if (message.history) known.points = message.history;
    if (message.tick) {
      known.tick = message.tick;
      known.heardAt = performance.now();
      remember(known);
    }
    views.forEach((view) => view.draw(message.sections || {}));
  }

  function initialize({ model }) {
    take(model.get("opening") || {});
    const receive = (message) => {
      if (message.kind === "board" && !model.get("paused")) take(message);
    };
    model.on("msg:custom", receive);
    const look = (fresh) => views.size && !document.hidden && model.send({ kind: "look", browser, fresh });
    const away = () => model.send({ kind: "away", browser });
    const turned = () => (document.hidden ? away() : look(true));
    const timer = setInterval(() => look(false), LOOKING_SECONDS * 1000);
    document.addEventListener("visibilitychange", turned);
    known.looked = () => look(true);
    known.left = () => views.size || away();
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", turned);
      model.off("msg:custom", receive);
    };
  }

  function render({ model, el }) {
    const view = boardView(model, known);
    el.classList.add("janus-live", "janus-board");
    el.append(view.element);
    views.add(view);
    view.draw(known.sections);
    const quiet = setInterval(view.quiet, 1000);
    const settled = () => view.quiet();
    model.on("change:paused change:over", settled);
    known.looked();
    return () => {
      clearInterval(quiet);
      model.off("change:paused change:over", settled);
      views.delete(view);
      known.left();
    };
  }

  return { initialize, render };
}

/** The newest numbers join the curves. */
function remember(known) {
  const totals = Object.fromEntries((known.sections.gauges || []).map((each) => [each.resource, each.total]));
  const share = {};
  for (const [resource, use] of Object.entries(known.tick.use)) {
    const load = use[4] == null ? [] : [use[4] * 10];
    share[resource] = [totals[resource] ? (use[0] / totals[resource]) * 1000 : 0, ...load];
  }
  const { at } = known.tick;
  if (!known.points.length || known.points[known.points.length - 1].at < at) known.points.push({ at, share });
  while (known.points.length && known.points[0].at < at - WINDOW_SECONDS - GAP_SECONDS) known.points.shift();
}

function boardView(model, known) {
  const name = make("h3");
  const state = make("span", { class: "chip" });
  const note = make("p", { class: "note dim" });
  const tiles = make("div", { class: "gauges" });
  const told = lists();
  const foot = make("footer", { class: "dim small" });
  const head = make("header", {}, name, make("span", { role: "status" }, state));
  const element = make("div", { role: "region", "aria-label": "Janus monitor" }, head, note, tiles, told.element, foot);
  let gauges = {};

  function build(specs) {
    const { note } = known.sections.head;
    gauges = Object.fromEntries(specs.map((spec) => [spec.resource, gauge(spec, note)]));
    tiles.replaceChildren(...Object.values(gauges).map((each) => each.element));
  }

  function announce(header) {
    const [sign, kind] = MARKS[header.state];
    say(name, header.machine);
    say(state, `${sign} ${header.condition}`);
    state.className = `chip ${kind}`;
    say(note, header.note);
    show(note, header.note !== "");
    mark(element, "aria-label", `Janus monitor of ${header.machine}`);
  }

  function draw(changed) {
    if (changed.head) announce(changed.head);
    if (changed.gauges) build(changed.gauges);
    told.tell(changed);
    if (!known.tick) return;
    const { use, heat, at, now } = known.tick;
    for (const [resource, each] of Object.entries(gauges)) {
      const points = known.points.map((point) => [point.at, ...(point.share[resource] || [])]);
      if (use[resource]) each.tell(use[resource], (heat || {})[resource], points, at);
    }
    told.tick(now, element);
    quiet();
  }

  function quiet() {
    if (!known.tick) return;
    const silence = (performance.now() - known.heardAt) / 1000;
    const still = model.get("over") || (model.get("paused") ? "paused" : "");
    const stale = !still && silence > Math.max(QUIET_SECONDS, 3 * model.get("opening").periods[model.get("pace")]);
    const time = new Date(known.tick.now * 1000).toLocaleTimeString();
    const words = still ? `${still}, at ${time}` : stale ? `▲ no news for ${age(silence)}` : `as of ${time}`;
    say(foot, `${words} · curves: the last 2 minutes`);
    foot.className = stale ? "warn small" : "dim small";
  }

  return { element, draw, quiet };
}
