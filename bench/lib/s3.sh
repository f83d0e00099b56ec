# shellcheck shell=bash
# The same to a bucket. The server keeps everything in memory and starts anew for each round, so that none meets what others left.

s3first_sting() { sting-backup full --config "$STING_CONFIG"; }
s3restore_sting() { rm -rf "$XDG_CACHE_HOME"/*; sting-restore full --date latest --destination "$DEST" --confirm --config "$STING_CONFIG"; }
s3first_restic() { cd "$TREE" && restic -r "$S3_RESTIC" -o s3.bucket-lookup=path backup --quiet --compression auto .; }
s3restore_restic() { restic -r "$S3_RESTIC" -o s3.bucket-lookup=path restore latest --quiet --target "$DEST"; }
export -f s3first_sting s3restore_sting s3first_restic s3restore_restic

start_s3() {
    local word endpoint access secret bucket
    coproc SERVER { bench s3; }
    read -r word endpoint access secret <&"${SERVER[0]}" && [[ $word == ready ]] || fail "the S3 server does not start."
    echo bucket >&"${SERVER[1]}" && read -r word bucket <&"${SERVER[0]}"
    export AWS_ACCESS_KEY_ID=$access AWS_SECRET_ACCESS_KEY=$secret S3_RESTIC=s3:$endpoint/$bucket/restic
    mkdir -p "$STATE/sting" "$STATE/restic"
    restic -r "$S3_RESTIC" -o s3.bucket-lookup=path init --quiet --repository-version 2 >"$log" 2>&1 || { cat "$log" >&2; fail "restic could not make its repository in the bucket."; }
    sting-backup init --no-passphrase --backup-root "s3://$bucket/sting" --reserve "$TREE" --config "$STING_CONFIG" --key-directory "$STATE/sting/keys" --state-directory "$STATE/sting/state" --cache-directory "$STATE/sting/cache" \
        --log-directory "$STATE/sting/logs" "--setting=remote.endpoint=$endpoint" --setting=remote.credentials=environment --setting=performance.bandwidth_limit=none --setting=performance.cpu_limit=none >"$log" 2>&1 || { cat "$log" >&2; fail "sting could not make its repository in the bucket."; }
}
stop_s3() {
    local pid=$SERVER_PID
    eval "exec ${SERVER[1]}>&-"
    wait "$pid" || true
}

run_s3() {   # CORPUS
    local round tool bytes
    for ((round = 1; round <= runs; round++)); do
        cp -a --reflink=auto "$work/$1$suffix" "$tree"
        places "$run/state" "$tree"
        tree_hash=$(bench tree-hash "$tree")
        bytes=$(tree_size "$tree")
        start_s3
        for tool in $(in_turn "$round"); do
            [[ $tool == sting || $tool == restic ]] || continue
            measure "$1" "$round" "$tool" s3first "$tree" "$STATE" "$bytes" || continue
            mkdir "$DEST"
            measure "$1" "$round" "$tool" s3restore "$STATE" "$DEST" "$bytes" || true
            set_aside "$DEST"
        done
        stop_s3
        set_aside "$STATE"
        set_aside "$tree"
    done
}
