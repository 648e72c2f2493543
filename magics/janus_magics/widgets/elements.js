// Elements of a page, made and changed. Texts are always set as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** `make("td", {class: "num"}, "text", child)`: an element with attributes and children; null children are left out. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child != null && child !== ""));
  return element;
}

function drawn(name, attributes = {}) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** Change a text, an attribute or a style only where it differs, so that nothing is laid out anew without need. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function mark(element, name, value) {
  const text = String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

/** A table whose rows are told anew; a cell is a text, an element, or [text, class]. The first cell heads its row. */
function table(caption, header) {
  const numeric = header.map((name) => name.startsWith(">"));
  const heads = header.map((name, i) => make("th", { scope: "col", class: numeric[i] ? "num" : "" }, name.replace(">", "")));
  const body = make("tbody");
  const element = make("table", { "aria-label": caption }, make("thead", {}, make("tr", {}, ...heads)), body);
  const cell = (content, i) => {
    const attributes = { class: numeric[i] ? "num" : "" };
    if (i === 0) attributes.scope = "row";
    return make(i === 0 ? "th" : "td", attributes, content);
  };
  return { element, tell: (rows) => body.replaceChildren(...rows.map((row) => make("tr", {}, ...row.map(cell)))) };
}
