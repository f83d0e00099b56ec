#!/usr/bin/env bash
# The fixture (2.2 GB) is backed up, verified, changed, backed up again and restored within a real control group of 2 GB and 25 % of the processors, which this script makes (version 1 or 2) and takes away. Nothing is
# killed for want of memory, what comes back equals what was there, and the group's own figures tell the peak and the share. Then the program holds itself to 25 %, without that group: as root by a control
# group of its own, which is gone afterwards, and as a user without the right to one by resting.
#   --rounds N   percent of the fixture; 100 unless told. With fewer than ten, as ./test.sh calls it, nothing: its short form is among the engine tests
#   --seed N     another fixture
#   --work DIR   where to work (8 GB)                                            --keep     leaves everything behind
# Needs root. STING_SOAK_PART names one of the two: group, own. STING_SOAK_FIXTURE names a fixture that is there already.

default_rounds=100
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"
if ((rounds < 10)); then
    echo "its short form, a process in a real control group, is among the engine tests"
    exit 78
fi
((EUID == 0)) || cannot "only root may make control groups here"
[[ $(type -P setpriv) ]] || cannot "needs setpriv: apt-get install util-linux"

cores=$(nproc) memory=2000000000 percent=25
quota=$((100000 * percent * cores / 100))
name=sting-soak-$$ unified=''
groups=()

# make FOLDER: a group that goes when this script does.
make() { mkdir "$1" && groups+=("$1"); }
leave() {
    local group
    for group in "${groups[@]}"; do
        # Whoever is left is brought to the group above.
        while read -r process; do echo "$process" >"${group%/*}/cgroup.procs"; done <"$group/cgroup.procs" 2>/dev/null
        rmdir "$group" 2>/dev/null
    done
    groups=()
}
trap 'stop_child; leave; [[ " '"$*"' " == *" --keep "* ]] || rm -rf "$work"' EXIT

if [[ -f /sys/fs/cgroup/cgroup.controllers ]]; then
    version=2 unified=/sys/fs/cgroup/$name
    echo '+cpu +memory' >/sys/fs/cgroup/cgroup.subtree_control || cannot "this host lets nobody divide processors and memory"
    make "$unified" || cannot "no group can be made in /sys/fs/cgroup"
    echo "$quota 100000" >"$unified/cpu.max" && echo $memory >"$unified/memory.max" && echo 0 >"$unified/memory.swap.max" 2>/dev/null
else
    version=1
    for controller in cpu cpuacct memory; do [[ -d /sys/fs/cgroup/$controller ]] || cannot "this host has no control group $controller"; done
    make "/sys/fs/cgroup/cpu/$name" || cannot "no group can be made in /sys/fs/cgroup/cpu"
    # On many hosts the two are one.
    [[ /sys/fs/cgroup/cpuacct -ef /sys/fs/cgroup/cpu ]] || make "/sys/fs/cgroup/cpuacct/$name" || cannot "no group can be made in /sys/fs/cgroup/cpuacct"
    make "/sys/fs/cgroup/memory/$name" || cannot "no group can be made in /sys/fs/cgroup/memory"
    echo 100000 >"/sys/fs/cgroup/cpu/$name/cpu.cfs_period_us" && echo $quota >"/sys/fs/cgroup/cpu/$name/cpu.cfs_quota_us" || cannot "the share cannot be set"
    echo $memory >"/sys/fs/cgroup/memory/$name/memory.limit_in_bytes" || cannot "the memory cannot be set"
fi

# What the group has used, in microseconds; its peak; what of it is the programs' own, now; how many were killed for want of memory.
used() { if ((version == 2)); then sed -n 's/^usage_usec //p' "$unified/cpu.stat"; else echo $(($(<"/sys/fs/cgroup/cpuacct/$name/cpuacct.usage") / 1000)); fi; }
peak() { cat "$unified/memory.peak" 2>/dev/null || cat "/sys/fs/cgroup/memory/$name/memory.max_usage_in_bytes" 2>/dev/null; }
own_now() { if ((version == 2)); then sed -n 's/^anon //p' "$unified/memory.stat"; else sed -n 's/^total_rss //p' "/sys/fs/cgroup/memory/$name/memory.stat"; fi; }
killed() { if ((version == 2)); then sed -n 's/^oom_kill //p' "$unified/memory.events"; else sed -n 's/^oom_kill //p' "/sys/fs/cgroup/memory/$name/memory.oom_control"; fi; }

# within COMMAND…: runs it in the group; sets took (ms), share (per mille of all processors) and own (its programs' own memory at most, seen ten times a second).
within() {
    local before start=${EPOCHREALTIME/./} code=0 now
    before=$(used) own=0
    (
        for group in "${groups[@]}"; do echo $BASHPID >"$group/cgroup.procs"; done
        exec "$@"
    ) >"$log" 2>&1 </dev/null &
    child=$!
    while kill -0 $child 2>/dev/null; do
        now=$(own_now)
        ((now <= own)) || own=$now
        sleep 0.1
    done
    wait $child || code=$?
    child=''
    took=$(((${EPOCHREALTIME/./} - start) / 1000))
    share=$((($(used) - before) / took / cores))
    return $code
}

# check WHAT: whether the command before it succeeded.
check() { if (($? == 0)); then pass; else fail "$1"; fi; }
tell() { printf '%-28s %7d ms  %3d.%d %% of %d processors  %5d MB of its own\n' "$1" "$took" $((share / 10)) $((share % 10)) "$cores" $((own / 1000000)); }

new_reserve() {
    rm -rf "$reserve"
    if [[ ${STING_SOAK_FIXTURE:-} ]]; then
        cp -a "$STING_SOAK_FIXTURE" "$reserve"
    else
        bench corpus fixture "$reserve" --seed "$1" --scale "$(awk "BEGIN { print $rounds / 100 }")" >"$log" 2>&1
    fi
    check "the fixture could not be made"
}
part=${STING_SOAK_PART:-group own}
new_reserve "$seed"
echo "control groups of version $version: $memory bytes, $percent % of $cores processors; $(du -sm "$reserve" | cut -f1) MB to back up"
new_repository
check "init exited with an error"

if [[ $part == *group* ]]; then
    # Within a group that somebody else made. The program's own limit is off first, so that only the group counts; then both.
    within sting-backup full --config "$config"
    check "the backup exited with an error"
    tell "first backup"
    ((share <= 10 * percent + 15))
    check "the backup used $share per mille of the processors"
    within sting-backup verify --level data --config "$config"
    check "verify exited with an error"
    tell "verify"
    sed -i 's/^  cpu_limit: none/  cpu_limit: 25%/' "$config"
    grep -q '^  cpu_limit: 25%' "$config"
    check "the limit could not be set"
    bench change fixture "$reserve" "$((seed + 1))" >"$log" 2>&1
    check "the fixture could not be changed"
    within sting-backup incremental --config "$config"
    check "the second backup exited with an error"
    tell "5 % changed"
    mkdir "$work/restored"
    within sting-restore full --date latest --destination "$work/restored" --confirm --config "$config"
    check "the restore exited with an error"
    tell "restore"
    [[ $(bench tree-hash "$reserve") == "$(bench tree-hash "$(restored_root "$work/restored")")" ]]
    check "what came back differs"
    echo "peak of the group, with the system's cache: $(($(peak) / 1000000)) MB; killed for want of memory: $(killed)"
    (($(killed) == 0 && $(peak) <= memory + 4096))
    check "the group took $(peak) bytes, or something was killed"
    rm -rf "$work/restored"
fi
leave
[[ $part == *own* ]] || soak_end

# Without that group. The first seconds are free: what is over by then is not held.
# held COMMAND…: runs it; sets took, and share of what was used behind the free seconds.
held() {
    local TIMEFORMAT='%R %U %S' code=0 times
    { time "$@" >"$log" 2>&1 </dev/null; } 2>"$work/times" || code=$?
    read -r -a times <"$work/times"
    took=$(awk "BEGIN { printf \"%d\", ${times[0]} * 1000 }") own=0
    share=$(awk "BEGIN { used = ${times[1]} + ${times[2]} - 3.5 * $cores; printf \"%d\", used <= 0 ? 0 : used * 1000 / (${times[0]} - 3.5) / $cores }")
    return $code
}
# A level of compression that gives it work enough to be held.
again() {
    new_repository
    check "init exited with an error"
    sed -i 's/^  cpu_limit: none/  cpu_limit: 25%\n  compression_level: 7/' "$config"
}
again
held sting-backup full --verbose --config "$config"
check "the backup exited with an error"
tell "held by its own group"
grep -q 'by a control group' "$log"
check "the program made no control group of its own"
((share > 50 && share <= 10 * percent + 30))
check "the program used $share per mille of the processors behind its free seconds"
! compgen -G '/sys/fs/cgroup/sting-backup-*' >/dev/null && ! compgen -G '/sys/fs/cgroup/cpu/sting-backup-*' >/dev/null
check "a control group was left behind"

again
chmod 711 "$work" && chown -R 65534:65534 "$work" && chmod -R u+rX "$reserve"
held setpriv --reuid 65534 --regid 65534 --clear-groups env "HOME=$work" "PATH=$PATH" sting-backup full --verbose --config "$config"
check "the backup of a user without rights exited with an error"
tell "held by resting"
grep -q 'by resting: there is no right' "$log"
check "the program did not say that it rests"
((share > 50 && share <= 10 * percent + 30))
check "the program used $share per mille of the processors behind its free seconds"
soak_end
