// Every event as a row; only the rows in sight exist.

const ROW = 32;
const STATUS_ORDER = { missed: 0, extra: 1, matched: 2, found: 3 };

class Table {
  constructor({ onSelect, onPlay, onFilter }) {
    this.on = { onSelect, onPlay, onFilter };
    this.scroller = $("#rows");
    this.body = $("#rows tbody");
    this.rows = rowsOf();
    this.view = this.rows;
    this.sort = { key: "onset", sign: 1 };
    this.selected = null;
    this.scroller.addEventListener("scroll", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.scroller);
    this.body.addEventListener("click", (event) => this.click(event));
    this.scroller.addEventListener("keydown", (event) => this.key(event));
    for (const button of document.querySelectorAll("#rows th button"))
      button.addEventListener("click", () => this.sortBy(button.dataset.key));
    for (const input of document.querySelectorAll("#filters input, #filters select"))
      input.addEventListener("input", () => this.filter());
    this.filter();
  }

  filter() {
    const wanted = $("#filter-label").value.trim().toLowerCase();
    const exact = lanes.some((lane) => lane.label.toLowerCase() === wanted);
    const least = Number($("#filter-score").value);
    const channel = $("#filter-channel")?.value ?? "";
    const states = new Set(
      [...document.querySelectorAll("#filters [name=status]:checked")].map((box) => box.value),
    );
    const fits = (label) => (exact ? label === wanted : label.includes(wanted));
    this.view = this.rows.filter(
      (row) =>
        (!wanted || fits(row.label.toLowerCase())) &&
        (row.score === null || row.score >= least) &&
        (!channel || String(row.channel) === channel) &&
        (!layers.truth || states.has(row.status)),
    );
    $("#filter-score-value").textContent = least.toFixed(2);
    $("#row-count").textContent = `${this.view.length} of ${this.rows.length}`;
    this.mark();
    this.order();
  }

  // Tell the rolls which events the filter leaves.
  mark() {
    for (const layer of Object.values(layers)) layer?.shown.fill(0);
    for (const { layer, i, status } of this.view) {
      layer.shown[i] = 1;
      if (status === "matched") twin[layer.side].shown[layer.partner[i]] = 1;
    }
    this.on.onFilter();
  }

  sortBy(key) {
    this.sort = { key, sign: this.sort.key === key ? -this.sort.sign : 1 };
    this.order();
  }

  order() {
    const { key, sign } = this.sort;
    const rank = (row) => (key === "status" ? STATUS_ORDER[row.status] : row[key]);
    const compare = (a, b) => {
      const [left, right] = [rank(a), rank(b)];
      if (left === right) return a.onset - b.onset;
      if (left === null || right === null) return left === null ? 1 : -1;
      return sign * (left < right ? -1 : 1);
    };
    this.view.sort(compare);
    for (const header of document.querySelectorAll("#rows th[data-key]")) {
      const state = sign > 0 ? "ascending" : "descending";
      header.setAttribute("aria-sort", header.dataset.key === key ? state : "none");
    }
    this.draw();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW) - 4);
    const count = Math.ceil(this.scroller.clientHeight / ROW) + 8;
    const last = Math.min(this.view.length, first + count);
    const rows = [];
    for (let n = first; n < last; n++) rows.push(this.rowElement(this.view[n], n));
    const below = (this.view.length - last) * ROW;
    this.body.replaceChildren(spacer(first * ROW), ...rows, spacer(below));
    $("#rows table").setAttribute("aria-rowcount", this.view.length + 1);
    $("#no-rows").hidden = this.view.length > 0;
  }

  rowElement(row, n) {
    const element = document.createElement("tr");
    element.dataset.n = n;
    element.setAttribute("aria-rowindex", n + 2);
    if (row === this.selected) element.setAttribute("aria-selected", "true");
    element.append(playCell(row));
    if (layers.truth) element.append(statusCell(row.status));
    const cells = [row.label, row.onset.toFixed(timeDigits), row.offset.toFixed(timeDigits)];
    cells.push(length(row.length));
    if (layers.truth) cells.push(row.error === null ? "" : signed(row.error));
    if (recording.channels.length > 1) cells.push(channelName(row.channel));
    if (hasScores) cells.push(row.score === null ? "" : row.score.toFixed(3));
    cells.forEach((text, index) => {
      const cell = document.createElement(index ? "td" : "th");
      if (!index) cell.scope = "row";
      cell.textContent = text;
      element.append(cell);
    });
    return element;
  }

  click(event) {
    const element = event.target.closest("tr[data-n]");
    if (!element) return;
    const row = this.view[element.dataset.n];
    this.select(row);
    this.on.onSelect(row);
    if (event.target.closest("button")) this.on.onPlay(row);
  }

  key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.target.closest("input, select") || !(event.key in steps || event.key === "Enter"))
      return;
    if (event.key === "Enter" && event.target.closest("button")) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter" && this.selected) this.on.onPlay(this.selected);
    else this.step(steps[event.key] ?? 0);
  }

  step(by) {
    const at = this.view.indexOf(this.selected);
    const row = this.view[clamp(at + by, 0, this.view.length - 1)];
    if (!row) return;
    this.show(row);
    this.on.onSelect(row);
  }

  select(row) {
    this.selected = row;
    this.draw();
  }

  show(row) {
    const at = this.view.indexOf(row);
    const head = $("#rows thead").offsetHeight;
    const { scrollTop, clientHeight } = this.scroller;
    if (at >= 0 && (at * ROW < scrollTop || (at + 1) * ROW + head > scrollTop + clientHeight))
      this.scroller.scrollTop = Math.max(0, at * ROW - (clientHeight - head) / 2);
    this.select(row);
  }

  rowOf(layer, i) {
    const [side, index] =
      layer.side === "truth" && layer.partner[i] >= 0
        ? [layers.found, layer.partner[i]]
        : [layer, i];
    return this.rows.find((row) => row.layer === side && row.i === index);
  }
}

const hasScores = layers.found.score.some((score) => score !== null);

// All found events, and the true ones that were missed.
function rowsOf() {
  const rows = [];
  for (const layer of [layers.found, layers.truth]) {
    for (let i = 0; layer && i < layer.onset.length; i++) {
      const status = statusOf(layer, i);
      if (layer.side === "truth" && status === "matched") continue;
      const [onset, offset] = [layer.onset[i], layer.offset[i]];
      const label = lanes[layer.label[i]].label;
      const lane = layer.label[i];
      const error = status === "matched" ? errorOf(layer, i) : null;
      const [channel, score] = [layer.channel[i], layer.score[i]];
      rows.push({
        layer, i, status, onset, offset, length: offset - onset, label, lane, error, channel, score,
      });
    }
  }
  return rows.sort((a, b) => a.onset - b.onset);
}

function spacer(height) {
  const row = document.createElement("tr");
  row.className = "spacer";
  row.setAttribute("aria-hidden", "true");
  row.style.height = `${height}px`;
  return row;
}

function playCell(row) {
  const cell = document.createElement("td");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "play";
  button.disabled = !recording.audio;
  button.setAttribute("aria-label", `Play ${row.label} at ${position(row.onset)}`);
  cell.append(button);
  return cell;
}

function statusCell(status) {
  const cell = document.createElement("td");
  const mark = document.createElement("span");
  mark.className = `swatch ${status}`;
  cell.append(mark, status);
  return cell;
}
