// Made by `make types` of openapi.json, whose SHA-256 is 9d914b511cd3de8ec16036a9f66d6bc0d5e35aec9831e1588039af91401822ec.
export interface paths {
    "/api/shop/customers/me/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A customer's orders (shop)
         * @description Takes a customer's key.
         */
        get: operations["listShopOrders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/shop/customers/me/orders/{order_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One of a customer's orders (shop)
         * @description Takes a customer's key.
         */
        get: operations["getShopOrder"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/i/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A customer's orders (storefront)
         * @description Takes a customer's key.
         */
        get: operations["listStorefrontOrders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/i/orders/{order_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One of a customer's orders (storefront)
         * @description Takes a customer's key.
         */
        get: operations["getStorefrontOrder"];
        put?: never;
        post?: never;
        /**
         * A customer deletes an order on which nothing is paid
         * @description Takes a customer's key.
         */
        delete: operations["deleteStorefrontOrder"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All customers' orders; by metadata, too: `metadata.utm_source=newsletter`
         * @description Takes a key with the scope `orders:read`.
         */
        get: operations["listOrders"];
        put?: never;
        /**
         * Create an order
         * @description Takes a key with the scope `orders:write`.
         */
        post: operations["createOrder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders:batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create many orders with their histories, from JSON Lines; each line is recorded or refused for itself
         * @description Takes a key with the scope `orders:write`.
         */
        post: operations["createOrders"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{order_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One order
         * @description Takes a key with the scope `orders:read`.
         */
        get: operations["getOrder"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change an order's details
         * @description Takes a key with the scope `orders:write`.
         */
        patch: operations["changeOrder"];
        trace?: never;
    };
    "/api/v1/orders/{order_id}/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add an item
         * @description Takes a key with the scope `orders:write`.
         */
        post: operations["addItem"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{order_id}/items/{item}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove an item
         * @description Takes a key with the scope `orders:write`.
         */
        delete: operations["removeItem"];
        options?: never;
        head?: never;
        /**
         * Change an item
         * @description Takes a key with the scope `orders:write`.
         */
        patch: operations["changeItem"];
        trace?: never;
    };
    "/api/v1/orders/{order_id}/customer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a guest's order to a customer
         * @description Takes a key with the scope `orders:write`.
         */
        post: operations["giveToCustomer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{order_id}/charges": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set all charges
         * @description Takes a key with the scope `orders:write`.
         */
        put: operations["setCharges"];
        /**
         * Add a charge
         * @description Takes a key with the scope `orders:write`.
         */
        post: operations["addCharge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{order_id}/charges/{charge}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove a charge
         * @description Takes a key with the scope `orders:write`.
         */
        delete: operations["removeCharge"];
        options?: never;
        head?: never;
        /**
         * Change a charge
         * @description Takes a key with the scope `orders:write`.
         */
        patch: operations["changeCharge"];
        trace?: never;
    };
    "/api/v1/orders/{order_id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the status
         * @description Takes a key with the scope `orders:write`.
         */
        post: operations["changeStatus"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{order_id}/payments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A payment was received
         * @description Takes a key with the scope `orders:write`.
         */
        post: operations["recordReceivePayment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{order_id}/refunds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Money was given back
         * @description Takes a key with the scope `orders:write`.
         */
        post: operations["recordRefundPayment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{order_id}/payment-failures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A payment was pulled back
         * @description Takes a key with the scope `orders:write`.
         */
        post: operations["recordFailPayment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{order_id}/refund-failures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A refund did not arrive
         * @description Takes a key with the scope `orders:write`.
         */
        post: operations["recordFailRefund"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{order_id}/chargebacks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A payment was charged back
         * @description Takes a key with the scope `orders:write`.
         */
        post: operations["recordChargeBack"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{order_id}/chargeback-reversals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A chargeback was reversed
         * @description Takes a key with the scope `orders:write`.
         */
        post: operations["recordReverseChargeback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{order_id}/voids": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A payment was recorded by mistake
         * @description Takes a key with the scope `finance:write`.
         */
        post: operations["recordVoidPayment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/customers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Each customer's sums ordered, paid and refunded, by currency
         * @description Takes a key with the scope `orders:read`.
         */
        get: operations["listCustomers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/customers/{customer_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One customer, with the sums of each currency
         * @description Takes a key with the scope `orders:read`.
         */
        get: operations["getCustomer"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The log, in order
         * @description Takes a key with the scope `audit:read`.
         */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/events/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The log as it grows, by server-sent events
         * @description Takes a key with the scope `audit:read`.
         */
        get: operations["followEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/i/orders/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A customer's orders as they change, by server-sent events
         * @description Takes a customer's key.
         */
        get: operations["followOwnOrders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The signed head of the log
         * @description Takes a key with the scope `audit:read`.
         */
        get: operations["getCheckpoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/orders/{order_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An order as it stood at a moment, from the events alone
         * @description Takes a key with the scope `audit:read`.
         */
        get: operations["getOrderThen"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/orders/{order_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One order's events
         * @description Takes a key with the scope `audit:read`.
         */
        get: operations["listOrderEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/orders/{order_id}/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The changes of each field between two versions
         * @description Takes a key with the scope `audit:read`.
         */
        get: operations["listOrderChanges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/orders/{order_id}/evidence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An order's history with its proofs, to be checked offline
         * @description Takes a key with the scope `audit:read`.
         */
        get: operations["getEvidence"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/ledger-key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The public signing key, and the earlier ones */
        get: operations["getPublicKey"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/payments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The payment journal; CSV and XLSX have all of it
         * @description Takes a key with the scope `finance:read`.
         */
        get: operations["listPayments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The sums of payments and refunds, by group
         * @description Takes a key with the scope `finance:read`.
         */
        get: operations["getSummary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/periods": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The closed periods, sorted by month
         * @description Takes a key with the scope `finance:read`.
         */
        get: operations["listPeriods"];
        put?: never;
        /**
         * Close a provider's month, once and for ever
         * @description Takes a key with the scope `finance:write`.
         */
        post: operations["closePeriod"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/periods/{period}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The report of a provider's month, as JSON or CSV; that of a closed month is the same for ever
         * @description Takes a key with the scope `finance:read`.
         */
        get: operations["getPeriodReport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/reconciliations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The reconciliations of settlement files
         * @description Takes a key with the scope `finance:read`.
         */
        get: operations["listReconciliations"];
        put?: never;
        /**
         * Reconcile a settlement file with the journal; a large file is answered with 202 and the URL of its progress
         * @description Takes a key with the scope `finance:write`.
         */
        post: operations["createReconciliation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/reconciliations/{reconciliation}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A reconciliation, with a page of its results
         * @description Takes a key with the scope `finance:read`.
         */
        get: operations["getReconciliation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/reconciliations/{reconciliation}/file": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The file of a reconciliation, byte for byte
         * @description Takes a key with the scope `finance:read`.
         */
        get: operations["getReconciliationFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/reconciliations/{reconciliation}/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The rules of a reconciliation, byte for byte
         * @description Takes a key with the scope `finance:read`.
         */
        get: operations["getReconciliationRules"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/reconciliations/{reconciliation}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The report of a reconciliation, byte for byte
         * @description Takes a key with the scope `finance:read`.
         */
        get: operations["getReconciliationReport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/reconciliations/{reconciliation}/evidence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A reconciliation's history with its proofs, to be checked offline
         * @description Takes a key with the scope `finance:read`.
         */
        get: operations["getReconciliationEvidence"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/reconciliations/{reconciliation}/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decide: confirm
         * @description Takes a key with the scope `finance:write`.
         */
        post: operations["confirmReconciliation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/reconciliations/{reconciliation}/break": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decide: break
         * @description Takes a key with the scope `finance:write`.
         */
        post: operations["breakReconciliation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/reconciliations/{reconciliation}/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decide: explain
         * @description Takes a key with the scope `finance:write`.
         */
        post: operations["explainReconciliation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/reconciliations/{reconciliation}/match": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Match lines with payments by hand
         * @description Takes a key with the scope `finance:write`.
         */
        post: operations["matchReconciliation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/reconciliations/{reconciliation}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decide: undo
         * @description Takes a key with the scope `finance:write`.
         */
        post: operations["undoReconciliation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/reconciliations/{reconciliation}/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decide of many results at once
         * @description Takes a key with the scope `finance:write`.
         */
        post: operations["decisionsReconciliation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/reconciliations/{reconciliation}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close a reconciliation on which nothing is open
         * @description Takes a key with the scope `finance:write`.
         */
        post: operations["closeReconciliation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/reconciliations/{reconciliation}/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Match again, with the payments recorded since
         * @description Takes a key with the scope `finance:write`.
         */
        post: operations["runReconciliation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/finance/reconciliations/{reconciliation}/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a reconciliation back: it stays in the history, and nothing of it counts
         * @description Takes a key with the scope `finance:write`.
         */
        post: operations["withdrawReconciliation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/privacy/customers/{customer_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A customer's personal data: the parts kept and until when, and the erasures
         * @description Takes a key with the scope `privacy:read`.
         */
        get: operations["getPrivacy"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/privacy/customers/{customer_id}/erasures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The erasures
         * @description Takes a key with the scope `privacy:read`.
         */
        get: operations["listCustomerErasures"];
        put?: never;
        /**
         * Erase personal data by destroying their keys; a repeat answers 200 and records nothing
         * @description Takes a key with the scope `privacy:write`.
         */
        post: operations["eraseCustomer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/privacy/orders/{order_id}/erasures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The erasures
         * @description Takes a key with the scope `privacy:read`.
         */
        get: operations["listOrderErasures"];
        put?: never;
        /**
         * Erase personal data by destroying their keys; a repeat answers 200 and records nothing
         * @description Takes a key with the scope `privacy:write`.
         */
        post: operations["eraseOrder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/privacy/customers/{customer_id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A copy of a customer's data, for the customer
         * @description Takes a key with the scope `privacy:read`.
         */
        get: operations["exportCustomer"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/privacy/erasures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every erasure
         * @description Takes a key with the scope `privacy:read`.
         */
        get: operations["listErasures"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every access key
         * @description Takes a key with the scope `keys:write`.
         */
        get: operations["listKeys"];
        put?: never;
        /**
         * Make a key; its secret is shown only here
         * @description Takes a key with the scope `keys:write`.
         */
        post: operations["createKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One access key
         * @description Takes a key with the scope `keys:write`.
         */
        get: operations["getKey"];
        put?: never;
        post?: never;
        /**
         * Revoke a key
         * @description Takes a key with the scope `keys:write`.
         */
        delete: operations["revokeKey"];
        options?: never;
        head?: never;
        /**
         * Change a key's scopes, end or origins
         * @description Takes a key with the scope `keys:write`.
         */
        patch: operations["changeKey"];
        trace?: never;
    };
    "/api/v1/keys/{name}/rotations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a key a new secret
         * @description Takes a key with the scope `keys:write`.
         */
        post: operations["rotateKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every webhook
         * @description Takes a key with the scope `webhooks:read`.
         */
        get: operations["listWebhooks"];
        put?: never;
        /**
         * Subscribe a URL to events
         * @description Takes a key with the scope `webhooks:write`.
         */
        post: operations["createWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhook_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One webhook
         * @description Takes a key with the scope `webhooks:read`.
         */
        get: operations["getWebhook"];
        put?: never;
        post?: never;
        /**
         * Remove a webhook
         * @description Takes a key with the scope `webhooks:write`.
         */
        delete: operations["deleteWebhook"];
        options?: never;
        head?: never;
        /**
         * Change a webhook
         * @description Takes a key with the scope `webhooks:write`.
         */
        patch: operations["changeWebhook"];
        trace?: never;
    };
    "/api/v1/webhooks/{webhook_id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a webhook a new secret
         * @description Takes a key with the scope `webhooks:write`.
         */
        post: operations["rotateWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhook_id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Enable a webhook that was disabled
         * @description Takes a key with the scope `webhooks:write`.
         */
        post: operations["enableWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhook_id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The deliveries of events to a webhook
         * @description Takes a key with the scope `webhooks:read`.
         */
        get: operations["listDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send an event again
         * @description Takes a key with the scope `webhooks:write`.
         */
        post: operations["replayDelivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process answers */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the service is fit to serve */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** AccessKeys */
        AccessKeys: {
            count: number;
            next: string | null;
            previous: string | null;
            results: components["schemas"]["Key"][];
        };
        /** AccessKeysPart */
        AccessKeysPart: {
            count: number;
            next: string | null;
            previous: string | null;
            results: components["schemas"]["KeyPart"][];
        };
        /** AddCharge */
        AddCharge: {
            /** @enum {unknown} */
            kind: "duty" | "fee" | "gift_wrap" | "tax" | "tip";
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount: string | number;
            /** @default null */
            name?: string | null;
            /** @default null */
            rate?: (string | number) | null;
            /** @default false */
            included?: boolean;
            /** @default null */
            item?: number | null;
        };
        /** AddItem */
        AddItem: {
            /** @default null */
            product?: components["schemas"]["EventsProduct"] | null;
            /** @default null */
            variant?: number | null;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            unit_price?: string | number;
            /** @default 1 */
            quantity?: number;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            shipping?: string | number;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            discount_amount?: string | number;
            /** @default null */
            offer?: number | null;
            metadata?: {
                [key: string]: string;
            } | null;
        };
        /**
         * AuditEvent
         * @description A record of the log. `data` has the event as it is stored, `summary` the event in words.
         */
        AuditEvent: {
            log: string;
            position: number;
            order: string | null;
            order_id: number | null;
            reconciliation?: string;
            period?: string;
            access_key?: string;
            version: number;
            type: string;
            topic: string;
            /** Format: date-time */
            occurred_at: string;
            /** Format: date-time */
            recorded_at: string;
            actor: string;
            request_id: string | null;
            idempotency_key: string | null;
            summary: string;
            data: Record<string, never>;
            personal?: Record<string, never>;
            digest: string;
        };
        /**
         * AuditEventPart
         * @description A record of the log. `data` has the event as it is stored, `summary` the event in words.
         */
        AuditEventPart: {
            log?: string;
            position?: number;
            order?: string | null;
            order_id?: number | null;
            reconciliation?: string;
            period?: string;
            access_key?: string;
            version?: number;
            type?: string;
            topic?: string;
            /** Format: date-time */
            occurred_at?: string;
            /** Format: date-time */
            recorded_at?: string;
            actor?: string;
            request_id?: string | null;
            idempotency_key?: string | null;
            summary?: string;
            data?: Record<string, never>;
            personal?: Record<string, never>;
            digest?: string;
        };
        /** AuditEvents */
        AuditEvents: {
            events: components["schemas"]["AuditEvent"][];
            next: string | null;
        };
        /** AuditEventsPart */
        AuditEventsPart: {
            events: components["schemas"]["AuditEventPart"][];
            next: string | null;
        };
        /**
         * BatchResult
         * @description The outcome of one line of a batch; the answer is JSON Lines. `status` is the HTTP status of the line alone; the
         *         position is null where nothing is recorded.
         */
        BatchResult: {
            line: number;
            status: number;
            /** @enum {unknown} */
            outcome: "created" | "refused" | "there";
            id?: number;
            /** Format: uuid */
            uuid?: string;
            key?: string;
            version?: number;
            position?: string | null;
            problem?: components["schemas"]["Problem"];
            dry_run?: boolean;
            events?: components["schemas"]["TriedEvent"][];
            order?: components["schemas"]["OrderDocument"];
        };
        /** BillingAddress */
        BillingAddress: {
            street_address: string | null;
            postal_code: number | string | null;
            city: string | null;
            state: string | null;
            country: string | null;
        };
        /** Change */
        Change: {
            field: string;
            from: unknown;
            to: unknown;
            version: number;
            position: number;
            type: string;
            summary: string;
            actor: string;
            request_id: string | null;
            /** Format: date-time */
            occurred_at: string;
            /** Format: date-time */
            recorded_at: string;
        };
        /** ChangeKey */
        ChangeKey: {
            scopes?: string[];
            expires_at?: string | null;
            origins?: string[];
        };
        /**
         * ChangeOrder
         * @description Changes an order's details. A field that is left out stays as it is; null empties it.
         */
        ChangeOrder: {
            shipping_country?: components["schemas"]["Country"] | null;
            shipping_state?: components["schemas"]["State"] | null;
            shipping_city?: components["schemas"]["EventsCity"] | null;
            shipping_address?: string | null;
            shipping_postal_code?: string | null;
            shipping_national_code?: string | null;
            shipping_mobile_number?: string | null;
            shipping_first_name?: string | null;
            shipping_last_name?: string | null;
            charges?: components["schemas"]["NewCharge"][] | null;
            metadata?: {
                [key: string]: string;
            } | null;
            external_ids?: {
                [key: string]: string;
            } | null;
            notes?: string | null;
            billing_country?: components["schemas"]["Country"] | null;
            billing_state?: components["schemas"]["State"] | null;
            billing_city?: components["schemas"]["EventsCity"] | null;
            billing_address?: string | null;
            billing_postal_code?: string | null;
            billing_national_code?: string | null;
            billing_mobile_number?: string | null;
            billing_first_name?: string | null;
            billing_last_name?: string | null;
            payment_method?: components["schemas"]["EventsMethod"] | null;
            shipping_method?: components["schemas"]["EventsMethod"] | null;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            shipping_cost?: string | number;
            voucher?: components["schemas"]["NewVoucher"] | null;
        };
        /** ChangePart */
        ChangePart: {
            field?: string;
            from?: unknown;
            to?: unknown;
            version?: number;
            position?: number;
            type?: string;
            summary?: string;
            actor?: string;
            request_id?: string | null;
            /** Format: date-time */
            occurred_at?: string;
            /** Format: date-time */
            recorded_at?: string;
        };
        /** ChangeStatus */
        ChangeStatus: {
            /** @enum {unknown} */
            status: "cancelled" | "completed" | "deleted" | "failed" | "hold" | "new" | "processing" | "refunded" | "shipped";
            /** @default null */
            reason?: string | null;
        };
        /**
         * ChangedCharge
         * @description The changed fields of a charge. A field that is left out stays as it is; null empties it.
         */
        ChangedCharge: {
            /** @enum {unknown} */
            kind?: "duty" | "fee" | "gift_wrap" | "tax" | "tip";
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount?: string | number;
            name?: string | null;
            rate?: (string | number) | null;
            included?: boolean;
            item?: number | null;
        };
        /**
         * ChangedItem
         * @description The changed fields of an item. A field that is left out stays as it is.
         */
        ChangedItem: {
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            unit_price?: string | number;
            quantity?: number;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            shipping?: string | number;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            discount_amount?: string | number;
            metadata?: {
                [key: string]: string;
            } | null;
        };
        /** ChangedWebhook */
        ChangedWebhook: {
            url?: string;
            event_types?: string[];
            enabled?: boolean;
        };
        /** Changes */
        Changes: {
            /** Format: uuid */
            order: string;
            order_id: number;
            from: number;
            to: number;
            changes: components["schemas"]["Change"][];
            next?: number;
        };
        /** ChangesPart */
        ChangesPart: {
            /** Format: uuid */
            order: string;
            order_id: number;
            from: number;
            to: number;
            changes: components["schemas"]["ChangePart"][];
            next?: number;
        };
        /** Charge */
        Charge: {
            /** @enum {unknown} */
            kind: "duty" | "fee" | "gift_wrap" | "tax" | "tip";
            name: string | null;
            rate: string | null;
            /** @description An exact amount, as text. */
            amount: string;
            included: boolean;
            item: number | null;
        };
        /** ChargeBack */
        ChargeBack: {
            reference: string;
            provider: string;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount: string | number;
            /** @default null */
            reason?: string | null;
            /** @default false */
            force?: boolean;
            /** @default null */
            payment_reference?: string | null;
            /** @default null */
            charged_back_at?: string | null;
            /** @default false */
            owed_again?: boolean;
        };
        /** City */
        City: {
            id: number | null;
            name: string | null;
        };
        /**
         * Close
         * @description `period` is a month, like 2026-03.
         */
        Close: {
            period: string;
            provider: string;
        };
        /** Country */
        Country: {
            /** @default null */
            id?: number | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            code?: string | null;
        };
        /**
         * Customer
         * @description A customer. A guest, whom staff alone see, has no id but a contact.
         */
        Customer: {
            id: number | null;
            username: string | null;
            full_name: string;
            email?: string | null;
            first_name?: string | null;
            last_name?: string | null;
            phone?: string | null;
        };
        /**
         * CustomerRow
         * @description A customer's sums in one currency.
         */
        CustomerRow: {
            currency: string;
            orders: number;
            first_order_at: string | null;
            last_order_at: string | null;
            /** @description An exact amount, as text. */
            ordered: string;
            /** @description An exact amount, as text. */
            received: string;
            /** @description An exact amount, as text. */
            refunded: string;
            /** @description An exact amount, as text. */
            outstanding: string;
            id: number;
            username: string | null;
            email: string | null;
            first_name: string | null;
            last_name: string | null;
            phone: string | null;
        };
        /**
         * CustomerRowPart
         * @description A customer's sums in one currency.
         */
        CustomerRowPart: {
            currency?: string;
            orders?: number;
            first_order_at?: string | null;
            last_order_at?: string | null;
            /** @description An exact amount, as text. */
            ordered?: string;
            /** @description An exact amount, as text. */
            received?: string;
            /** @description An exact amount, as text. */
            refunded?: string;
            /** @description An exact amount, as text. */
            outstanding?: string;
            id?: number;
            username?: string | null;
            email?: string | null;
            first_name?: string | null;
            last_name?: string | null;
            phone?: string | null;
        };
        /** CustomerSums */
        CustomerSums: {
            currency: string;
            orders: number;
            first_order_at: string | null;
            last_order_at: string | null;
            /** @description An exact amount, as text. */
            ordered: string;
            /** @description An exact amount, as text. */
            received: string;
            /** @description An exact amount, as text. */
            refunded: string;
            /** @description An exact amount, as text. */
            outstanding: string;
        };
        /** Customers */
        Customers: {
            count: number;
            next: string | null;
            previous: string | null;
            results: components["schemas"]["CustomerRow"][];
        };
        /** CustomersPart */
        CustomersPart: {
            count: number;
            next: string | null;
            previous: string | null;
            results: components["schemas"]["CustomerRowPart"][];
        };
        /** Deliveries */
        Deliveries: {
            deliveries: components["schemas"]["Delivery"][];
            next: string | null;
        };
        /** DeliveriesPart */
        DeliveriesPart: {
            deliveries: components["schemas"]["DeliveryPart"][];
            next: string | null;
        };
        /**
         * Delivery
         * @description The delivery of an event to a webhook, with the answer to its last attempt.
         */
        Delivery: {
            id: string;
            /** @description A position of the log; opaque to clients. */
            position: string;
            order: string;
            type: string;
            /** @enum {unknown} */
            status: "delivered" | "waiting";
            attempts: number;
            attempted_at: string | null;
            next_at: string | null;
            answer_status: number | null;
            answer: string | null;
            error: string | null;
            milliseconds: number | null;
        };
        /**
         * DeliveryPart
         * @description The delivery of an event to a webhook, with the answer to its last attempt.
         */
        DeliveryPart: {
            id?: string;
            /** @description A position of the log; opaque to clients. */
            position?: string;
            order?: string;
            type?: string;
            /** @enum {unknown} */
            status?: "delivered" | "waiting";
            attempts?: number;
            attempted_at?: string | null;
            next_at?: string | null;
            answer_status?: number | null;
            answer?: string | null;
            error?: string | null;
            milliseconds?: number | null;
        };
        /**
         * Erase
         * @description The body of an erasure. Without a body both parts are erased.
         */
        Erase: {
            /**
             * @default [
             *       "contact",
             *       "invoice"
             *     ]
             */
            parts?: ("contact" | "invoice")[];
            /** @default request */
            basis?: string;
            /** @default null */
            reference?: string | null;
            /** @default false */
            force?: boolean;
        };
        /**
         * ErasedParts
         * @description The personal parts that were erased, and the parts that are kept but not shown.
         */
        ErasedParts: {
            erased: ("contact" | "invoice")[];
            restricted: ("contact" | "invoice")[];
        };
        /**
         * Erasure
         * @description An erasure. Where nothing was left to erase, nothing is recorded, and the id is that of the last erasure. A trial
         *         has no id; it names the orders and counts the keys that would be destroyed.
         */
        Erasure: {
            id: string | null;
            subject: string;
            basis: string;
            reference: string | null;
            erased: ("contact" | "invoice")[];
            orders: string[];
            keys_destroyed: number;
            recorded: boolean;
            dry_run?: boolean;
        };
        /**
         * ErasureShown
         * @description An erasure, as one order or one reconciliation recorded it; the subject names the reconciliation.
         */
        ErasureShown: {
            id: string;
            subject: string;
            order: string | null;
            at: string;
            actor: string;
            basis: string;
            reference: string | null;
            erased: string[];
            restricted: string[];
            until: string | null;
            keys_destroyed: number;
            position: number;
        };
        /**
         * ErasureShownPart
         * @description An erasure, as one order or one reconciliation recorded it; the subject names the reconciliation.
         */
        ErasureShownPart: {
            id?: string;
            subject?: string;
            order?: string | null;
            at?: string;
            actor?: string;
            basis?: string;
            reference?: string | null;
            erased?: string[];
            restricted?: string[];
            until?: string | null;
            keys_destroyed?: number;
            position?: number;
        };
        /** Erasures */
        Erasures: {
            erasures: components["schemas"]["ErasureShown"][];
        };
        /** ErasuresPart */
        ErasuresPart: {
            erasures: components["schemas"]["ErasureShownPart"][];
        };
        /** EventsCity */
        EventsCity: {
            /** @default null */
            id?: number | null;
            /** @default null */
            name?: string | null;
        };
        /** EventsImage */
        EventsImage: {
            /** @default null */
            id?: number | null;
            /** @default null */
            type?: string | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            size?: number | null;
            /** @default null */
            human_readable_size?: string | null;
            /** @default null */
            f?: string | null;
            /** @default null */
            width?: number | null;
            /** @default null */
            height?: number | null;
            /** @default null */
            mode?: string | null;
            /** @default [] */
            thumbnails?: components["schemas"]["EventsThumbnail"][];
        };
        /**
         * EventsMethod
         * @description A payment or shipping method.
         */
        EventsMethod: {
            /** @default null */
            id?: number | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            image?: components["schemas"]["EventsImage"] | null;
        };
        /** EventsProduct */
        EventsProduct: {
            /** @default null */
            id?: number | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            slug?: string | null;
        };
        /** EventsThumbnail */
        EventsThumbnail: {
            /** @default null */
            id?: number | null;
            /** @default null */
            f?: string | null;
            /** @default null */
            size?: number | null;
        };
        /**
         * Exchange
         * @description The exchange of a payment that settled in another currency. The last two fields are there where the rules have a
         *         rate for these currencies: the settled amount by that rate, and the amount settled beyond it, negative for a
         *         loss.
         */
        Exchange: {
            paid: string;
            currency: string;
            settled: string;
            settled_currency: string;
            expected?: string;
            gain?: string;
        };
        /** Explain */
        Explain: {
            results: string[];
            reason: string;
        };
        /** FailPayment */
        FailPayment: {
            reference: string;
            provider: string;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount: string | number;
            /** @default null */
            reason?: string | null;
            /** @default false */
            force?: boolean;
            /** @default null */
            payment_reference?: string | null;
            /** @default null */
            failed_at?: string | null;
        };
        /** FailRefund */
        FailRefund: {
            reference: string;
            provider: string;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount: string | number;
            /** @default null */
            reason?: string | null;
            /** @default false */
            force?: boolean;
            /** @default null */
            refund_reference?: string | null;
            /** @default null */
            failed_at?: string | null;
        };
        /** FieldFault */
        FieldFault: {
            field: string;
            message: string;
        };
        /** FormerSecret */
        FormerSecret: {
            prefix: string;
            expires_at: string;
        };
        /**
         * GiveToCustomer
         * @description Gives a guest's order to a customer. Fields that are left out stay as the guest gave them.
         */
        GiveToCustomer: {
            id: number;
            username?: string | null;
            email?: string | null;
            first_name?: string | null;
            last_name?: string | null;
            phone?: string | null;
        };
        /** Health */
        Health: {
            /** @enum {unknown} */
            status: "ok";
        };
        /** Image */
        Image: {
            id: number | null;
            type: string | null;
            name: string | null;
            size: number | null;
            human_readable_size: string | null;
            f: string | null;
            width: number | null;
            height: number | null;
            mode: string | null;
            thumbnails: components["schemas"]["Thumbnail"][];
        };
        /**
         * ImportOrder
         * @description One line of the import format: an order and its history, oldest entry first.
         */
        ImportOrder: {
            shipping_country?: components["schemas"]["Country"] | null;
            shipping_state?: components["schemas"]["State"] | null;
            shipping_city?: components["schemas"]["EventsCity"] | null;
            shipping_address?: string | null;
            shipping_postal_code?: string | null;
            shipping_national_code?: string | null;
            shipping_mobile_number?: string | null;
            shipping_first_name?: string | null;
            shipping_last_name?: string | null;
            charges?: components["schemas"]["NewCharge"][] | null;
            metadata?: {
                [key: string]: string;
            } | null;
            external_ids?: {
                [key: string]: string;
            } | null;
            /** @default null */
            key?: string | null;
            /** @default null */
            currency?: string | null;
            /** @default null */
            customer?: components["schemas"]["NewCustomer"] | null;
            /** @default null */
            payment_method?: components["schemas"]["EventsMethod"] | null;
            /** @default null */
            shipping_method?: components["schemas"]["EventsMethod"] | null;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            shipping_cost?: string | number;
            /** @default null */
            notes?: string | null;
            /** @default null */
            billing_country?: components["schemas"]["Country"] | null;
            /** @default null */
            billing_state?: components["schemas"]["State"] | null;
            /** @default null */
            billing_city?: components["schemas"]["EventsCity"] | null;
            /** @default null */
            billing_address?: string | null;
            /** @default null */
            billing_postal_code?: string | null;
            /** @default null */
            billing_national_code?: string | null;
            /** @default null */
            billing_mobile_number?: string | null;
            /** @default null */
            billing_first_name?: string | null;
            /** @default null */
            billing_last_name?: string | null;
            /** @default [] */
            items?: components["schemas"]["AddItem"][];
            /** @default null */
            voucher?: components["schemas"]["NewVoucher"] | null;
            /** @default null */
            id?: number | null;
            /** @default null */
            uuid?: string | null;
            /** @default null */
            created_at?: string | null;
            /** @default [] */
            history?: (components["schemas"]["PastPayment"] | components["schemas"]["PastRefund"] | components["schemas"]["PastPaymentFailure"] | components["schemas"]["PastRefundFailure"] | components["schemas"]["PastChargeback"] | components["schemas"]["PastChargebackReversal"] | components["schemas"]["PastVoid"] | components["schemas"]["PastStatus"] | components["schemas"]["PastItem"] | components["schemas"]["PastItemChange"] | components["schemas"]["PastItemRemoval"] | components["schemas"]["PastDetails"] | components["schemas"]["PastVoucher"] | components["schemas"]["PastCharges"] | components["schemas"]["PastCharge"] | components["schemas"]["PastChargeChange"] | components["schemas"]["PastChargeRemoval"] | components["schemas"]["PastCustomer"])[];
        };
        /** Item */
        Item: {
            /** @description The line's number in its order. */
            id: number;
            product: components["schemas"]["Product"] | null;
            variant: number | null;
            /** @description An exact amount, as text. */
            unit_price: string;
            quantity: number;
            /** @description An exact amount, as text. */
            shipping: string;
            /** @description An exact amount, as text. */
            discount_amount: string;
            /** @description An exact amount, as text. */
            total_price: string;
            offer: number | null;
        };
        /**
         * Key
         * @description An access key; its secret is shown only when it is new.
         */
        Key: {
            name: string;
            prefix: string;
            customer_id: number | null;
            scopes: string[];
            created_at: string;
            revoked_at: string | null;
            /** @default null */
            expires_at?: string | null;
            /** @default [] */
            origins?: string[];
            /** @default [] */
            former?: components["schemas"]["FormerSecret"][];
            last_used_at: string | null;
            key?: string;
        };
        /**
         * KeyPart
         * @description An access key; its secret is shown only when it is new.
         */
        KeyPart: {
            name?: string;
            prefix?: string;
            customer_id?: number | null;
            scopes?: string[];
            created_at?: string;
            revoked_at?: string | null;
            /** @default null */
            expires_at?: string | null;
            /** @default [] */
            origins?: string[];
            /** @default [] */
            former?: components["schemas"]["FormerSecret"][];
            last_used_at?: string | null;
            key?: string;
        };
        /** MakeKey */
        MakeKey: {
            /** @default null */
            name?: string | null;
            /** @default null */
            customer_id?: number | null;
            /** @default [] */
            scopes?: string[];
            /** @default null */
            expires_at?: string | null;
            /** @default [] */
            origins?: string[];
        };
        /**
         * Match
         * @description A match by hand. `lines` are rows of the file, `entries` positions of payments in the log.
         */
        Match: {
            lines: number[];
            entries: number[];
            /** @default null */
            reason?: string | null;
        };
        /**
         * Method
         * @description A payment or shipping method.
         */
        Method: {
            id: number | null;
            name: string | null;
            image: components["schemas"]["Image"] | null;
        };
        /**
         * Movement
         * @description A movement of money: a payment, a refund, or the reversal of one. Each kind has some of these fields.
         */
        Movement: {
            /** @enum {unknown} */
            kind: "chargeback" | "chargeback_reversal" | "payment" | "payment_failure" | "refund" | "refund_failure" | "void";
            /** @description An exact amount, as text. */
            amount: string;
            provider: string;
            reference: string;
            method?: string | null;
            payment_reference?: string | null;
            refund_reference?: string | null;
            chargeback_reference?: string | null;
            reason?: string | null;
            /** Format: date-time */
            received_at?: string;
            /** Format: date-time */
            refunded_at?: string;
            /** Format: date-time */
            failed_at?: string;
            /** Format: date-time */
            charged_back_at?: string;
            /** Format: date-time */
            reversed_at?: string;
            /** Format: date-time */
            voided_at?: string;
            owed_again?: boolean;
            lines?: components["schemas"]["RefundedLine"][];
            forced?: boolean;
        };
        /** NewCharge */
        NewCharge: {
            /** @enum {unknown} */
            kind: "duty" | "fee" | "gift_wrap" | "tax" | "tip";
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount: string | number;
            /** @default null */
            name?: string | null;
            /** @default null */
            rate?: (string | number) | null;
            /** @default false */
            included?: boolean;
            /** @default null */
            item?: number | null;
        };
        /**
         * NewCustomer
         * @description The customer of a new order; a guest where `id` is null.
         */
        NewCustomer: {
            /** @default null */
            id?: number | null;
            /** @default null */
            username?: string | null;
            /** @default null */
            email?: string | null;
            /** @default null */
            first_name?: string | null;
            /** @default null */
            last_name?: string | null;
            phone?: string | null;
        };
        /**
         * NewOrder
         * @description An order that a client creates. `items` is required, and may be empty.
         */
        NewOrder: {
            shipping_country?: components["schemas"]["Country"] | null;
            shipping_state?: components["schemas"]["State"] | null;
            shipping_city?: components["schemas"]["EventsCity"] | null;
            shipping_address?: string | null;
            shipping_postal_code?: string | null;
            shipping_national_code?: string | null;
            shipping_mobile_number?: string | null;
            shipping_first_name?: string | null;
            shipping_last_name?: string | null;
            charges?: components["schemas"]["NewCharge"][] | null;
            metadata?: {
                [key: string]: string;
            } | null;
            external_ids?: {
                [key: string]: string;
            } | null;
            key?: string | null;
            /** @default null */
            currency?: string | null;
            /** @default null */
            customer?: components["schemas"]["NewCustomer"] | null;
            /** @default null */
            payment_method?: components["schemas"]["EventsMethod"] | null;
            /** @default null */
            shipping_method?: components["schemas"]["EventsMethod"] | null;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            shipping_cost?: string | number;
            /** @default null */
            notes?: string | null;
            /** @default null */
            billing_country?: components["schemas"]["Country"] | null;
            /** @default null */
            billing_state?: components["schemas"]["State"] | null;
            /** @default null */
            billing_city?: components["schemas"]["EventsCity"] | null;
            /** @default null */
            billing_address?: string | null;
            /** @default null */
            billing_postal_code?: string | null;
            /** @default null */
            billing_national_code?: string | null;
            /** @default null */
            billing_mobile_number?: string | null;
            /** @default null */
            billing_first_name?: string | null;
            /** @default null */
            billing_last_name?: string | null;
            items: components["schemas"]["AddItem"][];
            /** @default null */
            voucher?: components["schemas"]["NewVoucher"] | null;
        };
        /** NewVoucher */
        NewVoucher: {
            /** @default null */
            code?: string | null;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            discount_amount?: string | number;
        };
        /**
         * NewWebhook
         * @description A new webhook. Without `event_types` it is sent all events; without `after` it begins at the log's head; without
         *         `secret` it is given a new one.
         */
        NewWebhook: {
            url: string;
            /** @default [] */
            event_types?: string[];
            /** @default null */
            secret?: string | null;
            /** @default null */
            after?: string | null;
        };
        /** Nothing */
        Nothing: Record<string, never>;
        /** OneCustomer */
        OneCustomer: {
            id: number;
            username: string | null;
            email: string | null;
            first_name: string | null;
            last_name: string | null;
            phone: string | null;
            currencies: components["schemas"]["CustomerSums"][];
        };
        /** OneCustomerPart */
        OneCustomerPart: {
            id?: number;
            username?: string | null;
            email?: string | null;
            first_name?: string | null;
            last_name?: string | null;
            phone?: string | null;
            currencies?: components["schemas"]["CustomerSums"][];
        };
        /**
         * OrderDocument
         * @description An order as staff and auditors see it: the shop's object, and more behind it.
         */
        OrderDocument: {
            id: number;
            key: string;
            /** @enum {unknown} */
            status: "cancelled" | "completed" | "deleted" | "failed" | "hold" | "new" | "processing" | "refunded" | "shipped";
            customer: components["schemas"]["Customer"] | null;
            payment_method: components["schemas"]["Method"] | null;
            shipping_method: components["schemas"]["Method"] | null;
            /** @description An exact amount, as a number. */
            shipping_cost: number;
            notes: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            billing_country: components["schemas"]["Place"] | null;
            billing_state: components["schemas"]["Place"] | null;
            billing_city: components["schemas"]["City"] | null;
            billing_address: string | null;
            billing_postal_code: string | null;
            billing_national_code: string | null;
            billing_mobile_number: string | null;
            billing_first_name: string | null;
            billing_last_name: string | null;
            /** @description Distinct products. */
            count: number;
            /** @description Units. */
            quantity: number;
            /** @description An exact amount, as a number. */
            items_subtotal: number;
            /** @description An exact amount, as a number. */
            items_discount: number;
            /** @description An exact amount, as a number. */
            subtotal: number;
            /** @description An exact amount, as a number. */
            total_discount: number;
            /** @description An exact amount, as a number. */
            total: number;
            /** @description An exact amount, as a number. */
            amount_paid: number;
            /** @description An exact amount, as a number. */
            amount_outstanding: number;
            is_paid: boolean;
            is_payable: boolean;
            /** @description An exact amount, as a number. */
            charges_total?: number;
            /** Format: uuid */
            uuid: string;
            version: number;
            currency: string;
            items: components["schemas"]["StaffItem"][];
            voucher: components["schemas"]["Voucher"] | null;
            payments: components["schemas"]["Movement"][];
            /** @enum {unknown} */
            storefront_status: "awaiting_payment" | "cancelled" | "delivered" | "paid";
            charges: components["schemas"]["Charge"][];
            shipping_country: components["schemas"]["Place"] | null;
            shipping_state: components["schemas"]["Place"] | null;
            shipping_city: components["schemas"]["City"] | null;
            shipping_address: string | null;
            shipping_postal_code: string | null;
            shipping_national_code: string | null;
            shipping_mobile_number: string | null;
            shipping_first_name: string | null;
            shipping_last_name: string | null;
            metadata: {
                [key: string]: string;
            };
            external_ids: {
                [key: string]: string;
            };
            personal?: components["schemas"]["ErasedParts"];
        };
        /**
         * OrderDocumentPart
         * @description An order as staff and auditors see it: the shop's object, and more behind it.
         */
        OrderDocumentPart: {
            id?: number;
            key?: string;
            /** @enum {unknown} */
            status?: "cancelled" | "completed" | "deleted" | "failed" | "hold" | "new" | "processing" | "refunded" | "shipped";
            customer?: components["schemas"]["Customer"] | null;
            payment_method?: components["schemas"]["Method"] | null;
            shipping_method?: components["schemas"]["Method"] | null;
            /** @description An exact amount, as a number. */
            shipping_cost?: number;
            notes?: string | null;
            /** Format: date-time */
            created_at?: string;
            /** Format: date-time */
            updated_at?: string;
            billing_country?: components["schemas"]["Place"] | null;
            billing_state?: components["schemas"]["Place"] | null;
            billing_city?: components["schemas"]["City"] | null;
            billing_address?: string | null;
            billing_postal_code?: string | null;
            billing_national_code?: string | null;
            billing_mobile_number?: string | null;
            billing_first_name?: string | null;
            billing_last_name?: string | null;
            /** @description Distinct products. */
            count?: number;
            /** @description Units. */
            quantity?: number;
            /** @description An exact amount, as a number. */
            items_subtotal?: number;
            /** @description An exact amount, as a number. */
            items_discount?: number;
            /** @description An exact amount, as a number. */
            subtotal?: number;
            /** @description An exact amount, as a number. */
            total_discount?: number;
            /** @description An exact amount, as a number. */
            total?: number;
            /** @description An exact amount, as a number. */
            amount_paid?: number;
            /** @description An exact amount, as a number. */
            amount_outstanding?: number;
            is_paid?: boolean;
            is_payable?: boolean;
            /** @description An exact amount, as a number. */
            charges_total?: number;
            /** Format: uuid */
            uuid?: string;
            version?: number;
            currency?: string;
            items?: components["schemas"]["StaffItem"][];
            voucher?: components["schemas"]["Voucher"] | null;
            payments?: components["schemas"]["Movement"][];
            /** @enum {unknown} */
            storefront_status?: "awaiting_payment" | "cancelled" | "delivered" | "paid";
            charges?: components["schemas"]["Charge"][];
            shipping_country?: components["schemas"]["Place"] | null;
            shipping_state?: components["schemas"]["Place"] | null;
            shipping_city?: components["schemas"]["City"] | null;
            shipping_address?: string | null;
            shipping_postal_code?: string | null;
            shipping_national_code?: string | null;
            shipping_mobile_number?: string | null;
            shipping_first_name?: string | null;
            shipping_last_name?: string | null;
            metadata?: {
                [key: string]: string;
            };
            external_ids?: {
                [key: string]: string;
            };
            personal?: components["schemas"]["ErasedParts"];
        };
        /**
         * OrderDocuments
         * @description A page of all customers' orders; behind a position it has no count.
         */
        OrderDocuments: {
            next: string | null;
            previous: string | null;
            results: components["schemas"]["OrderDocument"][];
            count?: number;
        };
        /**
         * OrderDocumentsPart
         * @description A page of all customers' orders; behind a position it has no count.
         */
        OrderDocumentsPart: {
            next: string | null;
            previous: string | null;
            results: components["schemas"]["OrderDocumentPart"][];
            count?: number;
        };
        /** PastCharge */
        PastCharge: {
            /** @enum {unknown} */
            type: "charge_added";
            /** @enum {unknown} */
            kind: "duty" | "fee" | "gift_wrap" | "tax" | "tip";
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount: string | number;
            /** @default null */
            name?: string | null;
            /** @default null */
            rate?: (string | number) | null;
            /** @default false */
            included?: boolean;
            /** @default null */
            item?: number | null;
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
        };
        /** PastChargeChange */
        PastChargeChange: {
            /** @enum {unknown} */
            type: "charge_changed";
            /** @enum {unknown} */
            kind?: "duty" | "fee" | "gift_wrap" | "tax" | "tip";
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount?: string | number;
            name?: string | null;
            rate?: (string | number) | null;
            included?: boolean;
            item?: number | null;
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
            charge: number;
        };
        /** PastChargeRemoval */
        PastChargeRemoval: {
            /** @enum {unknown} */
            type: "charge_removed";
            charge: number;
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
        };
        /** PastChargeback */
        PastChargeback: {
            /** @enum {unknown} */
            type: "chargeback";
            reference: string;
            provider: string;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount: string | number;
            /** @default null */
            reason?: string | null;
            /** @default false */
            force?: boolean;
            /** @default null */
            payment_reference?: string | null;
            /** @default null */
            charged_back_at?: string | null;
            /** @default false */
            owed_again?: boolean;
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
        };
        /** PastChargebackReversal */
        PastChargebackReversal: {
            /** @enum {unknown} */
            type: "chargeback_reversal";
            reference: string;
            provider: string;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount: string | number;
            /** @default null */
            reason?: string | null;
            /** @default false */
            force?: boolean;
            /** @default null */
            chargeback_reference?: string | null;
            /** @default null */
            reversed_at?: string | null;
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
        };
        /** PastCharges */
        PastCharges: {
            /** @enum {unknown} */
            type: "charges";
            charges: components["schemas"]["NewCharge"][];
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
        };
        /** PastCustomer */
        PastCustomer: {
            /** @enum {unknown} */
            type: "customer";
            id: number;
            username?: string | null;
            email?: string | null;
            first_name?: string | null;
            last_name?: string | null;
            phone?: string | null;
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
        };
        /** PastDetails */
        PastDetails: {
            /** @enum {unknown} */
            type: "details";
            shipping_country?: components["schemas"]["Country"] | null;
            shipping_state?: components["schemas"]["State"] | null;
            shipping_city?: components["schemas"]["EventsCity"] | null;
            shipping_address?: string | null;
            shipping_postal_code?: string | null;
            shipping_national_code?: string | null;
            shipping_mobile_number?: string | null;
            shipping_first_name?: string | null;
            shipping_last_name?: string | null;
            charges?: components["schemas"]["NewCharge"][] | null;
            metadata?: {
                [key: string]: string;
            } | null;
            external_ids?: {
                [key: string]: string;
            } | null;
            notes?: string | null;
            billing_country?: components["schemas"]["Country"] | null;
            billing_state?: components["schemas"]["State"] | null;
            billing_city?: components["schemas"]["EventsCity"] | null;
            billing_address?: string | null;
            billing_postal_code?: string | null;
            billing_national_code?: string | null;
            billing_mobile_number?: string | null;
            billing_first_name?: string | null;
            billing_last_name?: string | null;
            payment_method?: components["schemas"]["EventsMethod"] | null;
            shipping_method?: components["schemas"]["EventsMethod"] | null;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            shipping_cost?: string | number;
            voucher?: components["schemas"]["NewVoucher"] | null;
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
        };
        /** PastItem */
        PastItem: {
            /** @enum {unknown} */
            type: "item_added";
            /** @default null */
            product?: components["schemas"]["EventsProduct"] | null;
            /** @default null */
            variant?: number | null;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            unit_price?: string | number;
            /** @default 1 */
            quantity?: number;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            shipping?: string | number;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            discount_amount?: string | number;
            /** @default null */
            offer?: number | null;
            metadata?: {
                [key: string]: string;
            } | null;
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
        };
        /** PastItemChange */
        PastItemChange: {
            /** @enum {unknown} */
            type: "item_changed";
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            unit_price?: string | number;
            quantity?: number;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            shipping?: string | number;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            discount_amount?: string | number;
            metadata?: {
                [key: string]: string;
            } | null;
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
            item: number;
        };
        /** PastItemRemoval */
        PastItemRemoval: {
            /** @enum {unknown} */
            type: "item_removed";
            item: number;
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
        };
        /** PastPayment */
        PastPayment: {
            /** @enum {unknown} */
            type: "payment";
            reference: string;
            provider: string;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount: string | number;
            /** @default null */
            method?: string | null;
            /** @default null */
            received_at?: string | null;
            /** @default false */
            force?: boolean;
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
        };
        /** PastPaymentFailure */
        PastPaymentFailure: {
            /** @enum {unknown} */
            type: "payment_failure";
            reference: string;
            provider: string;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount: string | number;
            /** @default null */
            reason?: string | null;
            /** @default false */
            force?: boolean;
            /** @default null */
            payment_reference?: string | null;
            /** @default null */
            failed_at?: string | null;
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
        };
        /** PastRefund */
        PastRefund: {
            /** @enum {unknown} */
            type: "refund";
            reference: string;
            provider: string;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount: string | number;
            /** @default null */
            payment_reference?: string | null;
            /** @default null */
            reason?: string | null;
            /** @default null */
            refunded_at?: string | null;
            /** @default false */
            owed_again?: boolean;
            /** @default [] */
            lines?: components["schemas"]["RefundLine"][];
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
        };
        /** PastRefundFailure */
        PastRefundFailure: {
            /** @enum {unknown} */
            type: "refund_failure";
            reference: string;
            provider: string;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount: string | number;
            /** @default null */
            reason?: string | null;
            /** @default false */
            force?: boolean;
            /** @default null */
            refund_reference?: string | null;
            /** @default null */
            failed_at?: string | null;
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
        };
        /** PastStatus */
        PastStatus: {
            /** @enum {unknown} */
            type: "status";
            /** @enum {unknown} */
            status: "cancelled" | "completed" | "deleted" | "failed" | "hold" | "new" | "processing" | "refunded" | "shipped";
            /** @default null */
            reason?: string | null;
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
        };
        /** PastVoid */
        PastVoid: {
            /** @enum {unknown} */
            type: "void";
            reference: string;
            provider: string;
            reason: string;
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
        };
        /** PastVoucher */
        PastVoucher: {
            /** @enum {unknown} */
            type: "voucher";
            /**
             * Format: date-time
             * @description A time with its offset (RFC 3339).
             * @example 2024-05-31T12:00:00Z
             */
            at: string;
            voucher: components["schemas"]["NewVoucher"] | null;
        };
        /**
         * Payment
         * @description A line of the payment journal.
         */
        Payment: {
            position: number;
            kind: string;
            order_id: number;
            key: string;
            provider: string;
            method: string | null;
            reference: string;
            payment_reference: string | null;
            /** @description An exact amount, as text. */
            amount: string;
            currency: string;
            /** Format: date-time */
            received_at: string;
            /** Format: date-time */
            recorded_at: string;
            forced: boolean;
            late: boolean;
        };
        /**
         * PaymentPart
         * @description A line of the payment journal.
         */
        PaymentPart: {
            position?: number;
            kind?: string;
            order_id?: number;
            key?: string;
            provider?: string;
            method?: string | null;
            reference?: string;
            payment_reference?: string | null;
            /** @description An exact amount, as text. */
            amount?: string;
            currency?: string;
            /** Format: date-time */
            received_at?: string;
            /** Format: date-time */
            recorded_at?: string;
            forced?: boolean;
            late?: boolean;
        };
        /** Payments */
        Payments: {
            payments: components["schemas"]["Payment"][];
            next: string | null;
        };
        /** PaymentsPart */
        PaymentsPart: {
            payments: components["schemas"]["PaymentPart"][];
            next: string | null;
        };
        /**
         * Period
         * @description A closed month of a provider.
         */
        Period: {
            period: string;
            /** Format: date-time */
            closed_at: string;
            provider: string;
            timezone: string;
            /** Format: date-time */
            since: string;
            /** Format: date-time */
            until: string;
            position: number;
            checkpoint: string;
            report_sha256: string;
            csv_sha256: string;
            movements: number;
            late: number;
        };
        /**
         * PeriodMovement
         * @description A movement in a month's report; a late one belongs to an earlier month, which was closed already.
         */
        PeriodMovement: {
            position: number;
            kind: string;
            order_id: number;
            key: string;
            provider: string;
            method: string | null;
            reference: string;
            payment_reference: string | null;
            /** @description An exact amount, as text. */
            amount: string;
            currency: string;
            /** Format: date-time */
            received_at: string;
            /** Format: date-time */
            recorded_at: string;
            forced: boolean;
            late: boolean;
            period: string;
        };
        /**
         * PeriodPart
         * @description A closed month of a provider.
         */
        PeriodPart: {
            period?: string;
            /** Format: date-time */
            closed_at?: string;
            provider?: string;
            timezone?: string;
            /** Format: date-time */
            since?: string;
            /** Format: date-time */
            until?: string;
            position?: number;
            checkpoint?: string;
            report_sha256?: string;
            csv_sha256?: string;
            movements?: number;
            late?: number;
        };
        /** PeriodReport */
        PeriodReport: {
            period: string;
            provider: string;
            timezone: string;
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            /** @enum {unknown} */
            status: "closed" | "open";
            closed_at: string | null;
            position: number;
            checkpoint: string | null;
            count: number;
            late: number;
            totals: components["schemas"]["PeriodSum"][];
            movements: components["schemas"]["PeriodMovement"][];
        };
        /** PeriodReportPart */
        PeriodReportPart: {
            period?: string;
            provider?: string;
            timezone?: string;
            /** Format: date-time */
            from?: string;
            /** Format: date-time */
            to?: string;
            /** @enum {unknown} */
            status?: "closed" | "open";
            closed_at?: string | null;
            position?: number;
            checkpoint?: string | null;
            count?: number;
            late?: number;
            totals?: components["schemas"]["PeriodSum"][];
            movements?: components["schemas"]["PeriodMovement"][];
        };
        /** PeriodSum */
        PeriodSum: {
            currency: string;
            count: number;
            /** @description An exact amount, as text. */
            received: string;
            /** @description An exact amount, as text. */
            refunded: string;
            /** @description An exact amount, as text. */
            net: string;
        };
        /** Periods */
        Periods: {
            periods: components["schemas"]["Period"][];
        };
        /** PeriodsPart */
        PeriodsPart: {
            periods: components["schemas"]["PeriodPart"][];
        };
        /**
         * PersonalKept
         * @description A personal part of an order: whether it is kept, and until when.
         */
        PersonalKept: {
            order: number;
            /** Format: uuid */
            uuid: string;
            /** @enum {unknown} */
            part: "contact" | "invoice";
            /** @enum {unknown} */
            state: "erased" | "kept" | "restricted";
            until: string | null;
            in_work: boolean;
            held: boolean;
        };
        /**
         * Place
         * @description A country or state.
         */
        Place: {
            id: number | null;
            name: string | null;
            code: string | null;
        };
        /**
         * PlainResult
         * @description The outcome of lines and entries. `settled_by` is there where another file has settled the payment, and
         *         `exchange` where the payment settled in another currency. `tied_to` is there for a payout that a bank has credited,
         *         and for its credit.
         */
        PlainResult: {
            id: string;
            outcome: string;
            rule: string;
            lines: components["schemas"]["SettledLine"][];
            entries: components["schemas"]["SettledEntry"][];
            differs: components["schemas"]["SettledDifference"][];
            settled_by?: components["schemas"]["SettledBy"];
            exchange?: components["schemas"]["Exchange"];
            tied_to?: components["schemas"]["TiedTo"];
        };
        /**
         * Privacy
         * @description A customer's personal data; `sealed` tells whether they have keys that can be destroyed.
         */
        Privacy: {
            id: number;
            subject: string;
            orders: number;
            sealed: boolean;
            kept: components["schemas"]["PersonalKept"][];
            erasures: components["schemas"]["ErasureShown"][];
        };
        /**
         * PrivacyPart
         * @description A customer's personal data; `sealed` tells whether they have keys that can be destroyed.
         */
        PrivacyPart: {
            id?: number;
            subject?: string;
            orders?: number;
            sealed?: boolean;
            kept?: components["schemas"]["PersonalKept"][];
            erasures?: components["schemas"]["ErasureShown"][];
        };
        /**
         * Problem
         * @description An error (RFC 9457). `code` is stable; `errors` names every field or parameter at fault.
         */
        Problem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            code: string;
            errors?: components["schemas"]["FieldFault"][];
        };
        /** Product */
        Product: {
            id: number | null;
            name: string | null;
            slug: string | null;
        };
        /** Readiness */
        Readiness: {
            ready: boolean;
            log: string | null;
            views: string | null;
            lag: number | null;
            stopped_orders: number | null;
            problems: string[];
        };
        /** ReceivePayment */
        ReceivePayment: {
            reference: string;
            provider: string;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount: string | number;
            /** @default null */
            method?: string | null;
            /** @default null */
            received_at?: string | null;
            /** @default false */
            force?: boolean;
        };
        /**
         * Reconciliation
         * @description A reconciliation with a page of its results; after a decision with the results decided on. Where its file was
         *         erased it has none.
         */
        Reconciliation: {
            /** Format: uuid */
            id: string;
            version: number;
            /** @enum {unknown} */
            status: "closed" | "open" | "withdrawn";
            open: number;
            provider: string;
            file: string;
            file_sha256: string;
            rules_sha256: string;
            rules_version: string;
            report_sha256: string;
            position: number;
            until: string | null;
            /** @description How many results there are of each outcome. */
            outcomes: {
                [key: string]: number;
            };
            /** Format: date-time */
            started_at: string;
            /** Format: date-time */
            updated_at: string;
            /** @description Why it was withdrawn. */
            withdrawn: string | null;
            /** @description What of it was erased: its file, people's reasons. */
            erased: string[];
            lines: number | null;
            entries: number | null;
            tie_out: components["schemas"]["TieOut"][] | null;
            since_last_run: components["schemas"]["SinceLastRun"] | null;
            results: components["schemas"]["ReconciliationResult"][];
            next: string | null;
        };
        /**
         * ReconciliationDecision
         * @description A person's decision about a result.
         */
        ReconciliationDecision: {
            /** @enum {unknown} */
            kind: "broken" | "confirmed" | "explained" | "matched";
            reason: string | null;
            actor: string;
            /** Format: date-time */
            decided_at: string;
        };
        /**
         * ReconciliationHead
         * @description A reconciliation in a list; `open` counts the results that a person has to decide on.
         */
        ReconciliationHead: {
            /** Format: uuid */
            id: string;
            version: number;
            /** @enum {unknown} */
            status: "closed" | "open" | "withdrawn";
            open: number;
            provider: string;
            file: string;
            file_sha256: string;
            rules_sha256: string;
            rules_version: string;
            report_sha256: string;
            position: number;
            until: string | null;
            /** @description How many results there are of each outcome. */
            outcomes: {
                [key: string]: number;
            };
            /** Format: date-time */
            started_at: string;
            /** Format: date-time */
            updated_at: string;
            /** @description Why it was withdrawn. */
            withdrawn: string | null;
            /** @description What of it was erased: its file, people's reasons. */
            erased: string[];
        };
        /**
         * ReconciliationHeadPart
         * @description A reconciliation in a list; `open` counts the results that a person has to decide on.
         */
        ReconciliationHeadPart: {
            /** Format: uuid */
            id?: string;
            version?: number;
            /** @enum {unknown} */
            status?: "closed" | "open" | "withdrawn";
            open?: number;
            provider?: string;
            file?: string;
            file_sha256?: string;
            rules_sha256?: string;
            rules_version?: string;
            report_sha256?: string;
            position?: number;
            until?: string | null;
            /** @description How many results there are of each outcome. */
            outcomes?: {
                [key: string]: number;
            };
            /** Format: date-time */
            started_at?: string;
            /** Format: date-time */
            updated_at?: string;
            /** @description Why it was withdrawn. */
            withdrawn?: string | null;
            /** @description What of it was erased: its file, people's reasons. */
            erased?: string[];
        };
        /**
         * ReconciliationPart
         * @description A reconciliation with a page of its results; after a decision with the results decided on. Where its file was
         *         erased it has none.
         */
        ReconciliationPart: {
            /** Format: uuid */
            id?: string;
            version?: number;
            /** @enum {unknown} */
            status?: "closed" | "open" | "withdrawn";
            open?: number;
            provider?: string;
            file?: string;
            file_sha256?: string;
            rules_sha256?: string;
            rules_version?: string;
            report_sha256?: string;
            position?: number;
            until?: string | null;
            /** @description How many results there are of each outcome. */
            outcomes?: {
                [key: string]: number;
            };
            /** Format: date-time */
            started_at?: string;
            /** Format: date-time */
            updated_at?: string;
            /** @description Why it was withdrawn. */
            withdrawn?: string | null;
            /** @description What of it was erased: its file, people's reasons. */
            erased?: string[];
            lines?: number | null;
            entries?: number | null;
            tie_out?: components["schemas"]["TieOut"][] | null;
            since_last_run?: components["schemas"]["SinceLastRun"] | null;
            results?: components["schemas"]["ReconciliationResult"][];
            next?: string | null;
        };
        /**
         * ReconciliationResult
         * @description A result: lines of the file and entries of the journal that belong together, its outcome, and the decision.
         */
        ReconciliationResult: {
            id: string;
            outcome: string;
            rule: string;
            lines: components["schemas"]["SettledLine"][];
            entries: components["schemas"]["SettledEntry"][];
            differs: components["schemas"]["SettledDifference"][];
            settled_by?: components["schemas"]["SettledBy"];
            exchange?: components["schemas"]["Exchange"];
            tied_to?: components["schemas"]["TiedTo"];
            is_open: boolean;
            decision: components["schemas"]["ReconciliationDecision"] | null;
        };
        /**
         * ReconciliationRunning
         * @description The progress of a settlement file that is being taken in.
         */
        ReconciliationRunning: {
            /** Format: uuid */
            id: string;
            /** @enum {unknown} */
            status: "running";
            provider: string;
            file: string;
            /** @enum {unknown} */
            stage: "matching" | "reading" | "received";
            lines: number;
        };
        /** Reconciliations */
        Reconciliations: {
            reconciliations: components["schemas"]["ReconciliationHead"][];
            next: string | null;
        };
        /** ReconciliationsPart */
        ReconciliationsPart: {
            reconciliations: components["schemas"]["ReconciliationHeadPart"][];
            next: string | null;
        };
        /**
         * RefundLine
         * @description A line of a refund, for exactly one of an item, a charge (by its place, counted from 0) and the shipping.
         */
        RefundLine: {
            /** @default null */
            item?: number | null;
            /** @default null */
            charge?: number | null;
            /** @default null */
            amount?: (string | number) | null;
            /** @default null */
            quantity?: number | null;
            /** @default false */
            restock?: boolean;
            /** @default null */
            shipping?: (string | number) | null;
        };
        /** RefundPayment */
        RefundPayment: {
            reference: string;
            provider: string;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount: string | number;
            /** @default null */
            payment_reference?: string | null;
            /** @default null */
            reason?: string | null;
            /** @default null */
            refunded_at?: string | null;
            /** @default false */
            owed_again?: boolean;
            /** @default [] */
            lines?: components["schemas"]["RefundLine"][];
        };
        /**
         * RefundedLine
         * @description A part of a refund: its amount, for an item, for a charge (by its place), or for the shipping.
         */
        RefundedLine: {
            /** @description An exact amount, as text. */
            amount?: string;
            item?: number;
            quantity?: number | null;
            restock?: boolean;
            charge?: number;
            /** @description An exact amount, as text. */
            shipping?: string;
        };
        /** Results */
        Results: {
            results: string[];
        };
        /** ReverseChargeback */
        ReverseChargeback: {
            reference: string;
            provider: string;
            /**
             * @description An exact amount, as text or number, with at most the currency's digits after the point.
             * @default 0
             * @example 79.90
             */
            amount: string | number;
            /** @default null */
            reason?: string | null;
            /** @default false */
            force?: boolean;
            /** @default null */
            chargeback_reference?: string | null;
            /** @default null */
            reversed_at?: string | null;
        };
        /**
         * RotateKey
         * @description The earlier secrets stay in force until `keep_until`; without it they end at once.
         */
        RotateKey: {
            /** @default null */
            keep_until?: string | null;
            expires_at?: string | null;
        };
        /** Rotation */
        Rotation: {
            /** @default null */
            secret?: string | null;
        };
        /** SetCharges */
        SetCharges: {
            charges: components["schemas"]["NewCharge"][];
        };
        /**
         * SettledBy
         * @description The line that has settled the payment already: its reconciliation, the name of its file, and its row.
         */
        SettledBy: {
            reconciliation: string;
            file: string;
            row: number;
        };
        /**
         * SettledDifference
         * @description A field that differs: `expected` is the journal's value, `actual` the settlement's.
         */
        SettledDifference: {
            field: string;
            expected: number | string;
            actual: number | string;
        };
        /** SettledEntry */
        SettledEntry: {
            position: number;
            kind: string;
            order_id: number;
            order_key: string;
            reference: string;
            payment_reference: string | null;
            amount: string;
            currency: string;
            received_at: string;
            method: string | null;
        };
        /**
         * SettledLine
         * @description A line of the file. The last three fields are there where a payment settled in another currency, as far as the
         *         file has them.
         */
        SettledLine: {
            row: number;
            kind: string;
            raw_kind: string;
            reference: string;
            gross: string;
            fee: string;
            net: string;
            currency: string;
            occurred_at: string;
            order: string;
            payout: string;
            original?: string;
            original_currency?: string;
            exchange_rate?: string;
        };
        /** Several */
        Several: {
            decisions: components["schemas"]["Wanted"][];
        };
        /**
         * ShopOrder
         * @description An order of the shop contract; amounts are exact JSON numbers.
         */
        ShopOrder: {
            id: number;
            key: string;
            /** @enum {unknown} */
            status: "cancelled" | "completed" | "deleted" | "failed" | "hold" | "new" | "processing" | "refunded" | "shipped";
            customer: components["schemas"]["Customer"] | null;
            payment_method: components["schemas"]["Method"] | null;
            shipping_method: components["schemas"]["Method"] | null;
            /** @description An exact amount, as a number. */
            shipping_cost: number;
            notes: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            billing_country: components["schemas"]["Place"] | null;
            billing_state: components["schemas"]["Place"] | null;
            billing_city: components["schemas"]["City"] | null;
            billing_address: string | null;
            billing_postal_code: string | null;
            billing_national_code: string | null;
            billing_mobile_number: string | null;
            billing_first_name: string | null;
            billing_last_name: string | null;
            /** @description Distinct products. */
            count: number;
            /** @description Units. */
            quantity: number;
            /** @description An exact amount, as a number. */
            items_subtotal: number;
            /** @description An exact amount, as a number. */
            items_discount: number;
            /** @description An exact amount, as a number. */
            subtotal: number;
            /** @description An exact amount, as a number. */
            total_discount: number;
            /** @description An exact amount, as a number. */
            total: number;
            /** @description An exact amount, as a number. */
            amount_paid: number;
            /** @description An exact amount, as a number. */
            amount_outstanding: number;
            is_paid: boolean;
            is_payable: boolean;
            /** @description An exact amount, as a number. */
            charges_total?: number;
        };
        /**
         * ShopOrderPart
         * @description An order of the shop contract; amounts are exact JSON numbers.
         */
        ShopOrderPart: {
            id?: number;
            key?: string;
            /** @enum {unknown} */
            status?: "cancelled" | "completed" | "deleted" | "failed" | "hold" | "new" | "processing" | "refunded" | "shipped";
            customer?: components["schemas"]["Customer"] | null;
            payment_method?: components["schemas"]["Method"] | null;
            shipping_method?: components["schemas"]["Method"] | null;
            /** @description An exact amount, as a number. */
            shipping_cost?: number;
            notes?: string | null;
            /** Format: date-time */
            created_at?: string;
            /** Format: date-time */
            updated_at?: string;
            billing_country?: components["schemas"]["Place"] | null;
            billing_state?: components["schemas"]["Place"] | null;
            billing_city?: components["schemas"]["City"] | null;
            billing_address?: string | null;
            billing_postal_code?: string | null;
            billing_national_code?: string | null;
            billing_mobile_number?: string | null;
            billing_first_name?: string | null;
            billing_last_name?: string | null;
            /** @description Distinct products. */
            count?: number;
            /** @description Units. */
            quantity?: number;
            /** @description An exact amount, as a number. */
            items_subtotal?: number;
            /** @description An exact amount, as a number. */
            items_discount?: number;
            /** @description An exact amount, as a number. */
            subtotal?: number;
            /** @description An exact amount, as a number. */
            total_discount?: number;
            /** @description An exact amount, as a number. */
            total?: number;
            /** @description An exact amount, as a number. */
            amount_paid?: number;
            /** @description An exact amount, as a number. */
            amount_outstanding?: number;
            is_paid?: boolean;
            is_payable?: boolean;
            /** @description An exact amount, as a number. */
            charges_total?: number;
        };
        /** ShopOrders */
        ShopOrders: {
            count: number;
            next: string | null;
            previous: string | null;
            results: components["schemas"]["ShopOrder"][];
        };
        /** SignedHead */
        SignedHead: {
            origin: string;
            size: number;
            root: string;
            public_key: string;
            checkpoint: string;
        };
        /** SignedHeadPart */
        SignedHeadPart: {
            origin?: string;
            size?: number;
            root?: string;
            public_key?: string;
            checkpoint?: string;
        };
        /**
         * SinceLastRun
         * @description The results that the last run has not any more, and those that it has newly.
         */
        SinceLastRun: {
            gone: components["schemas"]["PlainResult"][];
            appeared: components["schemas"]["PlainResult"][];
        };
        /** StaffItem */
        StaffItem: {
            /** @description The line's number in its order. */
            id: number;
            product: components["schemas"]["Product"] | null;
            variant: number | null;
            /** @description An exact amount, as text. */
            unit_price: string;
            quantity: number;
            /** @description An exact amount, as text. */
            shipping: string;
            /** @description An exact amount, as text. */
            discount_amount: string;
            /** @description An exact amount, as text. */
            total_price: string;
            offer: number | null;
            metadata?: {
                [key: string]: string;
            };
        };
        /** State */
        State: {
            /** @default null */
            id?: number | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            code?: string | null;
        };
        /** StorefrontCustomer */
        StorefrontCustomer: {
            email: string | null;
            first_name: string | null;
            last_name: string | null;
        };
        /**
         * StorefrontOrder
         * @description An order of the storefront contract; amounts are text.
         */
        StorefrontOrder: {
            /** Format: uuid */
            id: string;
            url: string;
            customer: components["schemas"]["StorefrontCustomer"] | null;
            /** Format: date-time */
            created: string;
            /** Format: date-time */
            updated: string;
            billing_address: components["schemas"]["BillingAddress"] | null;
            items: components["schemas"]["Item"][];
            items_count: number;
            /** @description An exact amount, as text. */
            savings_on_items: string;
            /** @enum {unknown} */
            status: "awaiting_payment" | "cancelled" | "delivered" | "paid";
            /** @description An exact amount, as text. */
            subtotal: string;
            /** @description An exact amount, as text. */
            amount_saved: string;
            /** @description An exact amount, as text. */
            shipping: string;
            /** @description An exact amount, as text. */
            total_amount: string;
            /** @description An exact amount, as text. */
            charges_total?: string;
        };
        /**
         * StorefrontOrderPart
         * @description An order of the storefront contract; amounts are text.
         */
        StorefrontOrderPart: {
            /** Format: uuid */
            id?: string;
            url?: string;
            customer?: components["schemas"]["StorefrontCustomer"] | null;
            /** Format: date-time */
            created?: string;
            /** Format: date-time */
            updated?: string;
            billing_address?: components["schemas"]["BillingAddress"] | null;
            items?: components["schemas"]["Item"][];
            items_count?: number;
            /** @description An exact amount, as text. */
            savings_on_items?: string;
            /** @enum {unknown} */
            status?: "awaiting_payment" | "cancelled" | "delivered" | "paid";
            /** @description An exact amount, as text. */
            subtotal?: string;
            /** @description An exact amount, as text. */
            amount_saved?: string;
            /** @description An exact amount, as text. */
            shipping?: string;
            /** @description An exact amount, as text. */
            total_amount?: string;
            /** @description An exact amount, as text. */
            charges_total?: string;
        };
        /** StorefrontOrders */
        StorefrontOrders: {
            count: number;
            next: string | null;
            previous: string | null;
            results: components["schemas"]["StorefrontOrder"][];
        };
        /**
         * Sum
         * @description The sums of one group of payments and refunds, with the fields that it is grouped by.
         */
        Sum: {
            day?: string;
            week?: string;
            month?: string;
            /** @enum {unknown} */
            status?: "cancelled" | "completed" | "deleted" | "failed" | "hold" | "new" | "processing" | "refunded" | "shipped";
            provider?: string;
            method?: string | null;
            currency: string;
            count: number;
            /** @description An exact amount, as text. */
            received: string;
            /** @description An exact amount, as text. */
            refunded: string;
            /** @description An exact amount, as text. */
            net: string;
        };
        /**
         * SumPart
         * @description The sums of one group of payments and refunds, with the fields that it is grouped by.
         */
        SumPart: {
            day?: string;
            week?: string;
            month?: string;
            /** @enum {unknown} */
            status?: "cancelled" | "completed" | "deleted" | "failed" | "hold" | "new" | "processing" | "refunded" | "shipped";
            provider?: string;
            method?: string | null;
            currency?: string;
            count?: number;
            /** @description An exact amount, as text. */
            received?: string;
            /** @description An exact amount, as text. */
            refunded?: string;
            /** @description An exact amount, as text. */
            net?: string;
        };
        /** Sums */
        Sums: {
            rows: components["schemas"]["Sum"][];
            totals: components["schemas"]["Sum"][];
        };
        /** SumsPart */
        SumsPart: {
            rows: components["schemas"]["SumPart"][];
            totals: components["schemas"]["SumPart"][];
        };
        /** Thumbnail */
        Thumbnail: {
            id: number | null;
            f: string | null;
            size: number | null;
        };
        /**
         * TieOut
         * @description One currency's statement. `is_stated` says whether the file itself states the balances.
         */
        TieOut: {
            currency: string;
            is_stated: boolean;
            ties: boolean;
            rows: components["schemas"]["TieOutRow"][];
        };
        /** TieOutRow */
        TieOutRow: {
            item: string;
            count: number;
            gross: string;
            fee: string;
            net: string;
        };
        /**
         * TiedTo
         * @description The line of another provider's file: the credit of a payout, or the payout of a credit.
         */
        TiedTo: {
            provider: string;
            reconciliation: string;
            file: string;
            row: number;
        };
        /**
         * Trial
         * @description The events that a command would record, and the order after them.
         */
        Trial: {
            dry_run: boolean;
            events: components["schemas"]["TriedEvent"][];
            order?: components["schemas"]["OrderDocument"];
        };
        /** TriedEvent */
        TriedEvent: {
            type: string;
            data: Record<string, never>;
        };
        /** VoidPayment */
        VoidPayment: {
            reference: string;
            provider: string;
            reason: string;
        };
        /** Voucher */
        Voucher: {
            code: string | null;
            /** @description An exact amount, as text. */
            discount_amount: string;
        };
        /**
         * Wanted
         * @description A person's decision: `results` are ids; for a match, `lines` are rows of the file and `entries` positions of the
         *         log.
         */
        Wanted: {
            /** @enum {unknown} */
            decision: "break" | "confirm" | "explain" | "match" | "undo";
            /** @default [] */
            results?: string[];
            /** @default [] */
            lines?: number[];
            /** @default [] */
            entries?: number[];
            /** @default null */
            reason?: string | null;
        };
        /**
         * Webhook
         * @description A webhook. `behind` counts the events that it is behind the log, `waiting` the deliveries to be tried again. Its
         *         secret is shown only when it is new.
         */
        Webhook: {
            id: string;
            url: string;
            event_types: string[];
            /** @enum {unknown} */
            status: "disabled" | "enabled";
            disabled_at: string | null;
            disabled_because: string | null;
            /** @description A position of the log; opaque to clients. */
            position: string;
            behind: number;
            waiting: number;
            public_key: string;
            /** Format: date-time */
            created_at: string;
            created_by: string;
            secret?: string;
        };
        /**
         * WebhookPart
         * @description A webhook. `behind` counts the events that it is behind the log, `waiting` the deliveries to be tried again. Its
         *         secret is shown only when it is new.
         */
        WebhookPart: {
            id?: string;
            url?: string;
            event_types?: string[];
            /** @enum {unknown} */
            status?: "disabled" | "enabled";
            disabled_at?: string | null;
            disabled_because?: string | null;
            /** @description A position of the log; opaque to clients. */
            position?: string;
            behind?: number;
            waiting?: number;
            public_key?: string;
            /** Format: date-time */
            created_at?: string;
            created_by?: string;
            secret?: string;
        };
        /** Webhooks */
        Webhooks: {
            webhooks: components["schemas"]["Webhook"][];
        };
        /** WebhooksPart */
        WebhooksPart: {
            webhooks: components["schemas"]["WebhookPart"][];
        };
        /** Withdraw */
        Withdraw: {
            reason: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listShopOrders: {
        parameters: {
            query?: {
                /** @description Orders with this billing_city. */
                billing_city?: number;
                /** @description Orders with one of these billing_city. */
                billing_city_in?: string;
                /** @description Orders with this billing_country. */
                billing_country?: number;
                /** @description Orders with one of these billing_country. */
                billing_country_in?: string;
                /** @description Orders with this billing_state. */
                billing_state?: number;
                /** @description Orders with one of these billing_state. */
                billing_state_in?: string;
                /** @description Orders created on this day. */
                created_date?: string;
                /** @description Orders created from then on. */
                created_from?: string;
                /** @description Orders created until then. */
                created_to?: string;
                /** @description Rows in this currency. */
                currency?: string;
                /** @description Orders with notes, or without. */
                has_notes?: "true" | "false" | "1" | "0" | "";
                /** @description Orders up to this id. */
                id_max?: number;
                /** @description Orders from this id on. */
                id_min?: number;
                /** @description The largest number of rows; 0 means the default, and a larger number than the maximum means the maximum. */
                limit?: number;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The number of rows to skip. */
                offset?: number;
                /** @description Fields to sort by, - in front for descending. */
                ordering?: string;
                /** @description Orders with this payment_method. */
                payment_method?: number;
                /** @description Orders with one of these payment_method. */
                payment_method_in?: string;
                /** @description Words, quoted phrases kept; each must occur. */
                search?: string;
                /** @description Orders with this shipping_method. */
                shipping_method?: number;
                /** @description Orders with one of these shipping_method. */
                shipping_method_in?: string;
                /** @description Orders of this status. */
                status?: "new" | "hold" | "failed" | "cancelled" | "processing" | "shipped" | "completed" | "refunded" | "";
                /** @description Orders of one of these statuses; an unknown status matches nothing. */
                status_in?: string;
                /** @description Orders updated on this day. */
                updated_date?: string;
                /** @description Orders updated from then on. */
                updated_from?: string;
                /** @description Orders updated until then. */
                updated_to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShopOrders"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getShopOrder: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
            };
            header?: never;
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShopOrder"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listStorefrontOrders: {
        parameters: {
            query?: {
                /** @description Orders of this status. */
                status?: "paid" | "awaiting_payment" | "delivered" | "cancelled" | "";
                /** @description Rows in this currency. */
                currency?: string;
                /** @description The largest number of rows; 0 means the default, and a larger number than the maximum means the maximum. */
                limit?: number;
                /** @description The number of rows to skip. */
                offset?: number;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StorefrontOrders"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getStorefrontOrder: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
            };
            header?: never;
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StorefrontOrder"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteStorefrontOrder: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trial"];
                };
            };
            /** @description No Content */
            204: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listOrders: {
        parameters: {
            query?: {
                /** @description Orders with events behind this position, sorted by their last events. */
                after_position?: string;
                /** @description Orders with this billing_city. */
                billing_city?: number;
                /** @description Orders with one of these billing_city. */
                billing_city_in?: string;
                /** @description Orders with this billing_country. */
                billing_country?: number;
                /** @description Orders with one of these billing_country. */
                billing_country_in?: string;
                /** @description Orders with this billing_state. */
                billing_state?: number;
                /** @description Orders with one of these billing_state. */
                billing_state_in?: string;
                /** @description Orders created on this day. */
                created_date?: string;
                /** @description Orders created from then on. */
                created_from?: string;
                /** @description Orders created until then. */
                created_to?: string;
                /** @description Rows in this currency. */
                currency?: string;
                /** @description Orders of this customer. */
                customer?: number;
                /** @description The order with this id in another system. */
                external_id?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
                /** @description Orders of guests, or of customers. */
                guest?: "true" | "false" | "1" | "0" | "";
                /** @description Orders with notes, or without. */
                has_notes?: "true" | "false" | "1" | "0" | "";
                /** @description Orders with one of these ids. */
                id_in?: string;
                /** @description Orders up to this id. */
                id_max?: number;
                /** @description Orders from this id on. */
                id_min?: number;
                /** @description Orders that are paid, or unpaid ones. */
                is_paid?: "true" | "false" | "1" | "0" | "";
                /** @description Orders that can be paid, or those that cannot. */
                is_payable?: "true" | "false" | "1" | "0" | "";
                /** @description The order with this key. */
                key?: string;
                /** @description The largest number of rows; 0 means the default, and a larger number than the maximum means the maximum. */
                limit?: number;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The number of rows to skip. */
                offset?: number;
                /** @description Fields to sort by, - in front for descending. */
                ordering?: string;
                /** @description Orders with this payment_method. */
                payment_method?: number;
                /** @description Orders with one of these payment_method. */
                payment_method_in?: string;
                /** @description Words, quoted phrases kept; each must occur. */
                search?: string;
                /** @description Orders with this shipping_method. */
                shipping_method?: number;
                /** @description Orders with one of these shipping_method. */
                shipping_method_in?: string;
                /** @description Orders of this status. */
                status?: "new" | "hold" | "failed" | "cancelled" | "processing" | "shipped" | "completed" | "refunded" | "";
                /** @description Orders of one of these statuses; an unknown status matches nothing. */
                status_in?: string;
                /** @description Orders updated on this day. */
                updated_date?: string;
                /** @description Orders updated from then on. */
                updated_from?: string;
                /** @description Orders updated until then. */
                updated_to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocuments"] | components["schemas"]["OrderDocumentsPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createOrder: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewOrder"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trial"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createOrders: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-ndjson": unknown;
                "application/ndjson": unknown;
                "application/jsonl": unknown;
                "application/x-jsonlines": unknown;
                "application/json": unknown;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOrder: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: {
                /** @description The version that the client has; where the order is at it, 304. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"] | components["schemas"]["OrderDocumentPart"];
                };
            };
            /** @description Not Modified */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeOrder: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeOrder"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"] | components["schemas"]["Trial"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    addItem: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AddItem"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"] | components["schemas"]["Trial"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    removeItem: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
                /** @description The item's number or id. */
                item: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"] | components["schemas"]["Trial"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeItem: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
                /** @description The item's number or id. */
                item: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangedItem"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"] | components["schemas"]["Trial"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    giveToCustomer: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GiveToCustomer"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"] | components["schemas"]["Trial"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setCharges: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetCharges"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"] | components["schemas"]["Trial"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    addCharge: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AddCharge"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"] | components["schemas"]["Trial"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    removeCharge: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
                /** @description The charge's number or id. */
                charge: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"] | components["schemas"]["Trial"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeCharge: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
                /** @description The charge's number or id. */
                charge: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangedCharge"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"] | components["schemas"]["Trial"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeStatus: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeStatus"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"] | components["schemas"]["Trial"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recordReceivePayment: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReceivePayment"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trial"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recordRefundPayment: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefundPayment"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trial"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recordFailPayment: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FailPayment"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trial"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recordFailRefund: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FailRefund"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trial"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recordChargeBack: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChargeBack"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trial"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recordReverseChargeback: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReverseChargeback"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trial"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recordVoidPayment: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: {
                /** @description A request with the same key, caller and body is given the first answer, and records nothing. */
                "Idempotency-Key"?: string;
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
                /** @description The person behind a staff key. */
                "Ledger-Act"?: string;
            };
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VoidPayment"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trial"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listCustomers: {
        parameters: {
            query?: {
                /** @description The largest number of rows; 0 means the default, and a larger number than the maximum means the maximum. */
                limit?: number;
                /** @description The number of rows to skip. */
                offset?: number;
                /** @description Words, quoted phrases kept; each must occur. */
                search?: string;
                /** @description Fields to sort by, - in front for descending. */
                ordering?: string;
                /** @description Rows in this currency. */
                currency?: string;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Customers"] | components["schemas"]["CustomersPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getCustomer: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path: {
                /** @description A customer's integer id. */
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OneCustomer"] | components["schemas"]["OneCustomerPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /** @description Events recorded for this key or token. */
                actor?: string;
                /** @description Rows behind this position. */
                after?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
                /** @description From this day or time on. */
                from?: string;
                /** @description The largest number of rows; 0 means the default, and a larger number than the maximum means the maximum. */
                limit?: number;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description An order by its id or its UUID. */
                order?: string;
                /** @description The personal parts to be shown, of contact, invoice. */
                personal?: string;
                /** @description Up to this day or time, the end included. */
                to?: string;
                /** @description Events of this type, like PaymentReceived, or of this topic. */
                type?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEvents"] | components["schemas"]["AuditEventsPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    followEvents: {
        parameters: {
            query?: {
                /** @description Rows behind this position. */
                after?: string;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
            };
            header?: {
                /** @description The last event that the client has seen; the stream begins behind it. */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    followOwnOrders: {
        parameters: {
            query?: {
                /** @description Rows behind this position. */
                after?: string;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
            };
            header?: {
                /** @description The last event that the client has seen; the stream begins behind it. */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getCheckpoint: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedHead"] | components["schemas"]["SignedHeadPart"];
                    "text/plain": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOrderThen: {
        parameters: {
            query?: {
                /** @description The contract of the answer's object. */
                as?: "staff" | "shop" | "storefront" | "";
                /** @description The order by the events recorded at this time. */
                at?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The order by the events that had occurred at this time, whenever they were recorded. */
                occurred_at?: string;
                /** @description The personal parts to be shown, of contact, invoice. */
                personal?: string;
                /** @description The order at this position of the log. */
                position?: string;
                /** @description The order at this version. */
                version?: number;
            };
            header?: never;
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    /** @description The order's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderDocument"] | components["schemas"]["ShopOrder"] | components["schemas"]["StorefrontOrder"] | components["schemas"]["OrderDocumentPart"] | components["schemas"]["ShopOrderPart"] | components["schemas"]["StorefrontOrderPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listOrderEvents: {
        parameters: {
            query?: {
                /** @description Rows behind this position. */
                after?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
                /** @description The largest number of rows; 0 means the default, and a larger number than the maximum means the maximum. */
                limit?: number;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The personal parts to be shown, of contact, invoice. */
                personal?: string;
            };
            header?: never;
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEvents"] | components["schemas"]["AuditEventsPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listOrderChanges: {
        parameters: {
            query?: {
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
                /** @description The version to begin with. */
                from?: number;
                /** @description The largest number of rows; 0 means the default, and a larger number than the maximum means the maximum. */
                limit?: number;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The personal parts to be shown, of contact, invoice. */
                personal?: string;
                /** @description The version to end with. */
                to?: number;
            };
            header?: never;
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Changes"] | components["schemas"]["ChangesPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getEvidence: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The personal parts to be shown, of contact, invoice. */
                personal?: string;
                /** @description The size of an earlier signed head; the proof is that the log continues it. */
                since?: number;
            };
            header?: never;
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPublicKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": unknown;
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPayments: {
        parameters: {
            query?: {
                /** @description From this day or time on. */
                from?: string;
                /** @description Up to this day or time, the end included. */
                to?: string;
                /** @description Rows of this provider. */
                provider?: string;
                /** @description Movements by this payment method. */
                method?: string;
                /** @description Rows in this currency. */
                currency?: string;
                /** @description Movements of this kind. */
                kind?: "payment" | "refund" | "payment_failure" | "refund_failure" | "chargeback" | "chargeback_reversal" | "void" | "";
                /** @description An order by its id or its UUID. */
                order?: string;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description Rows behind this position. */
                after?: string;
                /** @description The largest number of rows; 0 means the default, and a larger number than the maximum means the maximum. */
                limit?: number;
                /** @description Whether CSV begins with a byte order mark, which some spreadsheets need. */
                bom?: "true" | "false" | "1" | "0" | "";
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payments"] | components["schemas"]["PaymentsPart"];
                    "text/csv": unknown;
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSummary: {
        parameters: {
            query?: {
                /** @description From this day or time on. */
                from?: string;
                /** @description Up to this day or time, the end included. */
                to?: string;
                /** @description Rows of this provider. */
                provider?: string;
                /** @description Movements by this payment method. */
                method?: string;
                /** @description Rows in this currency. */
                currency?: string;
                /** @description Movements of this kind. */
                kind?: "payment" | "refund" | "payment_failure" | "refund_failure" | "chargeback" | "chargeback_reversal" | "void" | "";
                /** @description An order by its id or its UUID. */
                order?: string;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields to group by, of day, week, month, provider, method, currency, status, with commas between. */
                group_by?: string;
                /** @description Whether CSV begins with a byte order mark, which some spreadsheets need. */
                bom?: "true" | "false" | "1" | "0" | "";
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sums"] | components["schemas"]["SumsPart"];
                    "text/csv": unknown;
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPeriods: {
        parameters: {
            query?: {
                /** @description Rows of this provider. */
                provider?: string;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Periods"] | components["schemas"]["PeriodsPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    closePeriod: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Close"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Period"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Period"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPeriodReport: {
        parameters: {
            query?: {
                /** @description Rows of this provider. */
                provider?: string;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path: {
                /** @description A month, like 2026-03. */
                period: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PeriodReport"] | components["schemas"]["PeriodReportPart"];
                    "text/csv": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listReconciliations: {
        parameters: {
            query?: {
                /** @description Rows of this provider. */
                provider?: string;
                /** @description Reconciliations of this status. */
                status?: "open" | "closed" | "withdrawn" | "";
                /** @description Rows behind this position. */
                after?: string;
                /** @description The largest number of rows; 0 means the default, and a larger number than the maximum means the maximum. */
                limit?: number;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliations"] | components["schemas"]["ReconciliationsPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createReconciliation: {
        parameters: {
            query?: {
                /** @description Rows of this provider. */
                provider?: string;
                /** @description The file's name. */
                file?: string;
                /** @description The text of the rules file. */
                rules?: string;
                /** @description Results with one of these outcomes, with commas between. */
                outcome?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "text/csv": unknown;
                "application/xml": unknown;
                "text/xml": unknown;
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": unknown;
                "application/octet-stream": unknown;
                "multipart/form-data": unknown;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReconciliationRunning"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getReconciliation: {
        parameters: {
            query?: {
                /** @description Results with one of these outcomes, with commas between. */
                outcome?: string;
                /** @description Results behind this one, as `next` gives it. */
                after?: string;
                /** @description The largest number of rows; 0 means the default, and a larger number than the maximum means the maximum. */
                limit?: number;
                /** @description Whether CSV begins with a byte order mark, which some spreadsheets need. */
                bom?: "true" | "false" | "1" | "0" | "";
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path: {
                /** @description The reconciliation's number or id. */
                reconciliation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"] | components["schemas"]["ReconciliationPart"];
                    "text/csv": unknown;
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": unknown;
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReconciliationRunning"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getReconciliationFile: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
            };
            header?: never;
            path: {
                /** @description The reconciliation's number or id. */
                reconciliation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getReconciliationRules: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
            };
            header?: never;
            path: {
                /** @description The reconciliation's number or id. */
                reconciliation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/toml": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getReconciliationReport: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
            };
            header?: never;
            path: {
                /** @description The reconciliation's number or id. */
                reconciliation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getReconciliationEvidence: {
        parameters: {
            query?: {
                /** @description The size of an earlier signed head; the proof is that the log continues it. */
                since?: number;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
            };
            header?: never;
            path: {
                /** @description The reconciliation's number or id. */
                reconciliation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    confirmReconciliation: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
            };
            path: {
                /** @description The reconciliation's number or id. */
                reconciliation: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Results"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    breakReconciliation: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
            };
            path: {
                /** @description The reconciliation's number or id. */
                reconciliation: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Explain"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    explainReconciliation: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
            };
            path: {
                /** @description The reconciliation's number or id. */
                reconciliation: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Explain"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    matchReconciliation: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
            };
            path: {
                /** @description The reconciliation's number or id. */
                reconciliation: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Match"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    undoReconciliation: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
            };
            path: {
                /** @description The reconciliation's number or id. */
                reconciliation: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Results"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    decisionsReconciliation: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
            };
            path: {
                /** @description The reconciliation's number or id. */
                reconciliation: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Several"];
                "text/csv": unknown;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    closeReconciliation: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
            };
            path: {
                /** @description The reconciliation's number or id. */
                reconciliation: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Nothing"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runReconciliation: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
            };
            path: {
                /** @description The reconciliation's number or id. */
                reconciliation: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Nothing"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    withdrawReconciliation: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the order must have, as its ETag; else 412. */
                "If-Match"?: string;
            };
            path: {
                /** @description The reconciliation's number or id. */
                reconciliation: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Withdraw"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPrivacy: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path: {
                /** @description A customer's integer id. */
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Privacy"] | components["schemas"]["PrivacyPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listCustomerErasures: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path: {
                /** @description A customer's integer id. */
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erasures"] | components["schemas"]["ErasuresPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    eraseCustomer: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: never;
            path: {
                /** @description A customer's integer id. */
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Erase"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erasure"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erasure"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listOrderErasures: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erasures"] | components["schemas"]["ErasuresPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    eraseOrder: {
        parameters: {
            query?: {
                /** @description Whether this is a trial: the answer has the events, nothing is recorded, no idempotency key is kept. */
                dry_run?: "true" | "false" | "1" | "0" | "";
            };
            header?: never;
            path: {
                /** @description An order's integer id or its UUID. */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Erase"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erasure"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erasure"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exportCustomer: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
            };
            header?: never;
            path: {
                /** @description A customer's integer id. */
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": unknown;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listErasures: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erasures"] | components["schemas"]["ErasuresPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listKeys: {
        parameters: {
            query?: {
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
                /** @description The largest number of rows; 0 means the default, and a larger number than the maximum means the maximum. */
                limit?: number;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The number of rows to skip. */
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccessKeys"] | components["schemas"]["AccessKeysPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MakeKey"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getKey: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path: {
                /** @description The name's number or id. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"] | components["schemas"]["KeyPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revokeKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The name's number or id. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The name's number or id. */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeKey"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotateKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The name's number or id. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RotateKey"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listWebhooks: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhooks"] | components["schemas"]["WebhooksPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createWebhook: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWebhook"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getWebhook: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path: {
                /** @description The webhook_id's number or id. */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"] | components["schemas"]["WebhookPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteWebhook: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
            };
            header?: never;
            path: {
                /** @description The webhook_id's number or id. */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeWebhook: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
            };
            header?: never;
            path: {
                /** @description The webhook_id's number or id. */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangedWebhook"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotateWebhook: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
            };
            header?: never;
            path: {
                /** @description The webhook_id's number or id. */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Rotation"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    enableWebhook: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
            };
            header?: never;
            path: {
                /** @description The webhook_id's number or id. */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDeliveries: {
        parameters: {
            query?: {
                /** @description Deliveries of this status. */
                status?: "delivered" | "waiting" | "";
                /** @description Deliveries of events before this position. */
                before?: string;
                /** @description The largest number of rows; 0 means the default, and a larger number than the maximum means the maximum. */
                limit?: number;
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
                /** @description The fields that the answer's objects have, with commas between; all of them by default. */
                fields?: string;
            };
            header?: never;
            path: {
                /** @description The webhook_id's number or id. */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deliveries"] | components["schemas"]["DeliveriesPart"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replayDelivery: {
        parameters: {
            query?: {
                /** @description The least position of the answer; the service waits up to 2 s for it. */
                min_position?: string;
            };
            header?: never;
            path: {
                /** @description The webhook_id's number or id. */
                webhook_id: string;
                /** @description The delivery_id's number or id. */
                delivery_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description The answer's position in the log. */
                    "Ledger-Position"?: string;
                    /** @description The request's id, the client's own where it sent one. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Content Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description URI Too Long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
}
