#!/usr/bin/env bash
# Kills a backup with SIGKILL at random moments. After each kill the repository must verify at level data, the next run must
# complete, and what it backed up must restore as it was.
#   --rounds N   kills; 100 unless told     --seed N   repeats a run
#   --work DIR   where to work              --keep     leaves reserve, repository and log behind

default_rounds=100
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"

bench corpus fixture "$reserve" --scale 0.03 --edges --seed "$seed" >"$log" 2>&1 || { fail "no sample reserve"; soak_end; }
new_repository || { fail "init exited with $?"; soak_end; }
start=${EPOCHREALTIME/./}
run sting-backup full --config "$config" || { fail "a backup that nobody killed exited with $?"; soak_end; }
# From which span moments are drawn, in microseconds: what a run of the type took the last time that one came to its end.
declare -A span=([full]=$((${EPOCHREALTIME/./} - start)) [incremental]=$((${EPOCHREALTIME/./} - start)))
echo "a first backup takes $((span[full] / 1000)) ms"

# One killed backup: sets outcome to killed, or finished when it was too quick, or to its exit code when it failed by itself.
kill_one() {
    local moment=$1 type=$2 code=0 taken
    sting-backup "$type" --config "$config" >"$log" 2>&1 </dev/null &
    child=$!
    kill_after "$moment"
    case $code in
        137) outcome=killed ;;
        0) outcome=finished span[$type]=$taken ;;
        *) outcome=$code ;;
    esac
}

round() {
    local type=incremental
    # Every third round begins with nothing stored, so that packs are in the making; the others with a reserve that changed.
    if ((number % 3 == 0)); then
        type=full
        new_repository || { fail "round $number: init exited with $?"; return; }
    else
        run bench change fixture "$reserve" "$((seed + attempts))" 0.3 || { fail "round $number: the reserve could not be changed"; return; }
    fi
    random "${span[$type]}"
    local moment=$REPLY
    kill_one "$moment" "$type"
    if [[ $outcome == finished ]]; then
        early=$((early + 1))
        return
    fi
    number=$((number + 1))
    local where="round $number ($type killed after $((moment / 1000)) ms)"
    [[ $outcome == killed ]] || { fail "$where: it exited with $outcome before it was killed"; return; }
    run sting-backup verify --level data --config "$config" || { fail "$where: verify exited with $?"; return; }
    run sting-backup incremental --config "$config" || { fail "$where: the next run exited with $?"; return; }
    restore_to "$work/restored" || { fail "$where: the restore exited with $?"; return; }
    if [[ $(bench tree-hash "$(restored_root "$work/restored")") != "$(bench tree-hash "$reserve")" ]]; then
        diff <(bench tree-hash "$reserve" --list) <(bench tree-hash "$(restored_root "$work/restored")" --list) >"$log" 2>&1
        fail "$where: what was restored differs"
        return
    fi
    pass
}

number=0 attempts=0 early=0
while ((number < rounds && attempts < 4 * rounds)); do
    attempts=$((attempts + 1))
    round
done
((number == rounds)) || fail "only $number of $rounds backups were still running when they were to be killed"
run sting-backup verify --level data --config "$config" || fail "the last verify exited with $?"
echo "$number backups killed, $early finished before their moment"
soak_end
