#!/usr/bin/env bash
# The daily-health checks of plans/steamtrap.yaml as a runbook does them: one after the other with psql, curl, openssl,
# df, kubectl and the AWS CLI (KUBECTL and AWS name the programs). It asks for the same and judges by the same limits, in the shell itself, so that no process is started but the one
# that looks: one psql for each check, however many statements. What is not well is said; exit 1 then, else 0.
# Reads the sandbox's environment.
set -uo pipefail
bad=0
wrong() {
    echo "$1"
    bad=1
    return 1
}
# Whole numbers are compared in thousandths: the shell knows no others.
milli() {
    local whole=${1%%.*} part=000
    [[ $1 == *.* ]] && part=${1#*.}000
    echo $((10#${whole:-0} * 1000 + 10#${part:0:3}))
}
ask() { psql "$STEAMTRAP_LOOK_URL" -XAt -v ON_ERROR_STOP=1 "$@"; }
get() { curl -sSf -m 10 --cacert "$STEAMTRAP_CA" "$STEAMTRAP_API_URL/$1"; }
# The number that a JSON document has under a name.
number() {
    [[ $1 =~ \"$2\"[[:space:]]*:[[:space:]]*([0-9]+(\.[0-9]+)?) ]] && value=${BASH_REMATCH[1]} || wrong "no number $2"
}

kube() { "${KUBECTL:-kubectl}" --kubeconfig "$STEAMTRAP_KUBECONFIG" "$@"; }
objects() {
    AWS_ACCESS_KEY_ID=$STEAMTRAP_S3_ACCESS_KEY AWS_SECRET_ACCESS_KEY=$STEAMTRAP_S3_SECRET_KEY AWS_DEFAULT_REGION=us-east-1 \
        "${AWS:-aws}" --endpoint-url "$STEAMTRAP_S3_ENDPOINT" s3 "$@"
}

# ST-07: the pods of Jobs are not counted.
ready=0
while read -r _ share state _; do
    [ "$state" = Running ] && [ "${share%/*}" = "${share#*/}" ] && ready=$((ready + 1))
done < <(kube get pods --no-headers)
[ "$ready" -ge 17 ] || wrong "$ready pods are ready"

# ST-11: all lines of all replicas.
errors=$(kube logs -l app=steam-trap-inspector --since=24h --tail=-1 --max-log-requests=20 | grep -c ERROR) || wrong 'no errors were seen'
[ $((${errors:-999999} / 24)) -lt 10 ] || wrong 'errors'

# ST-15
read -r day time size _ < <(objects ls s3://greenlang-backups/gl008/ | sort | tail -n 1)
[ "${size:-0}" -gt 0 ] && [ $((($(date +%s) - $(date -d "$day $time" +%s)) / 3600)) -lt 26 ] || wrong 'backup'

# ST-17: of one pod, as the guide does it.
percent=$(kube exec deployment/steam-trap-inspector -- df -P / | awk 'NR == 2 { print $5 }')
[ "${percent%\%}" -lt 70 ] 2>/dev/null || wrong 'the disk of the pods'

# ST-18
severe=0
for image in steam-trap-inspector api-gateway worker sensor-gateway ml-service; do
    report=$(objects cp "s3://greenlang-reports/gl008/scans/$image.json" -) || wrong "no scan of $image"
    found=$(grep -oE '"Severity":"(HIGH|CRITICAL)"' <<<"$report" | wc -l)
    severe=$((severe + found))
done
[ "$severe" -lt 5 ] || wrong 'vulnerabilities'

# ST-08
body=$(get health) || wrong 'the API does not answer'
[[ $body == *'"status":"ok"'* ]] || wrong 'the API is not well'

# ST-09
server=$(ask -c 'SELECT version(), pg_is_in_recovery(), pg_postmaster_start_time()') || wrong 'the database does not answer'
[[ $server == PostgreSQL* ]] || wrong 'the database does not answer'
IFS='|' read -r traps inspections ahead < <(ask -c "SELECT (SELECT count(*) FROM traps), count(*) FILTER (WHERE detected_at
    <= now()), count(*) FILTER (WHERE detected_at > now() + interval '5 minutes')
    FROM trap_inspections WHERE detected_at > now() - interval '24 hours'")
[ "${traps:-0}" -ge 1 ] && [ "${inspections:-0}" -ge 1 ] && [ "${ahead:-1}" -eq 0 ] || wrong 'inspections'

mapfile -t connections < <(ask -c "SELECT current_setting('max_connections')::int
    - current_setting('superuser_reserved_connections')::int" -c 'SELECT state, count(*) FROM pg_stat_activity
    WHERE datid IS NOT NULL GROUP BY 1')
used=0
for line in "${connections[@]:1}"; do used=$((used + ${line#*|})); done
[ "$used" -ge 1 ] && [ $((100 * used / ${connections[0]:-1})) -lt 80 ] || wrong 'connections'

# ST-10, ST-12, ST-13
body=$(get sensors/status) || wrong 'sensors'
number "$body" online_sensors_count && online=$value
number "$body" offline_sensors_count && offline=$value
all=$((${online:-0} + ${offline:-0}))
[ "$all" -gt 0 ] && [ $((100 * offline / all)) -lt 5 ] || wrong 'sensors are offline'

body=$(get metrics/latency) || wrong 'latency'
number "$body" p50_latency_ms && p50=$(milli "$value")
number "$body" p95_latency_ms && p95=$(milli "$value")
number "$body" p99_latency_ms && p99=$(milli "$value")
[ "${p50:-1}" -le "${p95:-0}" ] && [ "${p95:-1}" -le "${p99:-0}" ] && [ "$p95" -lt 1000000 ] || wrong 'latency'

body=$(get metrics/success-rate) || wrong 'success rate'
number "$body" rate && [ "$(milli "$value")" -gt 95000 ] || wrong 'success rate'

# ST-14: growth needs the size of yesterday, which a runbook keeps in somebody's head.
mapfile -t sizes < <(ask -c 'SELECT pg_database_size(current_database())' -c "SELECT n.nspname || '.' || c.relname,
    pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm')
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY c.relpages DESC LIMIT 10")
[ "${sizes[0]:-0}" -gt 0 ] || wrong 'size'

# ST-16: the name, the whole chain, and each certificate's end.
authority=${STEAMTRAP_API_URL#https://}
authority=${authority%%/*}
chain=$(openssl s_client -connect "$authority" -servername "${authority%%:*}" -verify_hostname "${authority%%:*}" \
    -CAfile "$STEAMTRAP_CA" -verify_return_error -showcerts </dev/null 2>/dev/null) || wrong 'certificate'
[[ $chain == *'Verify return code: 0 (ok)'* ]] || wrong 'certificate: not trusted'
dates=
while [[ $chain =~ 'NotAfter: '([A-Z][a-z]+\ +[0-9]+\ [0-9:]+\ [0-9]+\ GMT)(.*) ]]; do
    dates+=${BASH_REMATCH[1]}$'\n'
    chain=${BASH_REMATCH[2]}
done
printf -v now '%(%s)T' -1
mapfile -t ends < <(date -u -f - +%s <<<"${dates%$'\n'}")
for end in "${ends[@]}"; do
    [ $(((end - now) / 86400)) -gt 30 ] || wrong 'certificate: it ends soon'
done
[ "${#ends[@]}" -gt 1 ] || wrong 'certificate: no chain was seen'

# ST-17: every local mount.
mounts=0
while read -r _ _ _ _ percent mount; do
    [ "$percent" = Capacity ] && continue
    mounts=$((mounts + 1))
    [ "${percent%\%}" -lt 70 ] || wrong "$mount is filling up"
done < <(df -Pl -x tmpfs -x devtmpfs -x squashfs)
[ "$mounts" -gt 0 ] || wrong 'no mount was seen'
exit "$bad"
