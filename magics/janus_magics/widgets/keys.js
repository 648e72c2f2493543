// The live keys: what they know of the server, and how they draw that.

const QUIET_SECONDS = 8;

export default function () {
  const known = { rows: {}, content: null, summary: "", at: 0, heardAt: 0 };

  function take(message) {
    if (message.gone === null) known.rows = {};
    (message.gone || []).forEach((name) => delete known.rows[name]);
    Object.assign(known.rows, message.rows);
    if (message.content) known.content = message.content;
    known.summary = message.summary;
    known.at = message.at;
    known.heardAt = performance.now();
  }

  return liveDisplay({
    kind: "keys",
    known,
    take,
    view: keysView,
    traits: "change:chosen change:over",
    settle: (view) => view.draw(),
  });
}

function keysView(model, known) {
  const sought = make("input", { type: "search", placeholder: "filter", "aria-label": "Filter keys", spellcheck: "false" });
  const mode = make("span", { class: `chip ${model.get("writable") ? "warn" : "dim"}` }, model.get("writable") ? "▲ may delete" : "read-only");
  const notice = make("p", { class: "notice", role: "status", hidden: "" });
  const tree = keyTree((name) => {
    model.set("chosen", name);
    model.save_changes();
  });
  const detail = keyDetail(model, (name) => known.tell({ kind: "delete", name }));
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
    const when = over ? `${over}, at ${moment}` : stale ? unheard(silence) : `as of ${moment}`;
    say(foot, `${known.summary} · ${when}`);
    foot.className = stale ? "warn small" : "dim small";
  }

  return { element, draw, tick, acted };
}
