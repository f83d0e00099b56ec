#!/usr/bin/env bash
# The Debian package's life on a bare root (debootstrap): installed by apt, backs up as its account, upgraded and downgraded while a schedule runs and while programs stand
# still in the middle of their work, removed, installed again, purged. Configuration and cache are kept, every run ends well, and no removal touches a repository or a key.
# Needs root, debootstrap and the network of Debian's mirror, and builds two packages (--quick).
#   STING_PACKAGES="OLD.deb NEW.deb"   takes these instead      STING_BARE_ROOT=DIR   takes a copy of this root instead of a new one
# Options: --rounds N (upgrades and downgrades), --seed N, --work DIR, --keep
default_rounds=12
# shellcheck source=lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
if [[ ${1:-} == --rounds && ${2:-} == 3 ]]; then
    echo "its short form, with a package of a few files, is among the tests of the module"
    exit 78
fi
[[ $(id -u) == 0 ]] || cannot "needs root, for a root of its own"
[[ ${STING_BARE_ROOT:-} || $(type -P debootstrap) ]] || cannot "needs debootstrap"
unshare -m true 2>/dev/null || cannot "no mount namespace can be made here"
# Mounts go with the namespace, whatever happens.
[[ ${STING_OWN_MOUNTS:-} ]] || STING_OWN_MOUNTS=1 exec unshare -m "$0" "$@"
soak_begin "$@"
trap 'stop_child; umount "$bare/proc" "$bare" 2>/dev/null; rm -rf "$work"' EXIT
bare=$work/bare

if [[ ${STING_PACKAGES:-} ]]; then
    read -r old new <<<"$STING_PACKAGES"
else
    version=$(sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' "$root/Directory.Build.props")
    (cd "$root" && ./package.sh --quick --output "$work/old" && ./package.sh --quick --version "${version%.*}.$((${version##*.} + 1))" --output "$work/new") >"$log" 2>&1 || { fail "the packages are not built"; soak_end; }
    old=$(echo "$work"/old/*.deb) new=$(echo "$work"/new/*.deb)
fi
old_version=$(dpkg-deb -f "$old" Version) new_version=$(dpkg-deb -f "$new" Version)
dpkg --compare-versions "$new_version" gt "$old_version" || { echo "$new is no later version than $old." >&2; exit 2; }

if [[ ${STING_BARE_ROOT:-} ]]; then
    cp -a "$STING_BARE_ROOT" "$bare"
else
    debootstrap --variant=minbase "${STING_SUITE:-bookworm}" "$bare" http://deb.debian.org/debian >"$log" 2>&1 || { fail "no bare root could be made"; soak_end; }
fi
# PowerShell's engine finds no file below a root that is no mount.
mount --bind "$bare" "$bare" && mount -t proc proc "$bare/proc" || cannot "nothing can be mounted here"
mkdir "$bare/packages" && cp "$old" "$bare/packages/old.deb" && cp "$new" "$bare/packages/new.deb"

inside() { chroot "$bare" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive "$@"; }
as_account() { exec chroot --userspec=sting-backup:sting-backup "$bare" env -i PATH=/usr/bin:/bin HOME=/var/lib/sting-backup "$@"; }
account() { (as_account "$@"); }
# must WHAT COMMAND...: it ends with 0.
must() {
    local what=$1
    shift
    if run "$@"; then pass; else fail "$what: ended with $?"; fi
}
# All that a tree is: names, modes, owners, links, content.
print_of() { (cd "$bare" && find "$@" -printf '%p %m %U:%G %l\n' -type f -exec sha256sum {} + 2>/dev/null | LC_ALL=C sort | sha256sum); }
precious() { print_of srv etc/sting var/lib/sting-backup var/log/sting-backup; }
same() {
    if [[ $2 == "$3" ]]; then pass; else fail "$1"; fi
}

echo "installed by apt on a bare root, as the Containerfile does"
must "apt-get update" inside apt-get update
must "apt-get install" inside apt-get install -y --no-install-recommends /packages/old.deb
same "another version runs than was installed" "$(account sting-backup --version)" "sting-backup $old_version"
same "sting-restore is not the other program" "$(account sting-restore --version)" "sting-restore $old_version"
must "dpkg --verify" inside dpkg --verify sting-backup
same "files of the package are not root's" "$(find "$bare/usr/lib/sting-backup" "$bare/usr/bin/sting-backup" \( ! -uid 0 -o ! -gid 0 -o -perm /022 ! -type l \) | wc -l)" 0
same "folders have other owners or modes" "$(inside stat -c '%n %U:%G %a' /etc/sting /var/lib/sting-backup /var/log/sting-backup /var/cache/sting-backup | paste -sd ' ')" \
    "/etc/sting root:sting-backup 2770 /var/lib/sting-backup sting-backup:sting-backup 750 /var/log/sting-backup sting-backup:sting-backup 750 /var/cache/sting-backup sting-backup:sting-backup 750"
same "the account can sign in" "$(grep '^sting-backup:' "$bare/etc/passwd" | cut -d: -f6-7)" /var/lib/sting-backup:/usr/sbin/nologin

echo "backs up as its account"
mkdir -p "$bare/srv/reserve/users" "$bare/srv/backups"
for person in ada grace barbara; do
    mkdir -p "$bare/srv/reserve/users/$person"
    for i in {1..60}; do head -c $((RANDOM * 3 + 1)) /dev/urandom >"$bare/srv/reserve/users/$person/file$i.bin"; done
done
chmod -R a+rX "$bare/srv/reserve"
inside chown sting-backup:sting-backup /srv/backups
must "init" account sting-backup init --no-passphrase --backup-root /srv/backups --reserve /srv/reserve
same "the configuration is not in /etc/sting" "$(cd "$bare" && echo etc/sting/*)" etc/sting/sting-backup.yaml
must "the first run" account sting-backup full --quiet
must "doctor" account sting-backup doctor
same "users are not completed" "$(account sting-restore complete user --email=gra | cut -f1)" "--email=grace"
configuration=$(print_of etc/sting) keys=$(print_of var/lib/sting-backup/keys)

# One run behind the other while packages change; each adds a file and has to end with 0.
schedule() {
    local n=0 code
    while [[ ! -e $work/enough ]]; do
        n=$((n + 1))
        echo "$n" >"$bare/srv/reserve/users/ada/tick"
        code=0
        account sting-backup incremental --max-wait=10m --quiet >>"$work/schedule.log" 2>&1 </dev/null || code=$?
        echo "$code" >>"$work/schedule.codes"
    done
}

echo "upgrades and downgrades over a running schedule"
schedule &
loop=$!
for ((round = 1; round <= rounds; round++)); do
    package=new wanted=$new_version
    ((round % 2)) || package=old wanted=$old_version
    # A program that stands still, at any moment of its life, while its package is exchanged.
    (as_account sting-backup browse --backup-id=latest --recurse --json) >"$work/still.log" 2>&1 </dev/null &
    child=$!
    random 700
    sleep "0.$(printf %03d "$REPLY")"
    kill -STOP "$child" 2>/dev/null
    must "round $round: dpkg -i of $wanted" inside dpkg -i "/packages/$package.deb"
    kill -CONT "$child" 2>/dev/null
    code=0
    wait "$child" || code=$?
    child=''
    cp "$work/still.log" "$log"
    same "round $round: the program that stood still after $REPLY ms ended with $code" "$code" 0
    same "round $round: $wanted does not run" "$(account sting-backup --version)" "sting-backup $wanted"
done
: >"$work/enough"
wait "$loop"
runs=$(wc -l <"$work/schedule.codes")
cp "$work/schedule.log" "$log"
same "of $runs runs of the schedule some did not end with 0" "$(sort -u "$work/schedule.codes")" 0
echo "$runs runs of the schedule meanwhile"
same "the configuration did not stay as it was" "$(print_of etc/sting)" "$configuration"
same "the keys did not stay as they were" "$(print_of var/lib/sting-backup/keys)" "$keys"
must "a last downgrade" inside dpkg -i /packages/old.deb
must "an upgrade" inside dpkg -i /packages/new.deb
# By the cache: a run of the new version reads nothing anew.
same "the cache did not serve the next version" "$(account sting-backup incremental --json 2>/dev/null </dev/null | grep -io '"bytesRead": *[0-9]*' | grep -o '[0-9]*$')" 0
must "verify" account sting-backup verify --level=data --quiet
same "old programs were not cleared away" "$(find "$bare/usr/lib/sting-backup/versions" -mindepth 1 -maxdepth 1 | wc -l)" 1
must "restore" account sting-restore full --date=latest --destination=/var/tmp/again --confirm --quiet
must "what came back is not what was backed up" diff -r "$bare/srv/reserve" "$(restored_root "$bare/var/tmp/again")"
rm -rf "$bare/var/tmp/again"

echo "removed, installed again, purged"
before=$(precious)
must "dpkg --remove" inside dpkg --remove sting-backup
same "a removal touched repository, keys, configuration, state or logs" "$(precious)" "$before"
same "the program is still there" "$(ls -d "$bare"/usr/lib/sting-backup "$bare"/usr/bin/sting-* 2>/dev/null)" ''
must "an installation behind it" inside dpkg -i /packages/new.deb
same "an installation touched what was there" "$(precious)" "$before"
must "a run behind it" account sting-backup incremental --quiet
before=$(precious)
# Where nobody should have put a key.
mkdir "$bare/var/cache/sting-backup/mine" && echo secret >"$bare/var/cache/sting-backup/mine/reserve.key"
must "dpkg --purge" inside dpkg --purge sting-backup
same "a purge touched repository, keys, configuration, state or logs" "$(precious)" "$before"
same "a purge took a key out of the cache's folder" "$(cat "$bare/var/cache/sting-backup/mine/reserve.key")" secret
rm -r "$bare/var/cache/sting-backup/mine"
must "an installation behind a purge" inside dpkg -i /packages/new.deb
must "a run without a cache" account sting-backup incremental --quiet
must "verify behind all of it" account sting-backup verify --level=data --quiet
before=$(precious)
must "dpkg --purge" inside dpkg --purge sting-backup
same "a purge touched repository, keys, configuration, state or logs" "$(precious)" "$before"
same "the cache is left" "$(ls -d "$bare/var/cache/sting-backup" 2>/dev/null)" ''
# With nothing of anybody's, nothing is left.
rm -rf "$bare"/etc/sting/* "$bare"/var/lib/sting-backup/* "$bare"/var/lib/sting-backup/.[!.]* "$bare"/var/log/sting-backup/*
must "an installation" inside dpkg -i /packages/new.deb
must "a purge of it" inside dpkg --purge sting-backup
same "something is left of a package that was never used" "$(ls -d "$bare"/etc/sting "$bare"/var/*/sting-backup "$bare"/usr/lib/sting-backup 2>/dev/null)" ''
soak_end
