#!/bin/sh
program=${STING_BACKUP:-/opt/sting-backup/bin/sting-backup} && "$program" retention --confirm --quiet && exec "$program" prune --max-wait=12h --quiet
