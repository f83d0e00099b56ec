#!/usr/bin/env bash
# Makes what is handed out, in out/packages. See --help.
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en MSBUILDDISABLENODEREUSE=1
exec dotnet run -c Release --project build/Packager -p:ReadyToRun=false -- "$@"
