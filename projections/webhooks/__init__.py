"""The webhooks: each webhook's cursor over the log, and the delivery of events to its receiver."""
