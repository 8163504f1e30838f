// Sort and filter the rows of a table; what another script holds back has data-out.

(() => {
  "use strict";
  const $ = (selector) => document.querySelector(selector);
  const body = $("#files tbody");
  const headers = [...document.querySelectorAll("#files thead th[aria-sort]")];
  const rows = [...body.rows];

  function filter() {
    const wanted = $("#find").value.trim().toLowerCase();
    const marked = $("#marked").checked;
    for (const row of rows)
      row.hidden =
        !row.textContent.toLowerCase().includes(wanted) ||
        "out" in row.dataset ||
        (marked && !row.classList.contains("marked"));
    $("#count").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  }

  function valueOf(row, column) {
    const text = row.cells[column]?.dataset.value ?? "";
    return headers[column].dataset.kind !== "text" && text !== "" ? Number(text) : text;
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
  $("#marked").addEventListener("change", filter);
  document.addEventListener("filter", filter);
  filter();
})();
