// What every live display does, whatever it draws: it says that somebody looks, takes what comes, and has each view drawn.

const LOOKING_SECONDS = 12;

/**
 * A widget whose views share `known`. `take` puts a message of this `kind` into it and returns what is new; `view` makes a view
 * with an `element`, `draw(news)` (everything without any), a `tick` for every second and, where it acts, `acted(message)`. `settle` is called with a
 * view when one of `traits` changes; `heeds` says whether messages are taken at present.
 */
function liveDisplay({ kind, known, take, view, traits, settle, heeds = () => true }) {
  // A front end calls `initialize` once a model and `render` once a view: what they share lives here.
  const browser = Math.random().toString(36).slice(2);
  const views = new Set();

  function receive(message) {
    const news = take(message);
    views.forEach((each) => each.draw(news));
  }

  function initialize({ model }) {
    receive(model.get("opening") || {});
    const hear = (message) => {
      if (message.kind === kind && heeds(model)) receive(message);
      if (message.kind === "acted") views.forEach((each) => each.acted(message));
    };
    model.on("msg:custom", hear);
    known.tell = (content) => model.send({ ...content, browser });
    const look = (fresh) => views.size && !document.hidden && known.tell({ kind: "look", fresh });
    const turned = () => (document.hidden ? known.tell({ kind: "away" }) : look(true));
    const timer = setInterval(() => look(false), LOOKING_SECONDS * 1000);
    document.addEventListener("visibilitychange", turned);
    known.looked = () => look(true);
    known.left = () => views.size || known.tell({ kind: "away" });
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", turned);
      model.off("msg:custom", hear);
    };
  }

  function render({ model, el }) {
    const shown = view(model, known);
    el.classList.add("janus-live", `janus-${kind}`);
    el.append(shown.element);
    views.add(shown);
    shown.draw();
    const clock = setInterval(shown.tick, 1000);
    const settled = () => settle(shown);
    model.on(traits, settled);
    known.looked();
    return () => {
      clearInterval(clock);
      model.off(traits, settled);
      views.delete(shown);
      known.left();
    };
  }

  return { initialize, render };
}
