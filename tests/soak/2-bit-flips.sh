#!/usr/bin/env bash
# Flips one bit of one object of a repository, again and again, in every kind of object, at its head, its tail and in between. Each time
# verify must exit with 5 and name the object; a restore must write no wrong byte, must not claim success when something is missing,
# and must restore the rest: every file that it does not account for by path, folder, stretch of paths or subject.
#   --rounds N   flips; 300 unless told     --seed N   repeats a run
#   --work DIR   where to work              --keep     leaves reserve, repository and log behind

default_rounds=300
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"

bench corpus fixture "$reserve" --scale 0.01 --seed "$seed" >"$log" 2>&1 || { fail "no sample reserve"; soak_end; }
new_repository || { fail "init exited with $?"; soak_end; }
run sting-backup full --config "$config" || { fail "the first backup exited with $?"; soak_end; }
run bench change fixture "$reserve" "$seed" || { fail "the reserve could not be changed"; soak_end; }
run sting-backup incremental --config "$config" || { fail "the second backup exited with $?"; soak_end; }
run sting-backup verify --level data --config "$config" || { fail "an undamaged repository: verify exited with $?"; soak_end; }

# Path, length and content of each file, sorted by path: columns of tree-hash's listing, kind and mode left out.
contents() { bench tree-hash "$1" --list | awk -F'\t' 'NF == 2 && $2 ~ /^10/ { split($2, f, " "); print $1 "\t" f[4] "\t" f[5] }' | LC_ALL=C sort; }
contents "$reserve" >"$work/expected"
[[ $(wc -l <"$work/expected") -gt 100 ]] || { fail "the reserve could not be listed"; soak_end; }

store=$(find "$repository" -type d -name format -print -quit)
store=${store%/format}
[[ $store ]] || { fail "no repository was found below $repository"; soak_end; }
mapfile -t kinds < <(cd "$store" && find . -mindepth 2 -type f -size +0 -printf '%P\n' | cut -d/ -f1 | sort -u)
echo "kinds of objects: ${kinds[*]}"
declare -A flips lost

# Sets object, offset, bit.
choose() {
    local kind=${kinds[$1 % ${#kinds[@]}]} objects length
    mapfile -t objects < <(cd "$store" && find "$kind" -type f -size +0 | LC_ALL=C sort)
    random "${#objects[@]}"
    object=${objects[REPLY]}
    length=$(stat -c %s "$store/$object")
    random 4
    case $REPLY in
        0) random $((length < 96 ? length : 96)); offset=$REPLY ;;
        1) random $((length < 96 ? length : 96)); offset=$((length - 1 - REPLY)) ;;
        *) random "$length"; offset=$REPLY ;;
    esac
    random 8
    bit=$REPLY
    flips[$kind]=$((${flips[$kind]:-0} + 1))
}

flip() {
    local byte
    byte=$(od -An -tu1 -j "$offset" -N 1 "$store/$object")
    chmod u+w "$store/$object"
    # shellcheck disable=SC2059  # the format is the byte
    printf "\\x$(printf %x $((byte ^ 1 << bit)))" | dd of="$store/$object" bs=1 seek="$offset" conv=notrunc status=none
}

# Whether the log accounts for a path: it names it or a folder above it that is more than "users" or "jars"; or a stretch of paths that it lies in
# ("from 'a' to before 'b'"); or its subject as one of which nothing can be read.
is_named() {
    local path=$1 subject="'system'"
    case $path in
        users/*/*) subject=${path#users/} subject="'user[:#]${subject%%/*}'" ;;
        jars/*/*) subject=${path#jars/} subject="'jar:${subject%%/*}'" ;;
    esac
    grep -qE -- "$subject in [^ ]+ \(.* items\) cannot be read" "$log" && return
    # Folders sort before what only begins like them, so "/" counts as the lowest character.
    LC_ALL=C awk -v path="$path" '
        function key(text) { gsub("/", "\001", text); return text }
        match($0, / from \047[^\047]*\047 (on|to before \047[^\047]*\047) are not known/) {
            split(substr($0, RSTART, RLENGTH), part, "\047")
            if (key(path) >= key(part[2]) && (part[4] == "" || key(path) < key(part[4]))) found = 1
        }
        # What stands before the first page that can be read.
        match($0, /\) before \047[^\047]*\047 are not known/) {
            split(substr($0, RSTART, RLENGTH), part, "\047")
            if (key(path) < key(part[2])) found = 1
        }
        END { exit !found }' "$log" && return
    while [[ $path == */* ]]; do
        grep -qF -- "$path" "$log" && return
        path=${path%/*}
    done
    return 1
}

check() {
    local where="$object, byte $offset, bit $bit" code=0 path wrong missing
    sting-backup verify --level data --json --config "$config" >"$log" 2>&1 </dev/null || code=$?
    ((code == 5)) || { fail "$where: verify exited with $code"; return; }
    grep -qF -- "${object##*/}" "$log" || { fail "$where: verify does not name the object"; return; }

    code=0
    restore_to "$work/restored" || code=$?
    contents "$(restored_root "$work/restored")" >"$work/found"
    wrong=$(LC_ALL=C comm -13 "$work/expected" "$work/found" | head -1)
    [[ ! $wrong ]] || { fail "$where: restored wrongly: $wrong"; return; }
    missing=$(LC_ALL=C comm -23 "$work/expected" "$work/found" | cut -f1)
    [[ $missing ]] || { pass; return; }
    ((code != 0)) || { fail "$where: the restore exited with 0, but lacks $(head -1 <<<"$missing")"; return; }
    case $object in
        data/* | meta/*)
            while read -r path; do
                is_named "$path" || { fail "$where: the restore lacks '$path' and does not say so: $(grep -m 3 'not known\|not restored\|cannot be read' "$log" | paste -sd' ')"; return; }
            done <<<"$missing"
            lost[${object%%/*}]=$((${lost[${object%%/*}]:-0} + $(wc -l <<<"$missing"))) ;;
        *)
            # Without a point or a key there is nothing to restore; to refuse, and to name what is damaged, is right.
            grep -qF -- "${object##*/}" "$log" || { fail "$where: the restore refuses and does not name the object"; return; } ;;
    esac
    pass
}

for ((i = 0; i < rounds; i++)); do
    choose "$i"
    cp -p "$store/$object" "$work/whole"
    flip
    check
    cp -p "$work/whole" "$store/$object"
done
run sting-backup verify --level data --config "$config" || fail "after every byte was put back, verify exited with $?"
for kind in "${kinds[@]}"; do
    echo "$kind: ${flips[$kind]:-0} flips, ${lost[$kind]:-0} files lost and named"
done
soak_end
