// A customer's orders: the list, narrowed and page by page, live, with a button that deletes what is not wanted any more.
import { connect, follow, list } from "./ledger.js";

const PAGE_ORDERS = 5;
const [login, wanted, orders, told] = ["login", "wanted", "orders", "told"].map((id) => document.getElementById(id));
const [previous, next] = ["previous", "next"].map((id) => document.getElementById(id));

let ask; // as whoever is logged in
let shown; // the page of the list that is shown
let following; // aborted at the log-out
let turns = 0; // of showing; an answer that comes when the next was asked for is not shown

// Until here the button was disabled: without this script the form would put the token into the page's address.
login.querySelector("button").disabled = false;
told.textContent = "";

// What is told stays until the customer does the next thing: a change that is shown meanwhile does not take it away.
document.addEventListener("click", () => (told.textContent = ""), { capture: true });
wanted.addEventListener("change", () => (told.textContent = ""));

login.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { base, token } = Object.fromEntries(new FormData(login));
  ask = connect(base, token.trim());
  if (!(await show())) return;
  login.reset();
  [login.hidden, orders.hidden] = [true, false];
  following = new AbortController();
  follow(ask, changed, { last: shown.position, signal: following.signal }).catch((error) => {
    if (error.name !== "AbortError") logOut(error.message);
  });
});

wanted.addEventListener("change", () => show());
wanted.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("logout").addEventListener("click", () => logOut(""));
previous.addEventListener("click", () => show(shown.previous));
next.addEventListener("click", () => show(shown.next));

function logOut(why) {
  following?.abort();
  ask = shown = undefined;
  wanted.reset();
  [login.hidden, orders.hidden] = [false, true];
  orders.querySelector("tbody").replaceChildren();
  told.textContent = why;
}

// Shows a page of the list, the first one as it is wanted where none is named; says why where it cannot be had.
async function show(address = first(), mark) {
  const turn = ++turns;
  try {
    const page = await list(ask, address);
    if (turn !== turns) return false;
    if (!page.results.length && page.previous) return show(page.previous);
    shown = { ...page, address };
  } catch (error) {
    told.textContent = error.message;
    return false;
  }
  const several = shown.currencies.length > 1 ? ` in ${shown.currencies.join(", ")}` : "";
  document.getElementById("count").textContent = `${shown.count} ${shown.count === 1 ? "order" : "orders"}${several}`;
  [previous.disabled, next.disabled] = [!shown.previous, !shown.next];
  orders.querySelector("tbody").replaceChildren(...shown.results.map((order) => row(order, order.id === mark)));
  return true;
}

// What is wanted, without what is left empty.
function first() {
  return { limit: PAGE_ORDERS, ...Object.fromEntries([...new FormData(wanted)].filter(([, value]) => value)) };
}

// An order is another now, or new, or gone: the page is shown again as it is behind that.
function changed(event, order, position) {
  show(at(position), order.id);
}

// The address that is shown, read as of a position of the ledger at least.
function at(position) {
  if (typeof shown.address !== "string") return { ...shown.address, min_position: position };
  const address = new URL(shown.address);
  address.searchParams.set("min_position", position);
  return String(address);
}

function row(order, isMarked) {
  const made = document.getElementById("row").content.cloneNode(true).firstElementChild;
  const set = (selector, text) => (made.querySelector(selector).textContent = text);
  made.dataset.id = order.id;
  made.dataset.status = order.status;
  made.classList.toggle("changed", isMarked);
  set("time", new Date(order.created).toLocaleString());
  set(".items", order.items.map((item) => `${item.quantity} × ${item.product?.name ?? "item"}`).join(", "));
  set(".total", shown.currencies.length === 1 ? `${order.total_amount} ${shown.currencies[0]}` : order.total_amount);
  set(".status", order.status.replace("_", " "));
  const button = made.querySelector(".delete");
  button.hidden = order.status !== "awaiting_payment";
  button.addEventListener("click", () => remove(order));
  return made;
}

// Deletes an order; where the rules say no, that is shown.
async function remove(order) {
  try {
    const answer = await ask(order.url, { method: "DELETE" });
    await show(at(answer.headers.get("Ledger-Position")));
  } catch (error) {
    told.textContent = error.message;
  }
}
