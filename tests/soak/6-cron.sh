#!/usr/bin/env bash
# Each line of the strategy's /etc/cron.d/sting-backups through Debian's own cron, at a clock that is set: what runs at which minute, as which account, with which words.
# In a mount namespace of its own, so that this host's crontabs, accounts and /usr/bin stay as they are. Takes nine seconds, so its short form is the same.
# shellcheck source=lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"

if [[ ${1:-} == --inside ]]; then
    work=$2 minute=$3
    mount --make-rprivate /
    for file in passwd shadow group; do
        cp "/etc/$file" "$work/$file"
    done
    echo 'sting-backup:x:59321:59321::/nonexistent:/usr/sbin/nologin' >>"$work/passwd"
    echo 'sting-backup:*:19000:0:99999:7:::' >>"$work/shadow"
    echo 'sting-backup:x:59321:' >>"$work/group"
    : >"$work/crontab"
    for file in passwd shadow group crontab; do
        [[ ! -e /etc/$file ]] || mount --bind "$work/$file" "/etc/$file" || exit 77
    done
    mount -t tmpfs none /etc/cron.d && mount -t tmpfs none /var/spool/cron && mount -t tmpfs none /run && mount -t tmpfs none /opt &&
        mount -t overlay none -o "lowerdir=$work/../bin:/usr/bin" /usr/bin || exit 77
    mkdir -p /var/spool/cron/crontabs /opt/sting-backup/bin
    install -m 644 "$work/../sting-backups" /etc/cron.d/sting-backups
    : >"$work/ran"
    chmod 666 "$work/ran"
    printf '#!/bin/sh\necho "$(id -un) $*" >>"%s/ran"\n' "$work" >/opt/sting-backup/bin/sting-backup
    chmod 755 /opt/sting-backup/bin/sting-backup
    # Debian's cron looks once a minute: it starts 100 seconds before the minute that is asked about, twenty times as fast, and has launched all of it when it comes to a line of the next one, at which the strategy has none.
    # That line and the end of cron's children say when it is over, not a time: a busy machine takes longer.
    echo "$(date -u -d "$minute UTC + 1 minute" '+%M %H') * * * root touch $work/over" >/etc/cron.d/next-minute
    start=$(date -u -d "$minute UTC - 100 seconds" '+%Y-%m-%d %H:%M:%S')
    TZ=UTC faketime -f "@$start x20" cron -f </dev/null >"$work/cron.log" 2>&1 &
    for ((tries = 0; tries < 1200; tries++)); do
        [[ ! -e $work/over ]] || pgrep -P "$(</run/crond.pid)" >/dev/null || break
        sleep 0.05
    done
    kill "$(</run/crond.pid)"
    wait
    [[ -e $work/over ]] || echo "cron did not come to the minute after $minute" >>"$work/ran"
    sort "$work/ran" | paste -sd ';' >"$work/seen"
    exit 0
fi

[[ $(uname) == Linux && $(id -u) == 0 ]] || cannot "needs root on Linux, for a namespace of its own"
[[ $(type -P cron) && $(type -P faketime) && $(type -P unshare) ]] || cannot "needs Debian's cron and faketime"
unshare -m true 2>/dev/null || cannot "no mount namespace can be made here"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
log=$work/cron.log

# The file as the strategy has it, and the two scripts as contrib has them.
sed -n '/^# \/etc\/cron.d\/sting-backups/,/^```/p' "$root/docs/strategy-source.md" | grep -v '^```' >"$work/sting-backups"
mkdir "$work/bin"
install -m 755 "$root"/contrib/sting-backup.sh "$root"/contrib/sting-backup-cleanup.sh "$work/bin/"
incremental='sting-backup incremental --due --quiet'
patient='--max-wait=12h --quiet'
declare -A expected=(
    ['2026-05-02 01:45']="$incremental"
    ['2026-05-02 01:50']=''
    ['2026-05-02 02:00']="sting-backup full $patient;$incremental"
    ['2026-05-02 03:00']="$incremental"
    ['2026-05-03 03:00']="sting-backup archive $patient;$incremental"
    ['2026-05-03 04:00']="$incremental;sting-backup prune $patient;sting-backup retention --confirm --quiet"
    ['2026-05-03 04:15']="$incremental"
)
[[ $(grep -c '^[^#].*sting-backup' "$work/sting-backups") == 4 ]] || fail "the strategy's file has not its four lines"
number=0
declare -A folders=()
for minute in "${!expected[@]}"; do
    folders[$minute]=$work/$((number += 1))
    mkdir "${folders[$minute]}"
    unshare -m "${BASH_SOURCE[0]}" --inside "${folders[$minute]}" "$minute" &
done
wait
for minute in "${!expected[@]}"; do
    [[ -e ${folders[$minute]}/seen ]] || cannot "what is needed cannot be mounted here"
    seen=$(<"${folders[$minute]}/seen")
    if [[ $seen == "${expected[$minute]}" ]]; then
        pass
    else
        fail "$minute: '$seen' instead of '${expected[$minute]}'"
    fi
done
soak_end
