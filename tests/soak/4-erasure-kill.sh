#!/usr/bin/env bash
# Kills the process that carries an erasure out with SIGKILL, the run after it too, at random moments that are spread evenly over what an erasure that is let live takes (measured first), with a replica of the key store or a place of the epoch secret away, back late, or back with
# old content. Whoever is not erased must open after every kill; whoever is must not, from the turn on; the run that is let live must end the erasure, with a certificate that is sound.
#   --rounds N   kills; 40 unless told      --seed N   repeats a run
#   --work DIR   where to work              --keep     leaves everything behind

default_rounds=40
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"
people=$((rounds + 12)) keys=$work/data/keys approver=$work/officer.approver

# person N: sets id, and text: what stands in the file.
person() { printf -v id 'p%06d' "$1"; text="what person $1 wrote, planted by seed $seed"; }

mkdir -p "$reserve/users"
for ((i = 0; i < people; i++)); do
    person "$i"
    mkdir "$reserve/users/$id" && echo "$text" >"$reserve/users/$id/diary.txt"
done
new_repository || { fail "init exited with $?"; soak_end; }
sed -i 's/# delay_days: 7/delay_days: 0/' "$config"
run sting-backup full --config "$config" || { fail "the backup exited with $?"; soak_end; }
echo "the officer's own words" >"$work/officer.pass"
run sting-backup approver-new --name=officer "--key-file=$approver" "--approver-passphrase-file=$work/officer.pass" || { fail "approver-new exited with $?"; soak_end; }
run sting-backup approver-add "--public-file=$approver.pub" --config "$config" --confirm || { fail "approver-add exited with $?"; soak_end; }
[[ -d $keys/store && -d $keys/store-2 && -d $keys/epoch && -d $keys/epoch-2 ]] || { fail "the key directory has other folders: $(ls "$keys" | tr '\n' ' ')"; soak_end; }

# Asks for the erasure of the victim, and has it approved.
ask() {
    local code=0
    run sting-backup erase "--user=$victim" --config "$config" --confirm || code=$?
    ((code == 4)) || return 1
    run sting-backup approve --path="$(ls -t "$work"/state/approvals/*.request | head -1)" "--key-file=$approver" "--approver-passphrase-file=$work/officer.pass" --confirm || return 1
    run sting-backup erase "--user=$victim" --config "$config" --confirm
}

# due: carries out what is due; sets code.
due() { code=0; run sting-backup erase-due --config "$config" --confirm || code=$?; }

# timed: the same; sets took, in microseconds.
timed() { local start=${EPOCHREALTIME/./}; due; took=$((${EPOCHREALTIME/./} - start)); }

# look WHEN: restores everything. Whoever was erased must be away and whoever was not must be as he was; the victim must be away once he was.
look() {
    local code=0 back there
    rm -rf "$work/back"
    run sting-restore full --date latest --destination "$work/back" --confirm --config "$config" || code=$?
    ((code == 0 || code == 3)) || { fail "$where$1: a restore of everything exited with $code"; return 1; }
    back=$(restored_root "$work/back")
    for ((i = 0; i < people; i++)); do
        person "$i"
        there=''
        [[ -e $back/users/$id ]] && there=1
        if ((i > victim_number)); then
            [[ $there && $(<"$back/users/$id/diary.txt") == "$text" ]] || { fail "$where$1: $id, who is not erased, does not come back as he was"; return 1; }
        elif ((i < victim_number)) || [[ $turned ]]; then
            [[ ! $there ]] || { fail "$where$1: $id, who is erased, comes back"; return 1; }
        elif [[ ! $there ]]; then
            turned=1
        fi
    done
    if [[ $turned ]] && grep -rqF "$victim_text" "$work/back"; then
        fail "$where$1: what the erased wrote comes back"
        return 1
    fi
}

# One killed run: sets outcome to killed, or finished when it was too quick, or to its exit code when it ended by itself.
kill_one() {
    local moment=$1 code=0 sleeper was_turned=$turned start=${EPOCHREALTIME/./}
    sting-backup erase-due --config "$config" --confirm >"$log" 2>&1 </dev/null &
    child=$!
    sleep "$((moment / 1000000)).$(printf %06d $((moment % 1000000)))" &
    sleeper=$!
    wait -n "$child" "$sleeper"
    kill -9 "$child" 2>/dev/null
    wait "$child" 2>/dev/null || code=$?
    child=''
    kill "$sleeper" 2>/dev/null
    wait "$sleeper" 2>/dev/null
    case $code in
        137) outcome=killed ;;
        0 | 3)
            outcome=finished
            # It was quicker than the measured one; what goes on behind the turn says nothing of the whole.
            [[ $was_turned ]] || span=$((${EPOCHREALTIME/./} - start - idle))
            ;;
        *) outcome=$code ;;
    esac
}

# put_old PLACE: it comes back as it was before the erasure.
put_old() { rm -rf "${keys:?}/$1" && cp -a "$work/old/$1" "$keys/$1"; }

declare -A counted=()
fifths=(0 0 0 0 0) behind=0 number=0 attempts=0 early=0 ended=0 late=0

# attempt KIND FIFTH: one kill in that fifth of an erasure's time, and what must hold after it. Returns 1 where something failed, 2 where nothing is left to kill.
attempt() {
    local kind=$1 fifth=$2 place=${1#old-} moment share
    attempts=$((attempts + 1))
    case $kind in store-2 | epoch-2) mv "$keys/$place" "$work/away" ;; esac
    # In thousandths of the whole. The program's own start is not what is looked at; and behind the turn a run goes on from where the one before it died.
    random 180
    share=$((fifth * 200 + REPLY))
    moment=$((idle + span * (share - reached) / 1000))
    kill_one "$moment"
    where="attempt $attempts ($kind, $victim, killed after $((moment / 1000)) ms): "
    if [[ $outcome != killed && $outcome != finished ]]; then
        fail "${where}it exited with $outcome before it was killed"
        return 1
    fi
    look "after it" || return 1
    case $kind in
        store-2 | epoch-2) mv "$work/away" "$keys/$place" ;;   # late, with the content of before
        old-*) put_old "$place"; look "with an old $place" || return 1 ;;
    esac
    if [[ $outcome == finished ]]; then
        early=$((early + 1))
        return 2
    fi
    number=$((number + 1)) counted[$kind]=$((${counted[$kind]:-0} + 1)) fifths[fifth]=$((fifths[fifth] + 1))
    [[ ! $turned ]] || behind=$((behind + 1)) reached=$share
    pass
}

# One erasure: killed some times, then let live.
erasure() {
    local old=old-store-2 kinds kill code certificate away='' reached=0
    ((victim_number % 2 == 0)) || old=old-epoch-2
    kinds=(here store-2 "$old" epoch-2 here)
    person "$victim_number"
    victim=$id victim_text=$text turned='' where="$id: "
    ask || { fail "the request for $victim failed"; return; }
    rm -rf "$work/old" "$work/away"
    mkdir "$work/old" && cp -a "$keys/store-2" "$keys/epoch-2" "$work/old/"
    for ((kill = 0; kill < 5 && number < rounds; kill++)); do
        attempt "${kinds[(kill + victim_number) % 5]}" "$kill"
        case $? in
            1) return ;;
            2) break ;;
        esac
    done
    # Every third time a place is away when it is to be ended: that must be told, and must bring nobody back.
    ((victim_number % 3)) || away=store-2
    if [[ $away ]]; then
        mv "$keys/$away" "$work/away"
        due
        # An erasure that ended already waits for nothing; a place that is back with old content is the next run's.
        ((code == 3)) || { [[ $outcome == finished ]] && ((code == 0)); } || { fail "$where with $away away the next run exited with $code"; return; }
        late=$((late + 1))
        mv "$work/away" "$keys/$away"
    fi
    due
    ((code == 0)) || { fail "$where the run that was let live exited with $code"; return; }
    look "at the end" || return
    [[ $turned ]] || { fail "$where at the end the erased comes back"; return; }
    put_old "${old#old-}"
    code=0
    run sting-restore user "--email=$victim" --destination "$work/gone" --config "$config" || code=$?
    ((code == 1)) && grep -q SubjectErased "$log" && [[ ! -e $work/gone ]] || { fail "$where with an old ${old#old-} after the end a restore of the erased exited with $code"; return; }
    certificate=$(ls -t "$keys"/certificates/*.json | head -1)
    run sting-backup certificate "--path=$certificate" && ! grep -q "$victim" "$certificate" || { fail "$where the certificate is not sound"; return; }
    ended=$((ended + 1))
    [[ $(ls "$keys"/certificates/*.json | wc -l) == "$ended" ]] || fail "$where there are not $ended certificates"
}

# What an erasure takes that nobody kills, and what a run takes that has none to carry out.
timed
idle=$took victim_number=0
person 0
victim=$id
ask || { fail "the request for $victim failed"; soak_end; }
timed
((code == 0 && took > idle)) || { fail "the erasure that nobody kills exited with $code after $((took / 1000)) ms, a run that has none took $((idle / 1000)) ms"; soak_end; }
span=$((took - idle)) ended=1
echo "an erasure takes $((took / 1000)) ms, of which the program's start $((idle / 1000)) ms"

for ((victim_number = 1; number < rounds && victim_number < people - 4 && failed < 5; victim_number++)); do erasure; done
((number == rounds)) || fail "only $number of $rounds runs were still at work when they were to be killed"
run sting-backup verify --level data --config "$config" && pass || fail "the last verify exited with $?"
echo "$number runs killed, ${fifths[*]} of them in each fifth of an erasure, $behind behind the turn ($(for kind in "${!counted[@]}"; do echo -n "$kind ${counted[$kind]}, "; done)$early more finished before their moment); $ended erasures ended, $late of them with a place away at first"
soak_end
