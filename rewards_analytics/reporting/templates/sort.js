// Sorts a table when the name of a column is pressed. The page says everything without it.
"use strict";

const valueOf = (row, index) => {
  const cell = row.cells[index];
  return cell.dataset.value ?? cell.textContent.trim();
};

const compare = (one, other, numeric) => {
  if (one === "" || other === "") return (one === "") - (other === "");
  return numeric ? Number(one) - Number(other) : one.localeCompare(other, "en", { numeric: true });
};

const sort = (header, index, body) => {
  const descending = header.getAttribute("aria-sort") === "ascending";
  for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const numeric = header.classList.contains("number");
  const rows = [...body.rows].map((row, place) => ({ row, place, value: valueOf(row, index) }));
  rows.sort((one, other) => {
    // What is not known stays last, whichever way the rest is sorted.
    const unknown = one.value === "" || other.value === "";
    const order = compare(one.value, other.value, numeric);
    return (descending && !unknown ? -order : order) || one.place - other.place;
  });
  body.append(...rows.map(({ row }) => row));
};

for (const table of document.querySelectorAll("table[data-sortable]")) {
  const headers = [...table.tHead.rows[0].cells];
  headers.forEach((header, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sort(header, index, table.tBodies[0]));
    header.append(button);
  });
}
