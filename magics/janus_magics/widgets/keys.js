// The live keys: they say that somebody looks, take what comes, draw it, and pass on what a person does.

const LOOKING_SECONDS = 12;
const QUIET_SECONDS = 8;

export default function () {
  // A front end calls `initialize` once a model and `render` once a view: what they share lives here.
  const browser = Math.random().toString(36).slice(2);
  const views = new Set();
  const known = { rows: {}, content: null, summary: "", at: 0, heardAt: 0 };

  function take(message) {
    if (message.gone === null) known.rows = {};
    (message.gone || []).forEach((name) => delete known.rows[name]);
    Object.assign(known.rows, message.rows);
    if (message.content) known.content = message.content;
    known.summary = message.summary;
    known.at = message.at;
    known.heardAt = performance.now();
    views.forEach((view) => view.draw());
  }

  function initialize({ model }) {
    take(model.get("opening"));
    const receive = (message) => {
      if (message.kind === "keys") take(message);
      if (message.kind === "acted") views.forEach((view) => view.acted(message));
    };
    model.on("msg:custom", receive);
    const tell = (content) => model.send({ ...content, browser });
    const look = (fresh) => views.size && !document.hidden && tell({ kind: "look", fresh });
    const turned = () => (document.hidden ? tell({ kind: "away" }) : look(true));
    const timer = setInterval(() => look(false), LOOKING_SECONDS * 1000);
    document.addEventListener("visibilitychange", turned);
    known.looked = () => look(true);
    known.left = () => views.size || tell({ kind: "away" });
    known.remove = (name) => tell({ kind: "delete", name });
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", turned);
      model.off("msg:custom", receive);
    };
  }

  function render({ model, el }) {
    const view = keysView(model, known);
    el.classList.add("janus-live", "janus-keys");
    el.append(view.element);
    views.add(view);
    view.draw();
    const clock = setInterval(view.tick, 1000);
    const turned = () => view.draw();
    model.on("change:chosen change:over", turned);
    known.looked();
    return () => {
      clearInterval(clock);
      model.off("change:chosen change:over", turned);
      views.delete(view);
      known.left();
    };
  }

  return { initialize, render };
}

function keysView(model, known) {
  const sought = make("input", { type: "search", placeholder: "filter", "aria-label": "Filter keys", spellcheck: "false" });
  const mode = make("span", { class: `chip ${model.get("writable") ? "warn" : "dim"}` }, model.get("writable") ? "▲ may delete" : "read-only");
  const notice = make("p", { class: "notice", role: "status", hidden: "" });
  const tree = keyTree((name) => {
    model.set("chosen", name);
    model.save_changes();
  });
  const detail = keyDetail(model, known.remove);
  const foot = make("footer", { class: "dim small" });
  const head = make("header", {}, make("h3", {}, "Keys"), mode, sought);
  const columns = make("div", { class: "columns" }, tree.element, detail.element);
  const element = make("div", { role: "region", "aria-label": "Janus keys" }, head, notice, columns, foot);
  sought.addEventListener("input", draw);

  function draw() {
    const chosen = model.get("chosen");
    tree.tell(known.rows, sought.value.trim(), chosen);
    const content = known.content && known.content.name === chosen ? known.content : null;
    if (content || !chosen) detail.tell(content, known.rows[chosen]);
    tick();
  }

  function acted({ good, text, remedy }) {
    notice.className = good ? "notice good" : "notice bad";
    notice.replaceChildren(make("div", {}, text), remedy ? make("div", { class: "dim" }, `What to do next: ${remedy}`) : "");
    show(notice, true);
  }

  function tick() {
    const silence = (performance.now() - known.heardAt) / 1000;
    const now = known.at + silence;
    element.querySelectorAll("time[data-ends]").forEach((time) => {
      const words = age(time.dataset.ends - now);
      say(time, time.closest(".detail") ? ` · expires in ${words}` : words);
    });
    const over = model.get("over");
    const stale = !over && silence > QUIET_SECONDS;
    const moment = new Date(known.at * 1000).toLocaleTimeString();
    const when = over ? `${over}, at ${moment}` : stale ? `▲ no news for ${age(silence)}` : `as of ${moment}`;
    say(foot, `${known.summary} · ${when}`);
    foot.className = stale ? "warn small" : "dim small";
  }

  return { element, draw, tick, acted };
}
