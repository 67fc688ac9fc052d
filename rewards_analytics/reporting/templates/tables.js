// Sorts a table when the name of a column is pressed, and copies it whole. The page says everything without it.
"use strict";

const valueOf = (cell) => cell.dataset.value ?? cell.textContent.trim();

const compare = (one, other, numeric) => {
  if (one === "" || other === "") return (one === "") - (other === "");
  return numeric ? Number(one) - Number(other) : one.localeCompare(other, "en", { numeric: true });
};

const sort = (header, index, body) => {
  const descending = header.getAttribute("aria-sort") === "ascending";
  for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const numeric = header.classList.contains("number");
  const rows = [...body.rows].map((row, place) => ({ row, place, value: valueOf(row.cells[index]) }));
  rows.sort((one, other) => {
    // What is not known stays last, whichever way the rest is sorted.
    const unknown = one.value === "" || other.value === "";
    const order = compare(one.value, other.value, numeric);
    return (descending && !unknown ? -order : order) || one.place - other.place;
  });
  body.append(...rows.map(({ row }) => row));
};

const formula = new RegExp({{ formula }}, "u");

// Cells apart by tabs, as spreadsheets take them: exact amounts, whole guids, and no text that would run as a formula.
const textOf = (table) => {
  const cell = (it) => {
    const text = it.classList.contains("number") || it.querySelector("code") ? valueOf(it) : it.textContent;
    const line = text.replace(/\s+/g, " ").trim();
    return it.classList.contains("number") ? line : line.replace(formula, "'$&");
  };
  return [...table.rows].map((row) => [...row.cells].map(cell).join("\t")).join("\n");
};

// A document of its own may not have the clipboard, and any document may copy what is selected in it.
const copy = (text) => {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
};

const press = (words, action) => {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...words);
  button.addEventListener("click", () => action(button));
  return button;
};

for (const table of document.querySelectorAll("table[data-sortable]")) {
  [...table.tHead.rows[0].cells].forEach((header, index) => {
    header.append(press(header.childNodes, () => sort(header, index, table.tBodies[0])));
  });
  const name = document.createElement("span");
  name.className = "unseen";
  name.textContent = `: ${table.caption.textContent}`;
  const said = document.createElement("span");
  said.role = "status";
  const button = press(["Copy table", name], (pressed) => {
    said.textContent = copy(textOf(table)) ? "Copied" : "Not allowed by this browser";
    pressed.focus();
  });
  table.closest(".table").nextElementSibling.append(button, said);
}
