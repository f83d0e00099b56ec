#!/usr/bin/env bash
# The container file: an image is built of it as it stands, over a bare Debian of debootstrap in the place of the registry's, and run as docs/install.md says: as an account without rights, with a root file system that is read-only and without a network. It makes a repository, backs up,
# reads by its cache in the next container, verifies, restores, and tells its health; the account's number is the same in an image built anew.
# Needs root, debootstrap, Podman with crun, python3 and the network of Debian's mirror, and builds a package (--quick).
#   STING_PACKAGE=FILE.deb   takes this instead      STING_BARE_ROOT=DIR   takes this root (minbase) instead of a new one
# Options: --seed N, --work DIR, --keep
default_rounds=1
# shellcheck source=lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
if [[ ${1:-} == --rounds && ${2:-} == 3 ]]; then
    echo "it builds a package and an image: by hand, before a release"
    exit 78
fi
[[ $(id -u) == 0 ]] || cannot "needs root, for containers"
[[ $(type -P podman) && $(type -P crun) && $(type -P python3) ]] || cannot "needs podman, crun and python3"
[[ ${STING_BARE_ROOT:-} || $(type -P debootstrap) ]] || cannot "needs debootstrap"
unshare -m true 2>/dev/null || cannot "no mount namespace can be made here"
# Mounts go with the namespace, whatever happens.
[[ ${STING_OWN_MOUNTS:-} ]] || STING_OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
soak_begin "$@"
trap 'stop_child; podman_here rm -af >/dev/null 2>&1; umount -R "$work"/storage/overlay 2>/dev/null; rm -rf "$work"' EXIT
umount -R /sys/fs/cgroup 2>/dev/null
mount -t cgroup2 cgroup2 /sys/fs/cgroup || cannot "needs control groups of version 2"

# crun without limits: machines without CAP_SYS_RESOURCE let nobody set what Podman asks for.
mkdir "$work/runtime"
cat >"$work/runtime/crun" <<'R'
#!/bin/bash
for ((i = 1; i < $#; i++)); do
    n=$((i + 1))
    case ${!i} in
        --bundle) file=${!n}/config.json ;;
        --process) file=${!n} ;;
        *) continue ;;
    esac
    python3 - "$file" <<'P'
import json, sys
spec = json.load(open(sys.argv[1]))
spec.get("process", spec).pop("rlimits", None)
json.dump(spec, open(sys.argv[1], "w"))
P
done
exec /usr/bin/crun "$@"
R
chmod +x "$work/runtime/crun"
podman_here() { podman --root "$work/storage" --runroot "$work/run" --cgroup-manager=cgroupfs --runtime "$work/runtime/crun" "$@"; }
must() {
    local what=$1
    shift
    if run "$@"; then pass; else fail "$what: ended with $?"; fi
}
same() {
    if [[ $2 == "$3" ]]; then pass; else fail "$1: '$2', not '$3'"; fi
}

package=${STING_PACKAGE:-}
if [[ ! $package ]]; then
    (cd "$root" && ./package.sh --quick --output "$work/packages") >"$log" 2>&1 || { fail "the package is not built"; soak_end; }
    package=$(echo "$work"/packages/*.deb)
fi
bare=${STING_BARE_ROOT:-}
if [[ ! $bare ]]; then
    bare=$work/bare
    debootstrap --variant=minbase "${STING_SUITE:-bookworm}" "$bare" http://deb.debian.org/debian >"$log" 2>&1 || { fail "no bare root could be made"; soak_end; }
fi

echo "builds an image of the container file"
tar -C "$bare" -c . | podman_here import -q - docker.io/library/debian:bookworm-slim >"$log" 2>&1 || { fail "podman import"; soak_end; }
mkdir "$work/context" && cp "$root/packaging/Containerfile" "$work/context" && cp "$package" "$work/context/sting-backup_$(dpkg-deb -f "$package" Version)_amd64.deb"
# --isolation=chroot: a build needs no runtime then.
must "podman build" podman_here build --pull=never --network=host --isolation=chroot -t sting-backup "$work/context"
((failed == 0)) || soak_end
same "its account" "$(podman_here image inspect --format '{{.Config.User}} {{.Config.Entrypoint}} {{.Config.Cmd}}' sting-backup)" "sting-backup [/usr/bin/sting-backup] [--help]"

echo "runs it as docs/install.md says"
mkdir -p "$reserve/users/ada" "$work/backups" "$work/restored"
for i in {1..30}; do head -c $((RANDOM * 3 + 1)) /dev/urandom >"$reserve/users/ada/file$i.bin"; done
chmod -R a+rX "$reserve"
chmod 711 "$work"
chown 862:862 "$work/backups" "$work/restored"
volumes=(-v sting-etc:/etc/sting -v sting-state:/var/lib/sting-backup -v sting-cache:/var/cache/sting-backup -v sting-logs:/var/log/sting-backup -v "$reserve:/srv/reserve:ro" -v "$work/backups:/srv/backups")
alone=(--cgroups=disabled --network=none --read-only --cap-drop=all --security-opt=no-new-privileges)
sting() { podman_here run --rm "${alone[@]}" "${volumes[@]}" "$@"; }
same "it runs as somebody else" "$(sting --entrypoint=id sting-backup -u 2>&1)" 862
same "it says another version" "$(sting sting-backup --version 2>&1)" "sting-backup $(dpkg-deb -f "$package" Version)"
same "it has rights" "$(sting --entrypoint=grep sting-backup -E 'Cap(Eff|Prm|Bnd)' /proc/self/status 2>&1 | awk '{ print $2 }' | sort -u)" 0000000000000000
if sting --entrypoint=touch sting-backup /usr/x /etc/x 2>"$log"; then fail "its root can be written"; else pass; fi
printf 'the words that open the backups\n' >"$work/pass" && chmod 600 "$work/pass" && chown 862 "$work/pass"
secret=(-v "$work/pass:/run/pass:ro")
must "init" sting "${secret[@]}" sting-backup init --backup-root=/srv/backups --reserve=/srv/reserve --passphrase-file=/run/pass
if run sting sting-backup incremental; then pass; else fail "the first run ended with $?"; fi
same "the cache did not serve the next container" "$(sting sting-backup incremental --json 2>/dev/null | grep -io '"bytesRead": *[0-9]*' | grep -o '[0-9]*$')" 0
must "verify" sting "${secret[@]}" sting-backup verify --level=data --passphrase-file=/run/pass --quiet
must "restore" sting "${secret[@]}" -v "$work/restored:/restored" --entrypoint=sting-restore sting-backup full --destination=/restored --passphrase-file=/run/pass --confirm --quiet
must "what came back is not what was backed up" diff -r "$reserve" "$(restored_root "$work/restored")"
if run sting --entrypoint=sh sting-backup -c 'echo x >/srv/reserve/x'; then fail "the reserve could be written"; else pass; fi

echo "the daemon, and its health"
# shellcheck disable=SC2016 # the words of the documentation
health=$(sed -n "s/.*--health-cmd='\([^']*\)'.*/\1/p" "$root/docs/install.md")
must "podman run -d" podman_here run -d --name daemon "${alone[@]}" "${volumes[@]}" --health-cmd "$health" --health-interval=disable sting-backup daemon --confirm --quiet
for ((i = 0; i < 60; i++)); do podman_here exec daemon sting-backup jobs 2>/dev/null | grep -q 'daemon *Running' && break; sleep 0.5; done
must "the daemon is no job" sh -c "$(declare -f podman_here); work=$work podman_here exec daemon sting-backup jobs | grep -q 'daemon *Running'"
must "its health" podman_here healthcheck run daemon
mv "$work/backups/points" "$work/backups/away"
if run podman_here healthcheck run daemon; then fail "it is well without its restore points"; else pass; fi
mv "$work/backups/away" "$work/backups/points"
must "podman stop" podman_here stop -t 60 daemon
same "a stop kills it" "$(podman_here inspect --format '{{.State.ExitCode}}' daemon)" 1
must "podman rm" podman_here rm daemon

echo "an image built anew goes on with the same volumes"
must "podman build" podman_here build --pull=never --no-cache --network=host --isolation=chroot -t sting-backup "$work/context"
same "another account" "$(sting --entrypoint=id sting-backup -u 2>&1)" 862
must "a run" sting sting-backup incremental --quiet
soak_end
