#!/usr/bin/env bash
# The Debian package under a systemd of its own: a bare root (debootstrap) boots in a container (systemd-nspawn, control groups of version 2), and the package is installed and used in it as docs/install.md says. Its units and those that `schedule` registers
# pass systemd's own check, stay under a bound of its measure of exposure, and do their work as hardened as they are: the daemon and a timer back up by themselves, the capture receives PostgreSQL's log, the portal opens the key file by systemd's credential.
# They come back when killed, stay away when stopped by an order, begin with the machine, are upgraded as they run, and are gone with the package; the system's log has no name and no command line in it.
# Needs root, debootstrap, systemd-nspawn and the network of Debian's mirror, and builds two packages (--quick).
#   STING_PACKAGES="OLD.deb NEW.deb"   takes these instead      STING_BARE_ROOT=DIR   takes a copy of this root (with systemd-sysv and dbus) instead of a new one
# Options: --seed N, --work DIR, --keep
default_rounds=1
# shellcheck source=lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
if [[ ${1:-} == --rounds && ${2:-} == 3 ]]; then
    echo "it boots a machine of its own: by hand, before a release"
    exit 78
fi
[[ $(id -u) == 0 ]] || cannot "needs root, for a machine of its own"
[[ $(type -P systemd-nspawn) ]] || cannot "needs systemd-nspawn"
[[ ${STING_BARE_ROOT:-} || $(type -P debootstrap) ]] || cannot "needs debootstrap"
grep -q cgroup2 /proc/filesystems || cannot "needs control groups of version 2"
unshare -m true 2>/dev/null || cannot "no mount namespace can be made here"
# Mounts go with the namespace, whatever happens.
[[ ${STING_OWN_MOUNTS:-} ]] || STING_OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
soak_begin "$@"
bare=$work/bare
trap 'halt; rm -rf "$work"' EXIT

if [[ ${STING_PACKAGES:-} ]]; then
    read -r old new <<<"$STING_PACKAGES"
else
    version=$(sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' "$root/Directory.Build.props")
    (cd "$root" && ./package.sh --quick --output "$work/old" && ./package.sh --quick --version "${version%.*}.$((${version##*.} + 1))" --output "$work/new") >"$log" 2>&1 || { fail "the packages are not built"; soak_end; }
    old=$(echo "$work"/old/*.deb) new=$(echo "$work"/new/*.deb)
fi
new_version=$(dpkg-deb -f "$new" Version)
if [[ ${STING_BARE_ROOT:-} ]]; then
    cp -a "$STING_BARE_ROOT" "$bare"
else
    debootstrap --variant=minbase --include=systemd-sysv,dbus "${STING_SUITE:-bookworm}" "$bare" http://deb.debian.org/debian >"$log" 2>&1 || { fail "no bare root could be made"; soak_end; }
fi
mkdir "$bare/packages" && cp "$old" "$bare/packages/old.deb" && cp "$new" "$bare/packages/new.deb"
# As on a machine of today, whatever version this one's control groups have; within this namespace alone.
umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup || cannot "control groups cannot be mounted"

leader=''
boot() {
    systemd-nspawn --boot --quiet --directory="$bare" --register=no --keep-unit --machine="sting-soak-$$" --resolv-conf=copy-host --console=pipe >"$work/boot.log" 2>&1 </dev/null &
    child=$!
    for ((i = 0; i < 300; i++)); do
        leader=$(pgrep -P "$child" -x systemd) && [[ $(inside systemctl is-system-running 2>/dev/null) == @(running|degraded) ]] && return
        sleep 0.2
    done
    cp "$work/boot.log" "$log"
    fail "systemd does not come up"
    soak_end
}
halt() {
    [[ $child ]] || return
    inside systemctl poweroff >/dev/null 2>&1
    for ((i = 0; i < 150; i++)); do kill -0 "$child" 2>/dev/null || break; sleep 0.2; done
    stop_child
}
inside() { nsenter -t "$leader" -m -u -i -n -p -C -r -w -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive SYSTEMD_PAGER=cat SYSTEMD_COLORS=0 "$@"; }
account() { inside runuser -u sting-backup -- env HOME=/var/lib/sting-backup "$@"; }
must() {
    local what=$1
    shift
    if run "$@"; then pass; else fail "$what: ended with $?"; fi
}
same() {
    if [[ $2 == "$3" ]]; then pass; else fail "$1: '$2', not '$3'"; fi
}
# is UNIT: active or inactive, how it ended, and how often systemd started it anew.
is() { inside systemctl show -p ActiveState,Result,NRestarts "$1" | LC_ALL=C sort | cut -d= -f2 | paste -sd ' '; }
# eventually SECONDS WHAT COMMAND...: it ends with 0 by then.
eventually() {
    local until=$((SECONDS + $1)) what=$2
    shift 2
    while ((SECONDS < until)); do
        if "$@" >"$log" 2>&1 </dev/null; then pass; return; fi
        sleep 0.5
    done
    fail "$what"
}
active() { [[ $(inside systemctl is-active "$1") == active ]]; }
inactive() { [[ $(inside systemctl is-active "$1") == inactive ]]; }
kill_main() { inside sh -c "kill -9 \$(systemctl show -p MainPID --value $1)"; }
points() { account sting-backup list --json --quiet 2>/dev/null | grep -c '"backupId"'; }
more_points() { (($(points) > $1)); }
answers() { [[ $(inside curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8462/) == 302 ]]; }
streams() { account sting-backup capture-status --quiet 2>/dev/null | grep -q 'Streaming'; }
commits() { inside runuser -u postgres -- timeout 30 psql -q sting -c "INSERT INTO commits VALUES ($1)"; }
daemon=sting-backup-daemon.service capture=sting-backup-capture.service portal=sting-backup-portal.service

echo "boots, and installs"
boot
same "the machine is not well" "$(inside systemctl is-system-running)" running
must "apt-get update" inside apt-get update -q
must "apt-get install" inside apt-get install -y -q --no-install-recommends /packages/old.deb postgresql curl procps
same "the package switched something on" "$(inside systemctl list-unit-files --no-legend 'sting-*' | awk '{ print $2 }' | sort -u)" disabled
for unit in $daemon $capture $portal; do
    must "systemd-analyze verify $unit" inside systemd-analyze verify --man=no "$unit"
    same "systemd-analyze verify tells of $unit" "$(cat "$log")" ''
done

echo "makes a repository, and the daemon backs up"
mkdir -p "$bare/srv/reserve/users/ada@example.com"
for i in {1..20}; do head -c $((RANDOM * 3 + 1)) /dev/urandom >"$bare/srv/reserve/users/ada@example.com/file$i.bin"; done
chmod -R a+rX "$bare/srv/reserve"
inside install -d -m 750 -o sting-backup -g sting-backup /var/backups/sting
printf 'the words that open the backups' | inside sh -c 'umask 077; cat >/var/lib/sting-backup/pass; chown sting-backup /var/lib/sting-backup/pass'
must "init" account sting-backup init --backup-root=/var/backups/sting --reserve=/srv/reserve --passphrase-file=/var/lib/sting-backup/pass --setting=timers.incremental='* * * * *'
must "systemctl enable --now" inside systemctl enable --now $daemon
eventually 90 "the daemon does not back up" more_points 0
same "the daemon" "$(is $daemon)" "active 0 success"
same "the daemon runs as somebody else" "$(inside sh -c "stat -c %U /proc/\$(systemctl show -p MainPID --value $daemon)")" sting-backup
kill_main $daemon
eventually 30 "the daemon does not come back when it is killed" sh -c "[ \"\$(nsenter -t $leader -a systemctl show -p NRestarts --value $daemon)\" = 1 ] && nsenter -t $leader -a systemctl -q is-active $daemon"
eventually 20 "the daemon is no job" sh -c "nsenter -t $leader -a runuser -u sting-backup -- sting-backup jobs | grep -q 'daemon *Running'"
must "job-stop" account sting-backup job-stop --id="$(account sting-backup jobs --json | tr -d ' \n' | grep -o '"id":"[^"]*","kind":"daemon"' | cut -d'"' -f4 | tail -1)" --confirm
eventually 30 "the daemon does not end by an order" inactive $daemon
sleep 12
same "the daemon came back against an order" "$(is $daemon)" "inactive 1 success"
must "systemctl start" inside systemctl start $daemon
sleep 3
must "systemctl stop" inside systemctl stop $daemon
same "a stop counts as a failure" "$(is $daemon | cut -d' ' -f1,3)" "inactive success"
echo x >"$bare/etc/sting/broken.yaml"
inside sh -c "mv /etc/sting/sting-backup.yaml /etc/sting/away; echo 'timers: {incremental: often}' >/etc/sting/sting-backup.yaml"
inside systemctl start $daemon
eventually 20 "a wrong configuration does not end the daemon for good" sh -c "[ \"\$(nsenter -t $leader -a systemctl is-active $daemon)\" = failed ]"
same "a wrong configuration is tried again and again" "$(inside systemctl show -p NRestarts --value $daemon)" 0
inside journalctl -u $daemon -o cat --no-pager >"$log"
if grep -q 'ConfigurationInvalid' "$log"; then pass; else fail "the journal does not say what is wrong"; fi
inside sh -c "rm /etc/sting/broken.yaml; mv /etc/sting/away /etc/sting/sting-backup.yaml; systemctl reset-failed"

echo "timers of systemd"
must "schedule" inside sting-backup schedule --kind=systemd --confirm
for unit in "$bare"/etc/systemd/system/sting-backup-*.{service,timer}; do
    must "systemd-analyze verify ${unit##*/}" inside systemd-analyze verify --man=no "${unit##*/}"
    same "systemd-analyze verify tells of ${unit##*/}" "$(cat "$log")" ''
done
before=$(points)
echo tick >"$bare/srv/reserve/users/ada@example.com/tick"
eventually 80 "a timer does not fire" sh -c "nsenter -t $leader -a systemctl show -p LastTriggerUSec --value sting-backup-incremental.timer | grep -q :"
eventually 20 "its service does not end well" sh -c "nsenter -t $leader -a journalctl -u sting-backup-incremental.service --no-pager -o cat | grep -q '^Finished'"
for task in full archive cleanup verify drill; do
    must "systemctl start sting-backup-$task" inside systemctl start sting-backup-$task.service
    same "sting-backup-$task" "$(is sting-backup-$task.service | cut -d' ' -f1,3)" "inactive success"
done
if more_points "$before"; then pass; else fail "timers made no restore point"; fi
mkdir -m 700 "$bare/srv/reserve/users/ada@example.com/private"
must "a run that cannot read a folder fails its unit" inside systemctl start sting-backup-full.service
same "how that run ended" "$(inside systemctl show -p ExecMainStatus --value sting-backup-full.service)" 3
rmdir "$bare/srv/reserve/users/ada@example.com/private"

echo "the capture of PostgreSQL's log"
inside runuser -u postgres -- psql -q -c "ALTER ROLE postgres PASSWORD 'super'" -c "CREATE ROLE sting_backup LOGIN PASSWORD 'reads'" -c "GRANT pg_read_all_data TO sting_backup" -c "CREATE DATABASE sting"
inside runuser -u postgres -- psql -q sting -c 'CREATE TABLE commits (id int PRIMARY KEY)'
printf '127.0.0.1:5432:*:%s\n' postgres:super sting_backup:reads sting_capture:receives | inside sh -c 'umask 077; cat >/var/lib/sting-backup/pgpass; chown sting-backup /var/lib/sting-backup/pgpass'
sed -i 's|^postgresql:.*|&\n  host: 127.0.0.1\n  user: sting_backup\n  pass_file: /var/lib/sting-backup/pgpass\n  databases: [sting]|; s|^capture:.*|&\n  enabled: true|' "$bare/etc/sting/sting-backup.yaml"
must "systemctl enable --now" inside systemctl enable --now $capture
eventually 30 "the capture does not stream" streams
must "a commit" commits 1
kill_main $capture
must "a commit behind a kill of the capture" commits 2
same "the capture was not started anew" "$(is $capture)" "active 1 success"
must "a full run stores the log" inside systemctl start sting-backup-full.service

echo "the portal, by systemd's credential"
printf 'the words that open the backups' | inside systemd-creds encrypt --name=passphrase - /etc/sting/passphrase.cred 2>"$log" || fail "systemd-creds"
mkdir "$bare/etc/systemd/system/$portal.d"
# The lines that the unit has as comments.
{ printf '[Service]\nExecStart=\n'; sed -n 's/^#\(LoadCredential\|ExecStart\)/\1/p' "$bare/usr/lib/systemd/system/$portal"; } >"$bare/etc/systemd/system/$portal.d/passphrase.conf"
inside systemctl daemon-reload
must "systemctl enable --now" inside systemctl enable --now $portal
eventually 60 "the portal does not answer" answers
same "the passphrase is among the words of a process" "$(inside sh -c 'cat /proc/[0-9]*/cmdline' | tr '\0' '\n' | grep -c 'the words that open')" 0
kill_main $portal
sleep 1
eventually 60 "the portal does not come back when it is killed" answers
same "the portal" "$(is $portal | cut -d' ' -f1,2)" "active 1"

echo "exposure, by systemd's own measure"
for bound in $daemon:65 $capture:35 $portal:35 sting-backup-full.service:75; do
    measured=$(inside systemd-analyze security --no-pager "${bound%:*}" | sed -n 's/.*exposure level.*: \([0-9.]*\).*/\1/p')
    echo "${bound%:*} $measured"
    if ((${measured/./} <= ${bound#*:})); then pass; else fail "${bound%:*} is exposed: $measured"; fi
done

echo "begins with the machine, and is upgraded as it runs"
inside systemctl start $daemon
halt
boot
eventually 60 "the daemon does not begin with the machine" active $daemon
eventually 60 "the capture does not begin with the machine" streams
eventually 60 "the portal does not begin with the machine" answers
must "a commit" commits 3
# A run that goes on through the upgrade.
head -c 300000000 /dev/urandom >"$bare/srv/reserve/users/ada@example.com/film.bin"
inside systemctl start --no-block sting-backup-full.service
sleep 1.5
must "dpkg -i of $new_version" inside dpkg -i /packages/new.deb
eventually 120 "the run that went on did not end well" sh -c "[ \"\$(nsenter -t $leader -a systemctl show -p ActiveState,Result sting-backup-full.service | sort | cut -d= -f2 | paste -sd ' ')\" = 'inactive success' ]"
eventually 60 "the capture does not come back behind an upgrade" streams
eventually 60 "the portal does not come back behind an upgrade" answers
must "a commit behind the upgrade" commits 4
for unit in $daemon $capture $portal; do
    same "$unit runs an earlier program" "$(inside sh -c "readlink /proc/\$(systemctl show -p MainPID --value $unit)/exe")" "$(inside readlink -f /usr/bin/sting-backup)"
done
must "verify" account sting-backup verify --level=data --quiet --passphrase-file=/var/lib/sting-backup/pass

echo "the system's log"
account sting-restore file --user=jane.doe@example.com --file=secret.pdf --destination=/var/tmp/x --passphrase-file=/var/lib/sting-backup/pass >/dev/null 2>&1
sleep 1
inside journalctl --no-pager -o cat >"$log"
same "the system's log has a name that somebody typed" "$(grep -c 'jane.doe' "$log")" 0
same "PowerShell's engine writes to the system's log" "$(inside journalctl --no-pager -t powershell -o cat | wc -l)" 0
same "PowerShell's engine listens" "$(inside sh -c 'find /tmp /var/tmp -name "CoreFxPipe*"')" ''

echo "is gone with the package"
must "capture-stop" account sting-backup capture-stop --confirm
must "schedule-remove" inside sting-backup schedule-remove --confirm
same "timers are left" "$(inside systemctl list-timers --all --no-legend 'sting-*')" ''
must "apt-get purge" inside apt-get purge -y -q sting-backup
same "units are left" "$(inside systemctl list-units --all --no-legend 'sting-*' | grep -v not-found)" ''
same "links to units are left" "$(ls -d "$bare"/etc/systemd/system/*.wants/sting-* 2>/dev/null)" ''
same "processes are left" "$(inside pgrep -u sting-backup -l)" ''
soak_end
