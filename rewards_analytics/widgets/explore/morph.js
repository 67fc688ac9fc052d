// The next view in place of the last: every element that is in both stays, with its focus, its scroll position and what
// people typed or opened in it. `explore.js` has the rest of the module.

export const ROVING = "[data-marks], [role=tablist]"; // groups of which one item is reached by Tab
const REFERENCES = ["id", "for", "data-copy-of"];

// The view as elements, with ids that no other view in the document has.
export function parse(html, prefix) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const refers = (name, value) =>
    REFERENCES.includes(name) || /^aria-(activedescendant|controls|describedby|labelledby|owns)$/.test(name) ||
    (name === "href" && value.startsWith("#"));
  for (const element of template.content.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      if (refers(name, value)) element.setAttribute(name, value.replace(/[^\s#]+/g, `${prefix}$&`));
    }
  }
  const view = template.content.firstElementChild;
  // These belong to the module: they stay as they are, wherever the next view has them.
  for (const name of ["live", "alert"]) view.querySelector(`[data-${name}]`).id = `${prefix}${name}`;
  const tip = { id: `${prefix}tip`, className: "tip", role: "tooltip", popover: "manual" };
  view.append(Object.assign(document.createElement("div"), tip));
  return view;
}

// Make `old` like `fresh` and keep every element that is in both: by id, otherwise by position. `isSettled` says that
// nothing is on its way to the kernel, so that its values may replace those in a control that has the focus.
export function morph(old, fresh, isSettled) {
  const active = old.getRootNode().activeElement;
  const wanted = new Set([...fresh.querySelectorAll("[id]")].map(({ id }) => id));
  const held = new Map();
  for (const element of old.querySelectorAll("[id]")) {
    if (wanted.has(element.id)) held.set(element.id, element);
    else element.remove(); // first of all, so that positions agree
  }
  const attributes = (from, to) => {
    const isLocal = (name) => name === "data-busy" || (name === "open" && from.localName === "details") ||
      (name === "tabindex" && from.parentElement.closest(ROVING));
    for (const { name } of [...from.attributes]) {
      if (!to.hasAttribute(name) && !isLocal(name)) from.removeAttribute(name);
    }
    for (const { name, value } of to.attributes) {
      if (from.getAttribute(name) !== value && !isLocal(name)) from.setAttribute(name, value);
    }
  };
  const children = (from, to) => {
    let at = from.firstChild;
    for (const child of [...to.childNodes]) {
      const isSame = (node) => node?.nodeName === child.nodeName && (node.id ?? "") === (child.id ?? "");
      const match = [held.get(child.id), at].find(isSame);
      if (match && match === at) at = at.nextSibling;
      // Only moveBefore keeps focus and scroll positions on the way.
      else if (match?.isConnected && from.moveBefore) from.moveBefore(match, at);
      else from.insertBefore(match ?? child, at);
      if (match) patch(match, child);
    }
    while (at && at !== from.lastChild) from.lastChild.remove();
    at?.remove();
  };
  const patch = (from, to) => {
    if (from.nodeType !== Node.ELEMENT_NODE) {
      if (from.data !== to.data) from.data = to.data;
    } else if (!to.matches("[data-live], [data-alert], [role=tooltip]")) {
      attributes(from, to);
      children(from, to);
      // Attributes are only a control's first values; one with the focus, or with a secret in it, belongs to its user.
      if (from.matches("select") && (from !== active || isSettled)) from.value = to.value;
      else if (from.matches("input:not([data-secret])") && from !== active) {
        [from.value, from.checked] = [to.value, to.checked];
      }
    }
  };
  patch(old, fresh);
}

// Run `change`. A new element with `data-focus` gets the focus; if that which has it is removed, the nearest one does.
export function keepFocus(root, change) {
  const focused = root.getRootNode().activeElement;
  if (!root.contains(focused)) return change();
  const around = [];
  for (let box = focused.parentElement; root.contains(box); box = box.parentElement) around.push(box);
  const order = [...root.querySelectorAll("a[href], button, input, select, summary, [tabindex]")];
  const at = order.indexOf(focused);
  const before = new Set(root.querySelectorAll("[data-focus]"));
  change();
  const isUsable = (each) => root.contains(each) && each.checkVisibility();
  const others = [...order.slice(at + 1), ...order.slice(0, at).reverse()].filter(isUsable);
  const nearest = around.map((box) => others.find((each) => box.contains(each))).find(Boolean);
  const awaited = [...root.querySelectorAll("[data-focus]")].find((each) => !before.has(each));
  const target = awaited ?? (isUsable(focused) ? focused : nearest);
  if (target !== root.getRootNode().activeElement) target?.focus({ preventScroll: true });
}
