// Messages that no worker could handle: queued again, or dropped once that is confirmed.

function parked(act) {
  const list = make("ul", { class: "letters" });
  const element = make("section", { "aria-label": "Parked messages" }, make("h4", {}, "Parked: no worker could handle these"), list);
  const known = new Map();

  function letter(item) {
    const press = (name) => act(name, item.id);
    const redrive = actButton("redrive", "Queue again", "once what was wrong is mended", press);
    const drop = actButton("discard", "Drop for good", "a run stays in the ledger", press);
    const no = make("button", { type: "button", class: "act" }, "Keep");
    const ask = make("button", { type: "button", class: "act cancel" }, "Drop …");
    const buttons = make("div", { class: "acts" });
    const settle = (...shown) => buttons.replaceChildren(...shown);
    ask.addEventListener("click", () => {
      settle(no, drop.button);
      no.focus();
    });
    no.addEventListener("click", () => {
      settle(redrive.button, ask);
      ask.focus();
    });
    settle(redrive.button, ask);
    const about = [item.queue, item.run && `run ${item.run}`, item.at].filter(Boolean).join(" · ");
    const text = make("div", { class: "about" }, make("div", {}, item.why), make("div", { class: "dim small" }, about));
    return { element: make("li", {}, make("div", { class: "row" }, text, buttons)), redrive, discard: drop };
  }

  function tell(items) {
    show(element, items.length > 0);
    const ids = items.map((item) => item.id);
    for (const [id, each] of known) {
      if (ids.includes(id)) continue;
      each.element.remove();
      known.delete(id);
    }
    for (const item of items) {
      if (known.has(item.id)) continue;
      known.set(item.id, letter(item));
      list.append(known.get(item.id).element);
    }
  }

  const acted = (name, id) => known.get(id) && known.get(id)[name].done();
  return { element, tell, acted };
}
