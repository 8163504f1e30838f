// Examples are heard one at a time; a number of the matrix shows its clips alone.

(() => {
  "use strict";
  const $ = (selector) => document.querySelector(selector);
  const clips = [...document.querySelectorAll(".clip")];
  const rows = [...document.querySelectorAll("#files tbody tr")];
  const cells = [...document.querySelectorAll("#confusion button")];
  let playing = null;

  function urlOf(id) {
    const element = document.getElementById(id);
    const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
    return URL.createObjectURL(new Blob([bytes], { type: element.dataset.mime }));
  }

  function stop() {
    if (!playing) return;
    playing.audio.pause();
    URL.revokeObjectURL(playing.audio.src);
    playing.button.classList.remove("playing");
    playing.cursor.hidden = true;
    playing = null;
  }

  function follow() {
    if (!playing) return;
    const { audio, cursor } = playing;
    cursor.style.left = `${(100 * audio.currentTime) / (audio.duration || 1)}%`;
    requestAnimationFrame(follow);
  }

  function hear(button) {
    const again = playing?.button === button;
    stop();
    if (again) return;
    const cursor = button.closest(".clip").querySelector(".at");
    const audio = new Audio(urlOf(button.dataset.sound));
    playing = { audio, button, cursor };
    button.classList.add("playing");
    cursor.hidden = false;
    audio.addEventListener("ended", stop);
    audio.play().then(follow, stop);
  }

  // Show the clips of one cell, or with none all of them.
  function show(cell) {
    stop();
    const fits = ({ dataset }) =>
      !cell || (dataset.true === cell.dataset.true && dataset.found === cell.dataset.found);
    for (const clip of clips) clip.hidden = !fits(clip);
    for (const row of rows) {
      if (fits(row)) delete row.dataset.out;
      else row.dataset.out = "";
    }
    for (const other of cells) other.setAttribute("aria-pressed", String(other === cell));
    $("#shown").textContent = clips.filter((clip) => !clip.hidden).length;
    $("#all").hidden = !cell;
    document.dispatchEvent(new Event("filter"));
  }

  for (const button of document.querySelectorAll(".hear"))
    button.addEventListener("click", () => hear(button));
  for (const cell of cells)
    cell.addEventListener("click", () =>
      show(cell.getAttribute("aria-pressed") === "true" ? null : cell),
    );
  $("#all")?.addEventListener("click", () => show(null));
})();
