// Zoom and scroll through signals, all lanes of one together; show one kind of translation alone.

(() => {
  "use strict";
  const CLOSEST = 1 / 400;

  class Lanes {
    constructor(element) {
      this.element = element;
      this.seconds = Number(element.dataset.seconds);
      this.pictures = [...element.querySelectorAll("svg")];
      this.ruler = element.querySelector(".ruler");
      this.cursor = element.querySelector(".at");
      this.show(0, 1);
      element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
      element.addEventListener("pointerdown", (event) => this.grab(event));
      element.addEventListener("pointermove", (event) => this.move(event));
      element.addEventListener("pointerup", () => (this.held = null));
      element.addEventListener("pointerleave", () => (this.cursor.hidden = true));
      element.addEventListener("dblclick", () => this.show(0, 1));
    }

    // Show shares [from, from + span) of the recording.
    show(from, span) {
      this.span = Math.min(Math.max(span, CLOSEST), 1);
      this.from = Math.min(Math.max(from, 0), 1 - this.span);
      for (const picture of this.pictures) {
        const n = Number(picture.dataset.n);
        const box = picture.viewBox.baseVal;
        box.x = this.from * n;
        box.width = this.span * n;
      }
      this.rule();
    }

    place(event) {
      const box = this.ruler.getBoundingClientRect();
      return (event.clientX - box.left) / box.width;
    }

    // With Ctrl it zooms, sideways it scrolls, as in the viewer; else it is the page's.
    wheel(event) {
      const place = this.place(event);
      const sideways = event.shiftKey ? event.deltaY : event.deltaX;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        const at = this.from + place * this.span;
        const span = Math.min(Math.max(this.span * Math.exp(event.deltaY / 125), CLOSEST), 1);
        this.show(at - place * span, span);
      } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
        event.preventDefault();
        this.show(this.from + (sideways / this.ruler.clientWidth) * this.span, this.span);
      }
    }

    grab(event) {
      if (this.place(event) < 0) return;
      this.held = { place: this.place(event), from: this.from };
      this.element.setPointerCapture(event.pointerId);
    }

    move(event) {
      const place = this.place(event);
      this.cursor.hidden = place < 0 || place > 1;
      const box = this.element.getBoundingClientRect();
      this.cursor.style.left = `${event.clientX - box.left}px`;
      if (this.held) this.show(this.held.from + (this.held.place - place) * this.span, this.span);
    }

    rule() {
      const span = this.span * this.seconds;
      const rough = span / 8;
      const power = 10 ** Math.floor(Math.log10(rough));
      const step = [1, 2, 5, 10].map((k) => k * power).find((size) => size >= rough);
      const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
      const first = Math.ceil((this.from * this.seconds) / step);
      const marks = [];
      for (let k = first; k * step < this.from * this.seconds + span * 0.97; k++) {
        const mark = document.createElement("span");
        mark.textContent = `${(k * step).toFixed(digits)} s`;
        mark.style.left = `${((k * step) / this.seconds - this.from) / this.span * 100}%`;
        marks.push(mark);
      }
      this.ruler.replaceChildren(...marks);
    }
  }

  for (const element of document.querySelectorAll(".lanes")) new Lanes(element);

  const made = [...document.querySelectorAll(".made")];
  const buttons = [...document.querySelectorAll(".fates button")];

  function only(fate) {
    for (const one of made) one.hidden = fate !== null && one.dataset.fate !== fate;
    for (const button of buttons)
      button.setAttribute("aria-pressed", String(button.dataset.fate === fate));
    for (const row of document.querySelectorAll("#files tbody tr")) {
      if (fate !== null && row.dataset.fate !== fate) row.dataset.out = "";
      else delete row.dataset.out;
    }
    document.querySelector("#shown").textContent = made.filter((one) => !one.hidden).length;
    document.querySelector("#all").hidden = fate === null;
    document.dispatchEvent(new Event("filter"));
  }

  for (const button of buttons)
    button.addEventListener("click", () =>
      only(button.getAttribute("aria-pressed") === "true" ? null : button.dataset.fate),
    );
  document.querySelector("#all")?.addEventListener("click", () => only(null));
})();
