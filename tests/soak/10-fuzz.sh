#!/usr/bin/env bash
# Fuzzes every parser of bytes from outside, guided by coverage (SharpFuzz instruments the engine and the portal): no crash, no hang, no memory above a limit, nothing misread.
#   --minutes M   for each target (default 1; 0.2 is twelve seconds)   --target T   one target, or several joined by commas (default: all)
#   --jobs N      targets at a time (default 1)     --seed N    the same seed begins with the same damage     --save   renews the corpora in tests/fixtures/fuzz
# What broke something is left in out/fuzz/<target>, and belongs into tests/fixtures/fuzz/<target> as regress-… when it is mended. Its short form, the corpora and a burst of damage, is among the tests.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
minutes=1 targets='' jobs=1 seed=$(((RANDOM << 15 | RANDOM) % 1000000)) save=''
while (($#)); do
    case $1 in
        --rounds) echo "its short form is among the tests"; exit 78 ;;
        --minutes | --target | --jobs | --seed)
            [[ ${2:-} ]] || { echo "$1 needs a value." >&2; exit 2; }
            case $1 in --minutes) minutes=$2 ;; --target) targets=${2//,/ } ;; --jobs) jobs=$2 ;; --seed) seed=$2 ;; esac
            shift ;;
        --save) save=1 ;;
        *) sed -n '2,/^cd/s/^# \{0,1\}//p' "$0"; [[ $1 == -h || $1 == --help ]] && exit 0; echo "'$1' is no option." >&2; exit 2 ;;
    esac
    shift
done
[[ $(uname) == Linux ]] || { echo "needs Linux"; exit 77; }
built=tests/StingBackup.Fuzz.Tests/bin/Release/net10.0
[[ -f $built/StingBackup.Fuzz.Tests.dll ]] || { echo "not built: dotnet build -c Release"; exit 77; }

work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cp -r "$built" "$work/bin"
# The instrumented ones are made of IL: what lies beside the tests may be compiled to native code.
cp src/StingBackup/obj/Release/net10.0/StingBackup.dll src/StingBackup.Engine/obj/Release/net10.0/StingBackup.Engine.dll src/StingBackup.Portal/obj/Release/sting-portal.dll "$work/bin/"
fuzz() { dotnet "$work/bin/StingBackup.Fuzz.Tests.dll" "$@"; }
fuzz instrument "$work/bin" || exit 1
cp -r tests/fixtures/fuzz "$work/corpus" 2>/dev/null || mkdir "$work/corpus"
[[ $targets ]] || targets=$(fuzz list)
seconds=$(awk "BEGIN { print $minutes * 60 }")
mkdir -p out/fuzz
echo "seed $seed, $minutes minutes for each of $(wc -w <<<"$targets") targets, commit $(git rev-parse --short HEAD 2>/dev/null)"
printf 'target\texecutions\tedges\tkept\tfindings\n'
export -f fuzz && export work seconds seed
# A hang ends the target's process with 3; what it found until then is in its folder.
tr ' ' '\n' <<<"$targets" | xargs -P "$jobs" -I{} bash -c 'fuzz run "$1" "$seconds" "$seed" "$work/corpus" out/fuzz; case $? in 0 | 1) ;; *) printf "%s\t-\t-\t-\t1\n" "$1" ;; esac' _ {} | tee "$work/results"
[[ ! $save ]] || { rm -rf tests/fixtures/fuzz && cp -r "$work/corpus" tests/fixtures/fuzz; }
awk -F'\t' 'NF == 5 { bad += $5 > 0; good += $5 == 0; runs += $2; edges += $3 } END { printf "%d executions, %d edges\n%d passed, %d failed, 0 skipped\n", runs, edges, good, bad; exit bad > 0 || good == 0 }' "$work/results"
