# shellcheck shell=bash
# One function for each tool and step. All encrypt; all compress with zstd at about the same effort.

# What the tools see of this machine is a run's own folder, nothing of the user's.
places() {   # STATE TREE
    export STATE=$1 TREE=$2 DEST=$run/restored
    export RESTIC_PASSWORD=measured RESTIC_REPOSITORY=$STATE/restic/repository RESTIC_CACHE_DIR=$STATE/restic/cache
    export BORG_PASSPHRASE=measured BORG_REPO=$STATE/borg/repository BORG_BASE_DIR=$STATE/borg/home
    export XDG_CONFIG_HOME=$STATE/sting/config XDG_STATE_HOME=$STATE/sting/state XDG_CACHE_HOME=$STATE/sting/cache XDG_DATA_HOME=$STATE/sting/data
    export STING_CONFIG=$STATE/sting/sting-backup.yaml
}

init_sting() {
    sting-backup init --no-passphrase --backup-root "$STATE/sting/repository" --reserve "$TREE" --config "$STING_CONFIG" \
        --key-directory "$STATE/sting/keys" --state-directory "$STATE/sting/state" --cache-directory "$STATE/sting/cache" --log-directory "$STATE/sting/logs" --setting=performance.cpu_limit=none   # the others are not held back either
}
first_sting() { sting-backup full --config "$STING_CONFIG"; }
unchanged_sting() { sting-backup incremental --config "$STING_CONFIG"; }
changed_sting() { sting-backup incremental --config "$STING_CONFIG"; }
restore_sting() { sting-restore full --date latest --destination "$DEST" --confirm --config "$STING_CONFIG"; }
onefile_sting() { sting-restore file --date latest --file "$ONE" --destination "$DEST" --confirm --config "$STING_CONFIG"; }
verify_sting() { sting-backup verify --level data --config "$STING_CONFIG"; }

init_restic() { restic init --quiet --repository-version 2; }
first_restic() { cd "$TREE" && restic backup --quiet --compression auto .; }
unchanged_restic() { first_restic; }
changed_restic() { first_restic; }
restore_restic() { restic restore latest --quiet --target "$DEST"; }
onefile_restic() { restic restore latest --quiet --target "$DEST" --include "/$ONE"; }
verify_restic() { restic check --quiet --read-data; }

# Each run's archive has a name of its own; the newest is told in a file, since to ask borg for it would be timed too.
init_borg() { borg init --encryption repokey; }   # SHA-256 has instructions of its own on most processors, BLAKE2 has none
first_borg() {
    local archive=at-$EPOCHREALTIME
    cd "$TREE" && borg create --compression zstd,3 "::$archive" . && echo "$archive" >"$STATE/borg/newest"
}
unchanged_borg() { first_borg; }
changed_borg() { first_borg; }
restore_borg() { cd "$DEST" && borg extract "::$(<"$STATE/borg/newest")"; }
onefile_borg() { cd "$DEST" && borg extract "::$(<"$STATE/borg/newest")" "$ONE"; }
verify_borg() { borg check --verify-data; }

init_tar() { mkdir -p "$STATE/tar/repository"; }
first_tar() {
    set -o pipefail
    tar --format=posix -C "$TREE" -cf - . | zstd -q -3 -T2 | openssl enc -aes-256-ctr -pbkdf2 -pass pass:measured -out "$STATE/tar/repository/all.tar.zst.enc"
}
open_tar() { openssl enc -d -aes-256-ctr -pbkdf2 -pass pass:measured -in "$STATE/tar/repository/all.tar.zst.enc"; }
restore_tar() { set -o pipefail; open_tar | zstd -q -dc | tar -C "$DEST" -xpf -; }
verify_tar() { set -o pipefail; open_tar | zstd -q -t; }

# What nobody can do without: the same bytes through the engine's own primitives, without the engine.
init_primitives() { mkdir -p "$STATE/primitives/repository"; }
first_primitives() { dotnet "$BENCH" primitives "$TREE" "$STATE/primitives/repository/all"; }

all_tools=(sting restic borg tar primitives)
all_steps=(first unchanged changed restore verify onefile)
for tool in "${all_tools[@]}"; do
    for step in init "${all_steps[@]}"; do
        if declare -F "${step}_$tool" >/dev/null; then export -f "${step}_${tool?}"; fi
    done
done
export -f open_tar first_restic first_borg

# What must be there for the tools that were chosen.
require_tools() {
    local tool program missing=()
    [[ -x /usr/bin/time ]] || missing+=(time)
    for tool in "$@"; do
        case $tool in
            restic) [[ $(type -P restic) ]] || missing+=(restic) ;;
            borg) [[ $(type -P borg) ]] || missing+=(borgbackup) ;;
            tar) for program in tar zstd openssl; do [[ $(type -P "$program") ]] || missing+=("$program"); done ;;
            sting) [[ -x $programs/sting-backup && -x $programs/sting-restore ]] || fail "'$programs' has no sting-backup and sting-restore (dotnet build -c Release makes those of out/bin)." ;;
        esac
    done
    ((${#missing[@]} == 0)) || fail "these are missing: apt-get install ${missing[*]}; or leave them out with --tools"
}

# A version's first line, or a dash where the program does not say.
version() { { "$@" 2>/dev/null || true; } | head -1 | grep . || echo "$1 –"; }
versions() {
    local tool
    for tool in "${all_tools[@]}"; do
        case $tool in
            sting) version sting-backup --version | sed "s|\$|$([[ $programs == "$here/out/bin" ]] || echo ' (of the package)')|" ;;
            tar) version tar --version; version zstd --version | sed -E 's/.*(v[0-9.]+).*/zstd \1/'; version openssl version | sed 's/ (.*//' ;;
            restic) version restic version ;;
            borg) version borg --version ;;
        esac
    done | paste -sd';' | sed 's/;/; /g; s/$/./'
}

# What stands at the head of a file of results.
notes() {
    local cpu memory commit
    cpu=$(awk -F': *' '/^model name/ { print $2; exit }' /proc/cpuinfo)
    memory=$(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)
    commit=$(git -C "$here" describe --always --dirty=+ --exclude '*' 2>/dev/null || echo unknown)
    printf '#date\t%s\n#commit\t%s\n' "$(date -u +%FT%T)" "$commit"
    printf '#machine\t%s\n' "${cpu:-$(uname -m)}, $(nproc) cores, $memory GiB of memory, Linux $(uname -r | cut -d- -f1), $(df --output=fstype "$run" | tail -1) file system."
    printf '#versions\t%s\n' "$(versions)"
    [[ ! $quick ]] || printf '#quick\t1\n'
}
