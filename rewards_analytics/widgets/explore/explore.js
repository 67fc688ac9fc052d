// The dashboard in the browser. Python renders the whole view and decides what a choice means; this module puts the
// HTML in place, sends what people do as small messages, and looks after focus, keys, tooltips and the clipboard. It
// knows no view: it acts on `data-` attributes and roles alone.

import { ROVING, keepFocus, morph, parse } from "./morph.js";

const [ANSWER_MS, BUSY_MS, TYPING_MS, DATE_MS, COPIED_MS, DRAG_PX] = [15_000, 200, 120, 500, 1500, 6];
const NO_ANSWER =
  "The kernel does not answer. What you see stays readable. To go on, run the cells again, or reload the page.";
const [MARKS, NATIVE] = ["[data-marks]", "button, a, summary, input, select"];

// Of these messages only the newest matters. The others are relative, such as a second toggle, and each one counts.
const REPLACEABLE = new Set(["find", "set", "brush", "reset", "files"]);

// --- Messages -------------------------------------------------------------------------------------

// Sends one message at a time. `busy` hears whether an answer takes long, `silent` whether none comes.
function messenger(model, { busy, silent, answered }) {
  let counter = Math.floor(Math.random() * 2 ** 40); // two views of one model hear each other's answers
  let [flight, waiting, timers] = [null, [], []];
  const settle = () => {
    timers.forEach(clearTimeout);
    flight = null;
    busy(false);
  };
  const lost = () => {
    settle();
    waiting = [];
    silent(true);
  };
  const next = () => {
    if (flight !== null || waiting.length === 0) return;
    flight = waiting.shift();
    timers = [setTimeout(busy, BUSY_MS, true), setTimeout(lost, ANSWER_MS)];
    try { model.send(flight); } catch { lost(); }
  };
  const heard = (content) => {
    silent(false);
    if (flight === null || content?.done !== flight.n) return;
    const message = flight;
    settle();
    answered(message);
    next();
  };
  model.on("msg:custom", heard);
  return {
    isSettled: () => waiting.length === 0,
    send(name, ...given) {
      const args = given.map(String);
      const isOutdated = (each) => each.do === name && (name !== "set" || each.with[0] === args[0]);
      if (REPLACEABLE.has(name)) waiting = waiting.filter((each) => !isOutdated(each));
      waiting.push({ do: name, with: args, n: (counter += 1) });
      next();
    },
    close() {
      settle();
      model.off("msg:custom", heard);
    },
  };
}

// --- Tooltip and clipboard ------------------------------------------------------------------------

// One tooltip for the whole view, in the top layer, where no output area cuts it off.
function tooltip(root) {
  const tip = root.querySelector("[role=tooltip]");
  let [owner, timer] = [null, 0];
  const show = (element) => {
    clearTimeout(timer);
    if (!tip.isConnected) return;
    if (owner !== element) owner?.removeAttribute("aria-describedby");
    owner = element?.isConnected && element.dataset.tip ? element : null;
    tip.togglePopover(owner !== null);
    if (owner === null) return;
    tip.textContent = owner.dataset.tip;
    if (!owner.closest(MARKS)) owner.setAttribute("aria-describedby", tip.id); // a mark's label says it already
    const [{ left, top, bottom, width }, own] = [owner.getBoundingClientRect(), tip.getBoundingClientRect()];
    const x = Math.max(4, Math.min(left + (width - own.width) / 2, window.innerWidth - own.width - 4));
    Object.assign(tip.style, { left: `${x}px`, top: `${top < own.height + 10 ? bottom + 6 : top - own.height - 6}px` });
  };
  return {
    show,
    hide: () => show(null),
    hideSoon: () => (timer = setTimeout(show, 150, null)), // the pointer may be on its way to the tooltip
    stay: () => clearTimeout(timer),
    refresh: () => owner && show(owner),
    isOf: (element) => owner !== null && owner === element,
    holds: (element) => tip.contains(element),
  };
}

// Cells apart by tabs, as spreadsheets take them: exact amounts, whole guids, and no text that would run as a formula.
function tableText(table, formula) {
  const cell = (it) => {
    const isNumber = it.matches(".number");
    const text = isNumber || it.querySelector("code") ? (it.dataset.value ?? it.textContent) : it.textContent;
    const line = text.replace(/\s+/g, " ").trim();
    return isNumber ? line : line.replace(formula, "'$&");
  };
  return [...table.rows].map((row) => [...row.cells].map(cell).join("\t")).join("\n");
}

// A page in a frame or without TLS may not have the clipboard; any page may copy what is selected in it.
async function copied(text, el) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const focused = el.getRootNode().activeElement;
    const area = Object.assign(document.createElement("textarea"), { value: text });
    el.append(area);
    area.select();
    const isDone = document.execCommand("copy");
    area.remove();
    focused?.focus({ preventScroll: true });
    return isDone;
  }
}

// --- One view -------------------------------------------------------------------------------------

function render({ model, el }) {
  const prefix = `v${Math.random().toString(36).slice(2, 10)}-`;
  const root = el.appendChild(parse(model.get("html"), prefix));
  const tip = tooltip(root);
  const on = {};
  const active = () => el.getRootNode().activeElement;
  const part = (name) => root.querySelector(`[data-${name}]`);
  const say = (text) => { // the same words again are only read out if the text differs
    const live = part("live");
    live.textContent = live.textContent === text ? `${text}\u00a0` : text;
  };
  const { send, isSettled, close } = messenger(model, {
    busy: (isBusy) => root.toggleAttribute("data-busy", isBusy),
    silent: (isSilent) => {
      if (part("alert").matches(":empty") === isSilent) part("alert").textContent = isSilent ? NO_ANSWER : "";
    },
    answered: (message) => {
      const isList = message.do === "find" && message.with[0] === part("search")?.value;
      const isWanted = isList && matches === "wanted";
      if (isList) [chosen, matches] = [-1, "current"];
      draw();
      if (isWanted && options()[0]) pick(options()[0]);
    },
  });
  const draw = () => {
    keepFocus(root, () => morph(root, parse(model.get("html"), prefix), isSettled()));
    arrange();
  };
  const arrange = () => {
    for (const group of root.querySelectorAll(ROVING)) rove(group);
    showList();
    tip.refresh();
  };

  // --- A click, or its key ---

  const act = (element) => {
    if (!element.matches("[aria-disabled=true]")) send(element.dataset.do, ...JSON.parse(element.dataset.with ?? "[]"));
  };
  const copy = async (button) => {
    const table = root.querySelector(`[id="${button.dataset.copyOf}"]`);
    const text = table ? tableText(table, new RegExp(root.dataset.formula, "u")) : button.dataset.copy;
    const isCopied = await copied(text, el);
    say(isCopied ? "Copied" : "This browser does not allow copying here.");
    button.toggleAttribute("data-copied", isCopied);
    setTimeout(() => button.removeAttribute("data-copied"), COPIED_MS);
  };
  on.click = ({ target }) => {
    const pressed = target.closest("[data-do], [data-copy], [data-copy-of]");
    tip.show(target.closest("[data-tip]")); // a tap neither hovers nor, on every system, gives the focus
    if (isDragged) isDragged = false; // a drag ends with a click, which chooses no mark
    else if (pressed?.matches("[role=option]")) pick(pressed);
    else if (pressed?.dataset.do) act(pressed);
    else if (pressed) copy(pressed);
  };

  // --- Keys ---

  const items = (group) => [...group.querySelectorAll("[role=button], [role=tab]")];
  // One item of a group is reached by Tab: the one with the focus, the chosen tab, or the one that it was before.
  const rove = (group) => {
    const all = items(group);
    const first = (selector) => all.find((each) => each.matches(selector));
    const stop = all.find((each) => each === active()) ?? first("[aria-selected=true]") ?? first("[tabindex='0']");
    for (const each of all) each.setAttribute("tabindex", each === (stop ?? all[0]) ? "0" : "-1");
  };
  const step = ({ key, shiftKey }, item) => {
    const all = items(item.closest(ROVING));
    const [at, end] = [all.indexOf(item), all.length - 1];
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: end }[key];
    if (to === undefined) return false;
    const next = all[Math.min(Math.max(to, 0), end)];
    next.focus();
    if (shiftKey && item.matches(PERIOD)) brush(drag?.from ?? item, next);
    return true;
  };
  const escape = (target) => {
    const isTerm = tip.isOf(target) && !target.closest(MARKS);
    tip.hide();
    if (drag) brush();
    else if (target.matches("[data-search]") && target.value) clear(target);
    else if (!isTerm) send("reset");
  };
  const isUndo = ({ key, ctrlKey, metaKey }) => key === "z" && (ctrlKey || metaKey); // Alt+Left is the browser's
  // Do what a key means on an element; false if it means nothing of ours.
  const press = (event, target) => {
    const { key } = event;
    if (isUndo(event)) return send("undo");
    if (target.matches("[data-search]") && searchKey(key, target)) return showList();
    if (key === "Escape") return escape(target);
    if (["Enter", " "].includes(key) && target.matches("[data-do]") && !target.matches(NATIVE)) return act(target);
    const item = target.closest("[role=button], [role=tab]");
    return Boolean(item?.closest(ROVING)) && step(event, item);
  };
  const keydown = (event) => {
    const [target] = event.composedPath();
    const isCommand = event.ctrlKey || event.metaKey || event.altKey;
    if (!el.contains(target) || event.isComposing) return;
    if (isCommand && !(isUndo(event) && !target.matches("input"))) return;
    event.stopPropagation(); // a notebook takes arrows, letters and Enter for its own commands
    if (press(event, target) !== false) event.preventDefault();
  };
  on.keyup = ({ key }) => key === "Shift" && drag && choose();

  // --- Controls ---

  let [typing, dating] = [0, 0];
  on.change = ({ target }) => {
    if (!target.matches("[data-change]")) return;
    const { change, key } = target.dataset;
    if (target.type !== "date") return send(change, key, target.value);
    clearTimeout(dating); // a date changes with each digit that is typed
    if (target.value && target.validity.valid) dating = setTimeout(send, DATE_MS, change, key, target.value);
  };
  on.input = ({ target, isComposing }) => target.matches("[data-search]") && !isComposing && search(target, TYPING_MS);
  on.compositionend = ({ target }) => target.matches("[data-search]") && search(target, TYPING_MS);

  // --- Forms: Enter or a button sends the fields once, and nothing secret stays in them ---

  on.submit = (event) => {
    const { target: form, submitter } = event;
    event.preventDefault();
    if (!form.matches("[data-submit]")) return;
    send(form.dataset.submit, ...[...new FormData(form, submitter)].flat());
    form.reset();
  };

  // --- Finding people: a combobox whose list Python fills ---

  // The matches are those of the letters that stand there (current), or not yet (old); Enter waits for them (wanted).
  let [chosen, matches] = [-1, "old"];
  const isListed = (input) => input.value !== "" || input.dataset.search === "always";
  const options = () => [...root.querySelectorAll("[data-matches] [role=option]")];
  const showList = () => {
    const [input, list, all] = [part("search"), part("matches"), options()];
    if (!input || !list) return;
    list.hidden = active() !== input || !isListed(input);
    input.setAttribute("aria-expanded", String(!list.hidden && all.length > 0));
    all.forEach((each, index) => each.classList.toggle("active", index === chosen));
    input.setAttribute("aria-activedescendant", list.hidden ? "" : (all[chosen]?.id ?? ""));
    if (!list.hidden) all[chosen]?.scrollIntoView({ block: "nearest" });
  };
  const search = (input, delay) => {
    clearTimeout(typing);
    [chosen, matches] = [-1, "old"];
    typing = setTimeout(() => send("find", input.value), delay);
    showList();
  };
  const clear = (input) => {
    input.value = "";
    search(input, 0);
  };
  const pick = (option) => {
    act(option);
    clear(part("search"));
  };
  const searchKey = (key, input) => {
    const all = options();
    if (!isListed(input) || (key === "Enter" && input.value === "" && chosen < 0)) return false;
    if (key === "Enter" && input.value !== "" && matches !== "current") matches = "wanted";
    else if (all.length === 0) return false;
    else if (key === "ArrowDown") chosen = (chosen + 1) % all.length;
    else if (key === "ArrowUp") chosen = (Math.max(chosen, 0) + all.length - 1) % all.length;
    else if (key === "Enter") pick(all[Math.max(chosen, 0)]);
    else return false;
    return true;
  };
  // The input keeps the focus while an option is clicked.
  on.mousedown = (event) => event.target.closest("[data-matches]") && event.preventDefault();

  // --- Marks: a range of periods, dragged or extended with Shift ---

  let [drag, isDragged] = [null, false];
  const PERIOD = `${MARKS} [data-with*='"period"']`;
  const periods = (mark) => [...mark.closest(MARKS).querySelectorAll(PERIOD)];
  const range = () => {
    const all = periods(drag.from);
    const [first, end] = [all.indexOf(drag.from), all.indexOf(drag.to)].sort((one, other) => one - other);
    return all.slice(first, end + 1);
  };
  // Mark the periods from one to another; without them, none.
  const brush = (from, to) => {
    root.querySelectorAll("[data-brushed]").forEach((each) => each.removeAttribute("data-brushed"));
    drag = from ? { ...drag, from, to } : null;
    if (!drag) return;
    for (const each of range()) each.toggleAttribute("data-brushed", true);
    tip.hide();
    say([range()[0], range().at(-1)].map(({ dataset }) => dataset.tip).join(" – "));
  };
  const choose = () => {
    const [first, end] = root.contains(drag.from) && drag.from !== drag.to ? [range()[0], range().at(-1)] : [];
    brush();
    const day = (mark) => JSON.parse(mark.dataset.with)[1];
    if (first) send("brush", day(first), end.dataset.last ?? day(end)); // a mark may stand for several periods
  };
  const distance = (mark, x) => {
    const { left, right } = mark.getBoundingClientRect();
    return Math.max(left - x, x - right, 0);
  };
  on.pointerdown = ({ target, button, clientX }) => {
    const mark = target.closest(PERIOD);
    drag = button === 0 && mark ? { from: mark, to: mark, x: clientX } : null;
    isDragged = false;
  };
  on.pointermove = ({ clientX, pointerId }) => {
    if (drag?.x === undefined || Math.abs(clientX - drag.x) < DRAG_PX) return;
    const closer = (one, other) => (distance(other, clientX) < distance(one, clientX) ? other : one);
    const to = periods(drag.from).reduce(closer);
    if (to === drag.to) return;
    el.setPointerCapture(pointerId);
    isDragged = true;
    brush(drag.from, to);
  };
  on.pointerup = () => {
    if (isDragged && drag) choose();
    drag = null;
  };
  on.pointercancel = () => brush();

  // --- Focus and pointer: what a mark says is read out, and stands in the tooltip as a term's meaning does ---

  on.focusin = ({ target }) => {
    if (target.closest(MARKS)) say(target.dataset.tip ?? "");
    if (target.dataset.tip) tip.show(target);
    arrange();
  };
  on.focusout = ({ target }) => {
    if (tip.isOf(target)) tip.hide();
    setTimeout(showList);
  };
  on.pointerover = ({ target, pointerType }) => {
    const owner = target.closest("[data-tip]");
    if (tip.holds(target)) tip.stay();
    else if (owner && pointerType !== "touch" && !drag) tip.show(owner);
  };
  on.pointerout = ({ pointerType }) => pointerType === "touch" || tip.hideSoon();

  // --- Beginning and end ---

  // The static copy in the same output is hidden for as long as this view lives, whenever the page puts it there.
  el.dataset.viewOf = prefix;
  const [hiding, still] = [new CSSStyleSheet(), `[data-static-of="${CSS.escape(model.get("key"))}"]`];
  const outputs = [`.jp-OutputArea:has([data-view-of="${prefix}"])`, "body:not(:has(.jp-OutputArea))"];
  hiding.replaceSync(`:is(${outputs}) ${still} { display: none }`);
  document.adoptedStyleSheets.push(hiding);
  const ending = new AbortController();
  for (const [name, listener] of Object.entries(on)) el.addEventListener(name, listener, { signal: ending.signal });
  // Notebook 7 looks for its commands on the way down to the element with the focus, and has to come second.
  window.addEventListener("keydown", keydown, { capture: true, signal: ending.signal });
  model.on("change:html", draw);
  arrange();
  return () => {
    ending.abort();
    close();
    [typing, dating].forEach(clearTimeout);
    tip.hide();
    model.off("change:html", draw);
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== hiding);
  };
}

export default { render };
