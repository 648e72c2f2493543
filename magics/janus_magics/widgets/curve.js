// How a share of a whole went over the last minutes, as lines.

const WINDOW_SECONDS = 120;
const WIDE = 240;
const HIGH = 48;
const GAP_SECONDS = 6;

/** Lines in one frame; the first has its area filled. `kinds` are classes, one a line. */
function curve(kinds) {
  const frame = drawn("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", class: "curve", role: "img" });
  for (const level of [0.25, 0.5, 0.75]) {
    frame.append(drawn("line", { x1: 0, x2: WIDE, y1: HIGH * level, y2: HIGH * level, class: "level" }));
  }
  const area = drawn("path", { class: `area ${kinds[0]}` });
  const lines = kinds.map((kind) => drawn("path", { class: `line ${kind}` }));
  frame.append(area, ...lines);
  /** `points`: [at, per mille, ...], oldest first, a number a line. */
  const draw = (points, now) => {
    lines.forEach((line, i) => mark(line, "d", stretches(points, now, i + 1).map(path).join("")));
    mark(area, "d", stretches(points, now, 1).map(filled).join(""));
  };
  return { element: frame, draw };
}

/** Runs of points without a gap between them, as [x, y]. */
function stretches(points, now, index) {
  const found = [];
  let last = -Infinity;
  for (const point of points) {
    if (point[0] < now - WINDOW_SECONDS || point[index] == null) continue;
    if (point[0] - last > GAP_SECONDS) found.push([]);
    last = point[0];
    const x = WIDE * (1 - (now - point[0]) / WINDOW_SECONDS);
    const y = 1 + (HIGH - 2) * (1 - Math.min(1000, Math.max(0, point[index])) / 1000);
    found[found.length - 1].push([x.toFixed(1), y.toFixed(1)]);
  }
  return found;
}

function path(stretch) {
  return `M${stretch.map((point) => point.join(" ")).join("L")}`;
}

function filled(stretch) {
  return `${path(stretch)}L${stretch[stretch.length - 1][0]} ${HIGH}L${stretch[0][0]} ${HIGH}Z`;
}
