// The live queue: what it knows of runs, and how it draws that.

const QUIET_SECONDS = 6;
const NOTICE_MS = 12000;

export default function () {
  const known = { sections: {}, rows: {}, at: 0, heardAt: 0 };

  function take(message) {
    Object.assign(known.sections, message.sections);
    Object.assign(known.rows, message.rows);
    const shown = new Set([...known.sections.open, ...known.sections.ended]);
    Object.keys(known.rows).forEach((id) => shown.has(id) || delete known.rows[id]);
    known.at = message.at;
    known.heardAt = performance.now();
  }

  return liveDisplay({
    kind: "queue",
    known,
    take,
    view: queueView,
    traits: "change:opened change:over",
    settle: (view) => view.draw(),
  });
}

function queueView(model, known) {
  const act = (what, id) => known.tell({ kind: "act", act: what, id });
  const counts = make("span", { class: "counts" });
  const note = make("p", { class: "warn" });
  const notice = make("p", { class: "notice", role: "status", hidden: "" });
  const lanes = make("div", { class: "lanes" });
  const current = make("ul", { class: "runs" });
  const nothing = make("p", { class: "dim nothing" }, "Nothing to do: no run is queued or under way.");
  const past = make("ul", { class: "runs past" });
  const pastTitle = make("h4", {}, "Ended lately");
  const letters = parked(act);
  const foot = make("footer", { class: "dim small" });
  const head = make("header", {}, make("h3", {}, "Queue"), counts, lanes);
  const element = make(
    "div", { role: "region", "aria-label": "Janus queue" },
    head, note, notice, nothing, current, letters.element, pastTitle, past, foot,
  );
  const cards = new Map();
  let told = null;
  let fading = 0;

  function card(id) {
    if (!cards.has(id)) {
      const toggle = () => {
        model.set("opened", model.get("opened") === id ? "" : id);
        model.save_changes();
      };
      cards.set(id, runCard((what) => act(what, id), toggle));
    }
    return cards.get(id);
  }

  /** Cards stand in this order; one that stands right is not moved, so that nobody loses the place where they are. */
  function arrange(list, ids) {
    ids.forEach((id, place) => {
      const each = card(id).element;
      if (list.children[place] !== each) list.insertBefore(each, list.children[place] || null);
      card(id).tell(known.rows[id]);
    });
    while (list.children.length > ids.length) list.lastChild.remove();
  }

  function draw() {
    const { open, ended, queues, note: words, parked: items, opened } = known.sections;
    arrange(current, open);
    arrange(past, ended);
    for (const id of [...cards.keys()]) if (!open.includes(id) && !ended.includes(id)) cards.delete(id);
    show(nothing, open.length === 0);
    show(pastTitle, ended.length > 0);
    letters.tell(items);
    say(note, words);
    show(note, words !== "");
    count(open, items);
    lane(queues);
    look(opened);
    tick();
  }

  function count(open, items) {
    const phases = {};
    for (const id of open) phases[known.rows[id].phase] = (phases[known.rows[id].phase] || 0) + 1;
    if (items.length) phases.parked = items.length;
    const tones = { running: "good", paused: "warn", pausing: "warn", parked: "bad" };
    const chips = Object.entries(phases).map(([phase, n]) => make("span", { class: `chip ${tones[phase] || "dim"}` }, `${n} ${phase}`));
    counts.replaceChildren(...chips);
  }

  function lane(queues) {
    const busy = (n) => (n ? "" : "dim");
    lanes.replaceChildren(
      ...queues.map(([name, waiting, delayed, underWay]) => {
        const parts = [`${waiting} waiting`, delayed ? `${delayed} delayed` : "", underWay ? `${underWay} under way` : ""];
        return make("span", { class: `small ${busy(waiting + delayed + (underWay || 0))}` }, make("b", {}, name), ` ${parts.filter(Boolean).join(", ")}`);
      }),
    );
  }

  function look(opened) {
    const wanted = model.get("opened");
    for (const [id, each] of cards) each.open(id === wanted);
    if (!opened || opened.run !== wanted || !cards.has(wanted)) {
      told = null;
      return;
    }
    const text = JSON.stringify(opened);
    if (text === told && cards.get(wanted).inside.children.length) return;
    told = text;
    cards.get(wanted).inside.replaceChildren(openedRun(opened));
  }

  function acted({ act, id, good, text, remedy }) {
    notice.className = good ? "notice good" : "notice bad";
    notice.replaceChildren(make("div", {}, text), remedy ? make("div", { class: "dim" }, `What to do next: ${remedy}`) : "");
    show(notice, true);
    clearTimeout(fading);
    if (good) fading = setTimeout(() => show(notice, false), NOTICE_MS);
    if (cards.has(id)) cards.get(id).acted(act);
    letters.acted(act, id);
  }

  function tick() {
    const silence = (performance.now() - known.heardAt) / 1000;
    const now = known.at + silence;
    element.querySelectorAll("time[data-since]").forEach((time) => say(time, age(now - time.dataset.since)));
    const over = model.get("over");
    const stale = !over && silence > QUIET_SECONDS;
    const moment = new Date(known.at * 1000).toLocaleTimeString();
    say(foot, over ? `${over}, at ${moment}` : stale ? unheard(silence) : `as of ${moment}`);
    foot.className = stale ? "warn small" : "dim small";
  }

  return { element, draw, tick, acted };
}
