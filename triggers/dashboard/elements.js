// The page's elements. Data becomes text and attributes; nothing is ever read as markup.

function byId(id) {
  return document.getElementById(id);
}

function setText(element, text) {
  const told = String(text);
  if (element.textContent !== told) element.textContent = told;
}

function show(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function setState(element, name) {
  setText(element, name === null || name === undefined ? "–" : words(name));
  element.className = name ? `state ${mark(name)}`.trim() : "soft";
}

// Bring the children of `parent` in line with `items`, keeping the elements of those that stay: focus stays, too.
function reconcile(parent, items, keyOf, create, update) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let child = known.get(key);
    known.delete(key);
    if (!child) {
      child = create(item);
      child.dataset.key = key;
    }
    update(child, item);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  for (const child of known.values()) child.remove();
}

// A row with a header cell and as many further cells; `numbers` are the places of those that hold figures.
function row(count, numbers = []) {
  const line = make("tr", {}, make("th", { scope: "row" }));
  for (let index = 1; index < count; index += 1) {
    line.append(make("td", numbers.includes(index) ? { class: "n" } : {}));
  }
  return line;
}
