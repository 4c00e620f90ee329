#!/usr/bin/env bash
# The nine daily checks as a runbook does them: one after the other with psql, curl, openssl and df.
# Reads the sandbox's environment; prints nothing but what the tools say.
set -euo pipefail
psql "$STEAMTRAP_LOOK_URL" -XAtc 'SELECT 1' >/dev/null
psql "$STEAMTRAP_LOOK_URL" -XAtc 'SELECT count(*) FROM traps' >/dev/null
psql "$STEAMTRAP_LOOK_URL" -XAtc "SELECT count(*) FROM trap_inspections WHERE detected_at > now() - interval '24 hours'" >/dev/null
psql "$STEAMTRAP_LOOK_URL" -XAtc 'SELECT state, count(*) FROM pg_stat_activity GROUP BY 1' >/dev/null
psql "$STEAMTRAP_LOOK_URL" -XAtc 'SELECT pg_database_size(current_database())' >/dev/null
for path in health sensors/status metrics/latency metrics/success-rate; do
    curl -sf --cacert "$STEAMTRAP_CA" "$STEAMTRAP_API_URL/$path" >/dev/null
done
authority=${STEAMTRAP_API_URL#https://}
authority=${authority%%/*}
openssl s_client -connect "$authority" -servername "${authority%%:*}" -CAfile "$STEAMTRAP_CA" </dev/null 2>/dev/null |
    openssl x509 -noout -enddate >/dev/null
df -P / >/dev/null
