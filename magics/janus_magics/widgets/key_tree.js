// Keys in groups by what they are. A group draws its keys only while it is open.

const OPEN_UP_TO = 8;
const UNKNOWN = "not known here";

function keyTree(choose) {
  const element = make("div", { class: "tree" });
  const branches = new Map();

  function branch(family) {
    if (!branches.has(family)) {
      const number = make("span", { class: "dim num" });
      const list = make("ul", { "aria-label": family });
      const details = make("details", {}, make("summary", {}, make("span", {}, family), number), list);
      const made = { details, number, list, leaves: new Map(), names: [], touched: false, drawn: false };
      details.querySelector("summary").addEventListener("click", () => { made.touched = true; });
      details.addEventListener("toggle", () => fill(made));
      branches.set(family, made);
    }
    return branches.get(family);
  }

  function leaf(each, name) {
    if (!each.leaves.has(name)) {
      const title = make("span", { class: "name" });
      const life = make("time", { class: "dim" });
      const holds = make("span", { class: "dim num" });
      const button = make("button", { type: "button", title: name }, title, life, holds);
      button.addEventListener("click", () => choose(name));
      each.leaves.set(name, { item: make("li", {}, button), button, title, life, holds });
    }
    return each.leaves.get(name);
  }

  let known = {};
  let chosen = "";

  function fill(each) {
    if (!each.details.open) return;
    each.names.forEach((name, place) => {
      const { item, button, title, life, holds } = leaf(each, name);
      if (each.list.children[place] !== item) each.list.insertBefore(item, each.list.children[place] || null);
      const row = known[name];
      say(title, row.short);
      say(holds, row.holds);
      if (row.ends == null) { life.removeAttribute("data-ends"); say(life, ""); } else mark(life, "data-ends", row.ends);
      mark(button, "aria-current", String(name === chosen));
    });
    while (each.list.children.length > each.names.length) each.list.lastChild.remove();
    for (const name of [...each.leaves.keys()]) if (!each.names.includes(name)) each.leaves.delete(name);
  }

  /** All keys that are there; of these only those whose names hold these words are drawn. */
  function tell(rows, words, current) {
    known = rows;
    chosen = current;
    const groups = new Map();
    const sought = words.toLowerCase();
    for (const [name, row] of Object.entries(rows)) {
      const family = row.family || UNKNOWN;
      if (sought && !name.toLowerCase().includes(sought) && !family.includes(sought)) continue;
      if (!groups.has(family)) groups.set(family, []);
      groups.get(family).push(name);
    }
    const families = [...groups.keys()].sort((a, b) => (a === UNKNOWN) - (b === UNKNOWN) || a.localeCompare(b));
    families.forEach((family, place) => {
      const each = branch(family);
      each.names = groups.get(family).sort();
      say(each.number, String(each.names.length));
      if (!each.touched) each.details.open = each.names.length <= OPEN_UP_TO || Boolean(sought);
      if (element.children[place] !== each.details) element.insertBefore(each.details, element.children[place] || null);
      fill(each);
    });
    while (element.children.length > families.length) element.lastChild.remove();
  }

  return { element, tell };
}
