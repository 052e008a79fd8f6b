export class Problem extends Error {
  constructor(answer, body) {
    super(body.detail ?? `The answer was ${answer.status}.`);
    Object.assign(this, { status: answer.status, code: body.code, errors: body.errors ?? [] });
  }
}

const pause = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

// Asks as whoever has the token. What may be repeated is asked again where the service or the network is away.
export function connect(base, token) {
  return async function ask(address, { method = "GET", headers = {}, body, ...options } = {}) {
    const typed = body && { "Content-Type": "application/json" };
    const request = { method, headers: { Authorization: `Bearer ${token}`, ...typed, ...headers }, ...options };
    if (body) request.body = JSON.stringify(body);
    const url = address.startsWith("/") ? base.replace(/\/$/, "") + address : address;
    const mayRepeat = method !== "POST" || "Idempotency-Key" in headers;
    for (let attempt = 1; ; attempt++) {
      const answer = await fetch(url, request).catch((error) => {
        if (!mayRepeat || attempt === 5 || error.name === "AbortError") throw error;
      });
      if (answer?.ok) return answer;
      const isAway = !answer || [429, 502, 503, 504].includes(answer.status);
      if (!isAway || !mayRepeat || attempt === 5) throw new Problem(answer, await answer.json().catch(() => ({})));
      await pause(Number(answer?.headers.get("Retry-After")) || 2 ** attempt / 4);
    }
  };
}

// A page of the customer's orders, the newest first: by what is wanted of them, or by another page's `next`.
export async function list(ask, wanted = {}) {
  const answer = await ask(typeof wanted === "string" ? wanted : `/api/v1/i/orders/?${new URLSearchParams(wanted)}`);
  return {
    ...(await answer.json()),
    currencies: answer.headers.get("Ledger-Currencies")?.split(", ") ?? [],
    position: answer.headers.get("Ledger-Position"),
  };
}

// Records a payment, once, however often it is called. `ask` is the back end's.
export async function pay(ask, order, payment) {
  const headers = { "Idempotency-Key": `payment-${payment.provider}-${payment.reference}` };
  const answer = await ask(`/api/v1/orders/${order}/payments`, { method: "POST", headers, body: payment });
  return answer.json();
}

// Calls `onOrder(event, order, position)` for each change until the signal says stop, and goes on where it was when the
// connection breaks. Throws a Problem where the token is not taken any longer.
export async function follow(ask, onOrder, { last, signal } = {}) {
  for (;;) {
    try {
      const headers = last ? { "Last-Event-ID": last } : {};
      const answer = await ask("/api/v1/i/orders/stream", { headers, signal });
      last ??= answer.headers.get("Ledger-Position");
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = ""; ; ) {
        const { value, done } = await reader.read();
        if (done) break;
        const frames = (text += value).split("\n\n");
        text = frames.pop();
        for (const frame of frames) {
          const field = (name) => frame.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1];
          if (!field("data")) continue;
          last = field("id");
          onOrder(field("event") ?? "message", JSON.parse(field("data")), last);
        }
      }
    } catch (error) {
      if (error.name === "AbortError" || (error.status >= 400 && error.status < 500)) throw error;
    }
    await pause(1);
  }
}
