#!/usr/bin/env bash
# The model checker's long form: the engine runs in a simulated world (stores, clocks, keys' disks, reserves in memory), several hosts at once, interleaved call by call as a seed decides, with crashes, lost answers, full
# disks, damaged objects and wrong clocks; after each step what must hold is looked at. A seed that shows something is shortened, and printed with how to see it again. Its short form is among the engine tests.
#   --steps N    steps in all, over as many worlds as that takes; 1000000 unless told
#   --seed N     the first world's seed; the next have the next numbers
#   --workers N  processes, a world at once each; as many as there are cores unless told
#   --worlds 1   only the world of the seed
#   --mutation M which protocol is broken on purpose; then the seeds that find it are listed
#   --replay     does again schedules from the standard input, a line each, with --mutation M or without

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
steps=1000000 seed=$(((RANDOM << 15 | RANDOM) % 1000000)) workers=$(nproc) mutation=() replays=
while (($#)); do
    case $1 in
        --rounds) echo "its short form is among the engine tests"; exit 78 ;;
        --steps | --seed | --workers)
            [[ ${2:-} =~ ^[0-9]+$ ]] || { echo "$1 needs a number." >&2; exit 2; }
            printf -v "${1#--}" %d "$2"
            shift ;;
        --worlds) steps=1 workers=1; shift ;;
        --mutation) mutation=("${2:?}"); shift ;;
        --replay) replays=1 ;;
        *) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift
done
tests_dll=tests/StingBackup.Engine.Tests/bin/Release/net10.0/StingBackup.Engine.Tests.dll
[[ -f $tests_dll ]] || { echo "not built: dotnet build -c Release"; exit 77; }
export DOTNET_ThreadPool_UnfairSemaphoreSpinLimit=0   # a thread that spins is awake, and the world waits until all sleep
[[ $replays ]] && exec dotnet "$tests_dll" world replay "${mutation[0]:-None}"
echo "seed $seed, $steps steps, $workers processes"
pids=() passed=0
for ((worker = 0; worker < workers; worker++)); do
    dotnet "$tests_dll" world $((steps / workers)) $((seed + worker)) "$workers" "${mutation[@]}" &
    pids+=($!)
done
for pid in "${pids[@]}"; do
    wait "$pid" && ((passed++))
done
echo "$passed passed, $((workers - passed)) failed, 0 skipped"
((passed == workers))
