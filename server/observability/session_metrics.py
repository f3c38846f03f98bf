"""Who is there: sessions and what they hold, logins and how they ended. Read when somebody scrapes."""

from collections.abc import Iterable, Iterator
from typing import get_args

from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from server.access.login import CredentialKind
from server.access.logins import Logins
from server.observability.state_metrics import gauge
from server.sessions.registry import Sessions

ENDS = ("ok", "failed", "delayed")


class SessionState(Collector):
    def __init__(self, sessions: Sessions, logins: Logins) -> None:
        self._sessions, self._logins = sessions, logins

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        sessions = self._sessions.current()
        yield gauge("lakehouse_sessions", "Sessions that are open.", len(sessions))
        transactions = sum(len(session.transactions) for session in sessions)
        yield gauge("lakehouse_transactions_open", "Transactions that clients have begun.", transactions)
        prepared = sum(len(session.prepared) for session in sessions)
        yield gauge("lakehouse_prepared_statements", "Prepared statements that sessions hold.", prepared)
        counts = self._logins.counts()
        logins = CounterMetricFamily("lakehouse_logins", "Logins that were tried.", labels=["credential", "status"])
        for kind in get_args(CredentialKind):
            for end in ENDS:
                logins.add_metric([kind, end], counts.get((kind, end), 0))
        yield logins
