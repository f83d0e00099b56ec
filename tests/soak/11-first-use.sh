#!/usr/bin/env bash
# First use, watched: on a bare Debian root (debootstrap) the .deb is installed with nothing but what README.md and docs/install.md say, used as somebody new would use it, and then all goes wrong that usually does: wrong paths, no rights, a full disk, typos, a forgotten
# passphrase, an expired token, a clock that is off by a day, no configuration, two runs at once, a disk that is unplugged. Each message must say what is wrong and what to do next. docs/first-use.md tells what was mended.
# Needs root, debootstrap and the network of Debian's mirror, cc and python3, and builds a package (--quick).
#   STING_PACKAGE=FILE.deb   takes this instead      STING_BARE_ROOT=DIR   takes a copy of this root instead of a new one      STING_TRANSCRIPT=FILE   keeps what was typed and said
# Options: --seed N, --work DIR, --keep
default_rounds=1
# shellcheck source=lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
if [[ ${1:-} == --rounds && ${2:-} == 3 ]]; then
    echo "its short form is FirstHoursTests, among the tests of the module"
    exit 78
fi
[[ $(id -u) == 0 ]] || cannot "needs root, for a root of its own"
[[ ${STING_BARE_ROOT:-} || $(type -P debootstrap) ]] || cannot "needs debootstrap"
[[ $(type -P cc) && $(type -P python3) ]] || cannot "needs cc and python3"
unshare -m true 2>/dev/null || cannot "no mount namespace can be made here"
# Mounts go with the namespace, whatever happens.
[[ ${STING_OWN_MOUNTS:-} ]] || STING_OWN_MOUNTS=1 exec unshare -m "$0" "$@"
soak_begin "$@"
server=''
trap 'stop_child; [[ $server ]] && kill "$server" 2>/dev/null; umount "$bare/srv/usb" "$bare/srv/full" "$bare/proc" "$bare" 2>/dev/null; rm -rf "$work"' EXIT
bare=$work/bare transcript=${STING_TRANSCRIPT:-$work/transcript}
: >"$transcript"

package=${STING_PACKAGE:-}
if [[ ! $package ]]; then
    (cd "$root" && ./package.sh --quick --output "$work/packages") >"$log" 2>&1 || { fail "the package is not built"; soak_end; }
    package=$(echo "$work"/packages/*.deb)
fi
if [[ ${STING_BARE_ROOT:-} ]]; then
    cp -a "$STING_BARE_ROOT" "$bare"
else
    debootstrap --variant=minbase "${STING_SUITE:-bookworm}" "$bare" http://deb.debian.org/debian >"$log" 2>&1 || { fail "no bare root could be made"; soak_end; }
fi
# PowerShell's engine finds no file below a root that is no mount.
mount --bind "$bare" "$bare" && mount -t proc proc "$bare/proc" || cannot "nothing can be mounted here"
cp "$package" "$bare/root/sting-backup.deb"
cc -shared -fPIC -O2 -o "$bare/usr/local/lib/clock.so" "$root/tests/soak/lib/clock.c" -ldl || cannot "the clock cannot be compiled"

inside() { chroot "$bare" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive "${variables[@]}" "$@"; }
variables=()

about() { printf '\n## %s\n' "$1" >>"$transcript"; echo "$1"; }
# types WHO COMMAND: as it is typed there, by root, by the account of the package, or by somebody else of this machine. Sets said and code.
types() {
    local who=$1 line=$2 prompt='#'
    case $who in
        root) said=$(inside sh -c "cd; $line" 2>&1 </dev/null) ;;
        account) prompt='account$' said=$(inside HOME=/var/lib/sting-backup runuser -u sting-backup -- sh -c "cd; $line" 2>&1 </dev/null) ;;
        visitor) prompt='visitor$' said=$(inside HOME=/home/visitor runuser -u visitor -- sh -c "cd; $line" 2>&1 </dev/null) ;;
    esac
    code=$?
    printf '\n%s %s\n%s\n' "$prompt" "$line" "$said" >>"$transcript"
    ((code == 0)) || printf '(ends with %s)\n' "$code" >>"$transcript"
    printf '%s\n' "$said" >"$log"
    typed=$line
}
ends() { if [[ $code == "$1" ]]; then pass; else fail "'$typed' ended with $code, not with $1"; fi; }
# says TEXT...: each stands in what was said.
says() {
    local text
    for text in "$@"; do
        if [[ $said == *"$text"* ]]; then pass; else fail "'$typed' does not say: $text"; fi
    done
}
# Who types a program is told no cmdlet, no stack, no type of .NET.
plain() {
    if grep -Eq '[A-Z][a-z]+-Sting[A-Z]|(^|[ (])-[A-Z][a-z]+[ ,.;)]|System\.|   at |Exception' <<<"$said"; then fail "'$typed' speaks of PowerShell or .NET"; else pass; fi
}

about "Install, and look around"
types root 'apt-get update -q && apt-get install -y -q --no-install-recommends /root/sting-backup.deb | tail -3'
ends 0
inside useradd -m visitor
types visitor 'sting-backup'
ends 2
says 'To begin:' 'sting-backup init' 'sting-backup incremental' 'sting-restore file'
plain
types visitor 'sting-backup --help | head -12'
types visitor 'sting-backup incremental --help'
ends 0
types visitor 'sting-backup quickstart'
ends 0
says 'every byte alike' '  sting-restore file'
types visitor 'sting-backup quickstart --clean'
ends 0

about "Begin, with nothing made yet"
types visitor 'sting-backup status'
ends 1
says '/etc/sting may not be entered'
plain
types account 'sting-backup status'
ends 1
says 'sting-backup init --backup-root DIR --reserve DIR'
plain
types account 'sting-backup init --backup-root=/var/backups/sting --reserve=/srv/reserve'
ends 1
says 'There is no folder /srv/reserve to protect'
plain
mkdir -p "$bare"/srv/reserve/users/{ada@example.com,grace@example.com}/letters "$bare"/srv/reserve/jars/recipes
echo "Dear Grace, the bees are well." >"$bare/srv/reserve/users/ada@example.com/letters/june.txt"
echo "Dear Ada, come and see the garden." >"$bare/srv/reserve/users/grace@example.com/letters/july.txt"
echo "# Honey bread" >"$bare/srv/reserve/jars/recipes/bread.md"
types root 'sting-backup init --backup-root=/var/backups/sting --reserve=/srv/reserve --no-passphrase --dry-run'
says 'runuser -u sting-backup'
types account 'sting-backup init --backup-root=/var/backups/sting --reserve=/srv/reserve'
ends 4
says '--passphrase-file'
plain
printf 'the words that open the backups\n' >"$bare/root/pass" && chmod 600 "$bare/root/pass"
inside install -m 600 -o sting-backup /root/pass /var/lib/sting-backup/pass
types account 'sting-backup init --backup-root=/var/backups/sting --reserve=/srv/reserve --passphrase-file=pass'
ends 1
says "/var/backups/sting" "sting-backup" "install -d"
plain
types root 'install -d -m 750 -o sting-backup -g sting-backup /var/backups/sting'
types account 'sting-backup init --backup-root=/var/backups/sting --reserve=/srv/reserve --passphrase-file=pass'
ends 0
types account 'sting-backup init --backup-root=/var/backups/sting --reserve=/srv/reserve --passphrase-file=pass'
ends 1
plain

about "A first day"
types root 'runuser -u sting-backup -- sting-backup status'
ends 0
types account 'sting-backup doctor'
ends 0
says 'more findings ask for nothing'
if grep -q '^Severity : Information' <<<"$said"; then fail "doctor tells in full what asks for nothing"; else pass; fi
plain
types account 'sting-backup doctor --verbose'
says 'the clock shows'
types account 'sting-backup incremental'
ends 0
first=$(sed -n 's/^BackupId *: //p' <<<"$said")
types account 'sting-backup list'
ends 0
says 'Nothing in Metadata, Embeddings'
plain
types account 'sting-backup status'
ends 0
rm "$bare/srv/reserve/users/ada@example.com/letters/june.txt"
types account 'sting-backup incremental --quiet'
ends 0
types account "sting-restore file --user=ada@example.com --file=june.txt --backup-id=$first --destination=back --passphrase-file=pass"
ends 0
types account 'cat back/users/ada@example.com/letters/june.txt'
says 'the bees are well'
types account "sting-restore file --user=ada@example.com --file=june.txt --backup-id=$first --passphrase-file=pass"
plain
types account 'sting-restore full --destination=all --passphrase-file=pass'
plain

about "Typos"
types account 'sting-backup incremntal'
ends 2
says "Did you mean 'incremental'?"
types account 'sting-backup backup'
ends 2
says "sting-backup incremental"
types account 'sting-backup restore'
ends 2
says "sting-restore file"
types account 'sting-backup list --lates'
ends 2
says "--latest"
types account 'sting-restore user --email=ad@example.com --destination=x --passphrase-file=pass'
ends 1
says 'ada@example.com'
plain
types account 'sting-restore file --user=ada@example.com --file=jun.txt --destination=x --passphrase-file=pass'
ends 1
plain
types account "sting-restore full --backup-id=backup_20200101_000000 --destination=x --passphrase-file=pass"
ends 1
says 'sting-backup list'
plain
types account "sting-restore full --backup-id=20200101 --destination=x --passphrase-file=pass"
plain
types account 'sting-restore full --date=2026-13-45 --destination=x --passphrase-file=pass'
ends 2
plain
cp "$bare/etc/sting/sting-backup.yaml" "$work/good.yaml"
sed -i 's/^retention:.*/retention:\n  local_dayz: 9/' "$bare/etc/sting/sting-backup.yaml"
types account 'sting-backup status'
ends 2
says 'local_dayz' 'retention.local_days' 'sting-backup.yaml:'
plain
printf 'repository: {backup_root: /b\n' >"$bare/etc/sting/sting-backup.yaml"
types account 'sting-backup status'
ends 2
plain
cat "$work/good.yaml" >"$bare/etc/sting/sting-backup.yaml"
types account 'sting-backup status --config=/etc/sting/sting-bakcup.yaml'
ends 1
plain

about "The passphrase is forgotten"
printf 'some other words\n' >"$bare/root/wrong"
inside install -m 600 -o sting-backup /root/wrong /var/lib/sting-backup/wrong
types account 'sting-restore full --destination=x --passphrase-file=wrong'
ends 4
plain
types account 'sting-restore full --destination=x'
ends 4
says '--passphrase-file'
plain
types account 'sting-restore full --destination=x --passphrase-file=nowhere'
ends 2
plain

about "No rights"
mkdir -m 700 "$bare/srv/reserve/users/ada@example.com/private"
echo mine >"$bare/srv/reserve/users/ada@example.com/private/note"
types account 'sting-backup incremental'
ends 3
says 'private'
plain
rm -r "$bare/srv/reserve/users/ada@example.com/private"
types account "sting-restore file --user=ada@example.com --file=june.txt --backup-id=$first --destination=/root/back --passphrase-file=pass"
plain
types visitor 'sting-backup incremental'
plain
types root 'sting-backup incremental'
ends 1
says 'runuser -u sting-backup'
plain
types account 'sting-backup incremental --quiet'
ends 0
types root "sting-restore user --email=ada@example.com --backup-id=$first --destination=/root/back --passphrase-file=pass --confirm"
ends 0
says 'chown -R --from=root sting-backup'
types root "$(grep -o 'chown -R --from=root sting-backup.*' <<<"$said" | head -1)"
ends 0
types account 'sting-backup incremental'
ends 0
plain
# Whatever that was, the rest is to be watched too.
inside chown -R --from=root sting-backup: /var/lib/sting-backup /var/cache/sting-backup /var/log/sting-backup /var/backups/sting

about "No configuration"
mv "$bare/etc/sting/sting-backup.yaml" "$work/away.yaml"
types account 'sting-backup incremental'
ends 1
says '/etc/sting/sting-backup.yaml' 'sting-backup init'
plain
mv "$work/away.yaml" "$bare/etc/sting/sting-backup.yaml"

about "Two runs at once"
head -c 200000000 /dev/urandom >"$bare/srv/reserve/jars/recipes/film.bin"
(exec chroot --userspec=sting-backup:sting-backup "$bare" env -i PATH=/usr/bin:/bin HOME=/var/lib/sting-backup sting-backup incremental --quiet) >"$work/other.log" 2>&1 </dev/null &
child=$!
for ((i = 0; i < 300; i++)); do compgen -G "$bare/var/backups/sting/~staging/*/*" >/dev/null && break; sleep 0.02; done
kill -STOP "$child"
types account 'sting-backup incremental'
ends 1
says 'sting-backup jobs'
plain
types account 'sting-backup jobs'
kill -CONT "$child"
wait "$child"
child=''
rm "$bare/srv/reserve/jars/recipes/film.bin"

about "The clock is off by a day"
variables=(LD_PRELOAD=/usr/local/lib/clock.so CLOCK_DAYS=1)
types account 'sting-backup incremental --quiet'
variables=()
types account 'sting-backup doctor | grep -A4 -i "clock"'
says 'clock'
types account 'sting-backup incremental'
plain
types account 'sting-backup list --latest'
variables=(LD_PRELOAD=/usr/local/lib/clock.so CLOCK_DAYS=-1)
types account 'sting-backup incremental'
plain
variables=()

about "A token of the Vault has expired"
cat >"$work/vault.py" <<'P'
import http.server, sys
class Expired(http.server.BaseHTTPRequestHandler):
    def answer(self):
        healthy = self.path.startswith('/v1/sys/health')   # needs no token
        body = b'{"initialized":true,"sealed":false,"standby":false,"version":"1.18.0"}' if healthy else b'{"errors":["permission denied"]}'
        self.send_response(200 if healthy else 403); self.send_header('Content-Type', 'application/json'); self.send_header('Content-Length', str(len(body))); self.end_headers(); self.wfile.write(body)
    do_GET = do_POST = do_PUT = do_LIST = answer
    def log_message(self, *words): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Expired)
print(server.server_address[1], flush=True)
server.serve_forever()
P
python3 "$work/vault.py" >"$work/port" &
server=$!
for ((i = 0; i < 100; i++)); do [[ -s $work/port ]] && break; sleep 0.05; done
inside sh -c 'umask 077; echo hvs.EXPIRED-9f2c >/var/lib/sting-backup/token; chown sting-backup /var/lib/sting-backup/token'
printf 'vault:\n  address: http://127.0.0.1:%s\n  token_file: /var/lib/sting-backup/token\n' "$(cat "$work/port")" >"$work/vault.yaml"
grep -v '^vault:' "$work/good.yaml" | cat "$work/vault.yaml" - >"$bare/etc/sting/sting-backup.yaml"
types account 'sting-backup incremental'
says 'token'
plain
if grep -q EXPIRED-9f2c "$transcript"; then fail "a token is told"; else pass; fi
types account 'sting-backup doctor | grep -A4 -i "vault"'
says 'token'
plain
cat "$work/good.yaml" >"$bare/etc/sting/sting-backup.yaml"
kill "$server"
server=''

about "The disk of the repository is unplugged"
mkdir "$bare/srv/usb"
mount -t tmpfs -o size=200m tmpfs "$bare/srv/usb" && inside chown sting-backup /srv/usb
types account 'sting-backup init --backup-root=/srv/usb/sting --reserve=/srv/reserve --passphrase-file=pass --config=usb.yaml --key-directory=usb/keys --state-directory=usb/state --cache-directory=usb/cache --log-directory=usb/logs'
ends 0
types account 'sting-backup incremental --quiet --config=usb.yaml'
ends 0
mount --move "$bare/srv/usb" "$work/plug" 2>/dev/null || { mkdir "$work/plug" && mount --bind "$bare/srv/usb" "$work/plug" && umount "$bare/srv/usb"; }
types account 'sting-backup incremental --config=usb.yaml'
ends 1
says '/srv/usb/sting'
plain
types account 'sting-backup status --config=usb.yaml'
plain
types account 'sting-restore full --destination=x --config=usb.yaml --passphrase-file=pass'
plain
mount --bind "$work/plug" "$bare/srv/usb"
types account 'sting-backup incremental --quiet --config=usb.yaml'
ends 0
umount "$bare/srv/usb" "$work/plug"

about "The disk is full"
mkdir "$bare/srv/full"
mount -t tmpfs -o size=24m tmpfs "$bare/srv/full" && inside chown sting-backup /srv/full
types account 'sting-backup init --backup-root=/srv/full/sting --reserve=/srv/reserve --passphrase-file=pass --config=full.yaml --key-directory=full/keys --state-directory=full/state --cache-directory=full/cache --log-directory=full/logs'
ends 0
head -c 60000000 /dev/urandom >"$bare/srv/reserve/jars/recipes/film.bin"
types account 'sting-backup incremental --config=full.yaml'
ends 1
says 'Free room'
plain
types account 'sting-backup status --config=full.yaml'
types account 'sting-restore file --user=ada@example.com --file=june.txt --config=full.yaml --destination=/srv/full/back --passphrase-file=pass'
plain
rm "$bare/srv/reserve/jars/recipes/film.bin"
mount -o remount,size=200m "$bare/srv/full"
types account 'sting-backup incremental --quiet --config=full.yaml'
ends 0
umount "$bare/srv/full"
[[ ${STING_TRANSCRIPT:-} ]] && echo "what was typed and said: $transcript"
soak_end
