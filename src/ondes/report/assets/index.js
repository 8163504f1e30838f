// Sort and filter the recordings of a batch.

(() => {
  "use strict";
  const $ = (selector) => document.querySelector(selector);
  const body = $("#files tbody");
  const headers = [...document.querySelectorAll("#files thead th[aria-sort]")];
  const rows = [...body.rows];

  function filter() {
    const wanted = $("#find").value.trim().toLowerCase();
    const failed = $("#failed").checked;
    for (const row of rows)
      row.hidden =
        !row.textContent.toLowerCase().includes(wanted) ||
        (failed && !row.classList.contains("failed"));
    $("#count").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  }

  function valueOf(row, column) {
    const text = row.cells[column]?.dataset.value ?? "";
    return column && text !== "" ? Number(text) : text;
  }

  function sortBy(column) {
    const header = headers[column];
    const sign = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of headers) other.setAttribute("aria-sort", "none");
    header.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    const compare = (a, b) => {
      const [left, right] = [valueOf(a, column), valueOf(b, column)];
      if (left === right) return 0;
      if (left === "" || right === "") return left === "" ? 1 : -1;
      return sign * (left < right ? -1 : 1);
    };
    body.append(...[...rows].sort(compare));
  }

  headers.forEach((header, column) =>
    header.firstElementChild.addEventListener("click", () => sortBy(column)),
  );
  $("#find").addEventListener("input", filter);
  $("#failed").addEventListener("change", filter);
  filter();
})();
