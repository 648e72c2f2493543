// The live board: what it knows of a machine, and how it draws that.

const QUIET_SECONDS = 6;
const MARKS = { open: ["●", "good"], closed: ["▲", "bad"], partly: ["▲", "warn"], none: ["○", "dim"] };

export default function () {
  const known = { sections: {}, points: [], tick: null, heardAt: 0 };

  function take(message) {
    Object.assign(known.sections, message.sections || {});
    if (message.history) known.points = message.history;
    if (message.tick) {
      known.tick = message.tick;
      known.heardAt = performance.now();
      remember(known);
    }
    return message.sections || {};
  }

  return liveDisplay({
    kind: "board",
    known,
    take,
    view: boardView,
    traits: "change:paused change:over",
    settle: (view) => view.tick(),
    heeds: (model) => !model.get("paused"),
  });
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

  function draw(changed = known.sections) {
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
    tick();
  }

  function tick() {
    if (!known.tick) return;
    const silence = (performance.now() - known.heardAt) / 1000;
    const still = model.get("over") || (model.get("paused") ? "paused" : "");
    const stale = !still && silence > Math.max(QUIET_SECONDS, 3 * model.get("opening").periods[model.get("pace")]);
    const time = new Date(known.tick.now * 1000).toLocaleTimeString();
    const words = still ? `${still}, at ${time}` : stale ? unheard(silence) : `as of ${time}`;
    say(foot, `${words} · curves: the last 2 minutes`);
    foot.className = stale ? "warn small" : "dim small";
  }

  return { element, draw, tick };
}
