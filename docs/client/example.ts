// The API with types: a path, its parameters and its body go together, and the answer has its fields.
import type { components, paths } from "./ledger";

export type Order = components["schemas"]["StorefrontOrder"];
export type Payment = components["schemas"]["ReceivePayment"];
type Orders = paths["/api/v1/i/orders"]["get"];
type Page = Orders["responses"]["200"]["content"]["application/json"];
type Wanted = NonNullable<Orders["parameters"]["query"]>;

export async function unpaid(base: string, token: string): Promise<Order[]> {
  const wanted: Wanted = { status: "awaiting_payment", limit: 100 };
  const query = new URLSearchParams(Object.entries(wanted).map(([name, value]): [string, string] => [name, String(value)]));
  const answer = await fetch(new URL(`/api/v1/i/orders?${query}`, base), { headers: { Authorization: `Bearer ${token}` } });
  if (!answer.ok) {
    const problem: components["schemas"]["Problem"] = await answer.json();
    throw new Error(problem.detail);
  }
  const page: Page = await answer.json();
  return page.results;
}

export const payment: Payment = { provider: "stripe", reference: "pi_88", amount: "159.98", method: "card" };
