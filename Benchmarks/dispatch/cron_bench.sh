#!/usr/bin/env bash
# Debian's cron as Benchmarks/Sources/serving measures Millwright: second | together, in a folder, but each minute, which is
# the finest that it knows: one job for three minutes, or 1,000 for one. It has tables and files of its own, so that no job
# of this machine runs; that takes root.
set -euo pipefail
part=$1 folder=$2
cat >"$folder/now" <<'JOB'
#!/bin/bash
printf '%s\n' "$EPOCHREALTIME"
JOB
chmod +x "$folder/now"
: >"$folder/late"
jobs=1 minutes=3
[ "$part" = second ] || { jobs=1000 minutes=1; }
for _ in $(seq "$jobs"); do echo "* * * * * $folder/now >>$folder/late"; done >"$folder/table"
export folder
serve='
    for hidden in /var/spool/cron/crontabs /etc/cron.d /run; do mount -t tmpfs tmpfs "$hidden"; done
    [ ! -e /etc/crontab ] || mount --bind /dev/null /etc/crontab
    cp "$folder/table" /var/spool/cron/crontabs/root
    chmod 600 /var/spool/cron/crontabs/root
    exec cron -f -L 0
'
unshare --mount --propagation private bash -euc "$serve" &
process=$!
trap 'kill "$process" 2>/dev/null || true; wait "$process" 2>/dev/null || true' EXIT
sleep $((minutes * 60 + 30 - 10#$(date +%S)))
awk '{ printf "%.2f\n", ($1 - int($1 / 60) * 60) * 1000 }' "$folder/late" | sort -n | awk '
    function part(share) { return late[int(n * share) + (int(n * share) < n * share)] }
    { late[++n] = $1 }
    END {
        printf "begins\t%d\n", n
        if (n) printf "p50, ms\t%s\np99, ms\t%s\nmax, ms\t%s\n", part(0.5), part(0.99), late[n]
    }'
