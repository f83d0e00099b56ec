#!/bin/sh
exec "${STING_BACKUP:-/opt/sting-backup/bin/sting-backup}" "${1:?incremental, full or archive}" $([ "$1" = incremental ] && echo --due || echo --max-wait=12h) --quiet
