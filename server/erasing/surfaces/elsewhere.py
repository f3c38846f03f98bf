"""The surface of other servers that share the lake: nothing here can look at what they keep."""

from server.certificates.finding import Finding, Verdict
from server.erasing.traces import Traces

METHOD = "none: a server can look only at what it keeps itself"
DETAIL = "servers that share the catalog have indexes, caches and logs of their own: erase there too"


class OtherServers:
    name = "other servers"

    def erase(self, traces: Traces) -> int:
        """Nothing."""
        return 0

    def scan(self, traces: Traces) -> Finding:
        return Finding(Verdict.UNPROVEN, METHOD, 0, "places", detail=DETAIL)
