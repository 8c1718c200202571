"""Every metric of the system, declared once with its kind and unit; services only count."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

ACCEPTED: Final = Counter("ilkim_accepted_total", "Messages made safe at the edge before they were answered", ["where"])
REFUSED: Final = Counter("ilkim_refused_total", "Requests the edge answered with an error", ["status"])
COLLECTED: Final = Counter(
    "ilkim_collected_total", "Payloads a collector fetched or was given, made safe", ["collector"]
)
COLLECTOR_RESTARTS: Final = Counter("ilkim_collector_restarts_total", "Failures of a collector", ["collector"])
EVENTS: Final = Counter("ilkim_events_total", "Events that took effect, by consumer", ["consumer", "outcome"])
BATCH_EVENTS: Final = Histogram(
    "ilkim_batch_events",
    "Events in one transaction",
    ["consumer"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
)
BATCH_SECONDS: Final = Histogram(
    "ilkim_batch_seconds",
    "Time of one batch from its first message to the commit, in seconds",
    ["consumer"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
PUBLISHED: Final = Counter("ilkim_published_total", "Messages the broker confirmed", ["exchange"])
PUBLISH_FAILED: Final = Counter(
    "ilkim_publish_failed_total", "Publishes without a confirm; the outbox keeps them", ["reason"]
)
OUTBOX_OLDEST: Final = Gauge("ilkim_outbox_oldest_seconds", "Age of the oldest unpublished parcel, in seconds")
NOTICES: Final = Counter("ilkim_notices_total", "Sends to citizens by answer of the provider", ["channel", "status"])
HANDED_OVER: Final = Counter(
    "ilkim_handed_over_total", "Letters sent to institutions, by outcome of the send", ["institution", "outcome"]
)
FILES: Final = Counter("ilkim_files_total", "Attempts to fetch a citizen's file, by outcome", ["provider", "outcome"])
DANGER_MODEL_MISSING: Final = Gauge(
    "ilkim_danger_model_missing", "1 while danger to life is told by phrases alone, since the model cannot be read"
)
ALERTS_OPEN: Final = Gauge("ilkim_alerts_open", "Alerts of danger to life that nobody acknowledged yet")
ALERT_OLDEST: Final = Gauge("ilkim_alert_oldest_seconds", "Age of the oldest of these, in seconds; 0: there is none")
ALERTS_OVERDUE: Final = Counter(
    "ilkim_alerts_overdue_total", "Times an alert was given again since nobody had acknowledged it"
)
RULES_REFUSED: Final = Gauge(
    "ilkim_rules_refused", "1 while the municipality's folder or the model is refused and an earlier version decides"
)
ASSIGNED: Final = Counter(
    "ilkim_assigned_total",
    "Cases given to an owner: automatic, triage, desk, return, reopening or withdrawal",
    ["owner", "how"],
)
RETURNED: Final = Counter(
    "ilkim_returned_total", "Cases an owner gave back as not theirs, by how they had come to it", ["owner", "how"]
)
RULE_APPLIED: Final = Counter("ilkim_rule_applied_total", "Cases a rule had a part in", ["rule"])
RULE_RETURNED: Final = Counter("ilkim_rule_returned_total", "Of these, those that were given back", ["rule"])
DRIFT: Final = Gauge(
    "ilkim_drift_index", "How far what people write lies from what the model was measured on (0.25: drifted)", ["axis"]
)
CLOCK_STEPS: Final = Counter("ilkim_clock_steps_total", "Steps of cases' clocks that somebody was told of", ["step"])
OWNER_SILENT: Final = Counter(
    "ilkim_owner_silent_total", "Times a person was told that an owner gives no receipts", ["owner"]
)
DUTY_CALLS: Final = Counter(
    "ilkim_duty_calls_total", "Calls to whoever is on duty, for an urgent case outside office hours", ["owner"]
)
RECONCILE_DIFFERENCES: Final = Gauge(
    "ilkim_reconcile_differences", "Rows that differed in the last proof that sums close, by what must hold", ["check"]
)
