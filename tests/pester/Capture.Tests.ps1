#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

# Discovery: where PostgreSQL's server is not installed, each scenario is named as skipped.
BeforeDiscovery {
    $programs = Get-ChildItem '/usr/lib/postgresql/*/bin/initdb' -ErrorAction SilentlyContinue | Select-Object -Last 1
    # A server does not run as root: its own user must be there then.
    $skip = -not $programs -or ((id -u) -eq '0' -and -not (Select-String -Path /etc/passwd -Pattern '^postgres:' -Quiet))
}

Describe 'Capture of a database server (skipped without PostgreSQL)' -Skip:$skip {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $null = New-SampleInstallation
        $bin = Split-Path (Get-ChildItem '/usr/lib/postgresql/*/bin/initdb' | Select-Object -Last 1).FullName
        $root = Join-Path ([System.IO.Path]::GetTempPath()) "sting-pester-$([guid]::NewGuid().ToString('n'))"
        $port = 20000 + (Get-Random -Maximum 20000)
        $asServer = (id -u) -eq '0' ? @('setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups') : @('env')

        # Runs a program as the server's user.
        function Invoke-AsServer {
            $program, $rest = $asServer + $args
            $output = & $program @rest 2>&1
            if ($LASTEXITCODE -ne 0) { throw "$args ended with ${LASTEXITCODE}: $output" }
            $output
        }
        function Grant-ToServer([string] $Folder) {
            if ((id -u) -eq '0') { chown -R postgres: $Folder }
        }
        function Start-Server([string] $Data, [int] $At) {
            $null = Invoke-AsServer "$bin/pg_ctl" -D $Data -l "$root/log-$At" -o "-p $At -k $root -c fsync=off -c listen_addresses=" -w start
        }
        function Invoke-Sql([int] $At, [string] $Text) {
            Invoke-AsServer "$bin/psql" -X -h $root -p $At -U postgres -At -c $Text postgres
        }

        $null = New-Item -ItemType Directory $root
        Grant-ToServer $root
        $null = Invoke-AsServer "$bin/initdb" -D "$root/data" -A trust --no-sync --wal-segsize=1 -U postgres
        Start-Server "$root/data" $port
        $null = Invoke-Sql $port 'CREATE TABLE notes(id int PRIMARY KEY)'
        $file = Join-Path $PWD 'sting-backup.yaml'
        $text = (Get-Content -Raw $file) -replace '(?m)^postgresql:$', "postgresql:`n  host: $root`n  port: $port`n  user: postgres`n  tool_directory: $bin" -replace
            '(?m)^capture:$', "capture:`n  enabled: true`n  alarm_spool_room: 16MiB"
        Set-Content $file $text -NoNewline
    }

    AfterAll {
        Get-Job | Remove-Job -Force
        foreach ($data in "$root/data", "$root/recovered/data") {
            if (Test-Path "$data/postmaster.pid") { $null = Invoke-AsServer "$bin/pg_ctl" -D $data -m immediate stop }
        }
        Remove-Item -Recurse -Force $root
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'plans, and changes nothing' {
        $plan = Start-StingMetadataCapture -WhatIf
        $plan.Steps.What | Should -Contain 'Keep log for the receiver'
        Invoke-Sql $port 'SELECT count(*) FROM pg_replication_slots' | Should -Be 0
        (Get-StingMetadataCapture).State | Should -Be Off
    }

    It 'receives what is committed, and gives it back as of any moment' {
        $job = Start-StingMetadataCapture -AsJob
        while (-not (Get-StingMetadataCapture).CommitsWait) {
            $job.State | Should -Be Running
            Start-Sleep -Milliseconds 100
        }
        $null = Invoke-Sql $port 'INSERT INTO notes VALUES (1)'
        (Invoke-StingBackup -Type Full).State | Should -Be Completed
        $null = Invoke-Sql $port 'INSERT INTO notes VALUES (2)'
        $moment = Invoke-Sql $port "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || 'Z'"
        $null = Invoke-Sql $port 'INSERT INTO notes VALUES (3)'
        $status = Get-StingMetadataCapture
        $status.State | Should -Be Streaming
        $status.Alarm | Should -Be None
        ($status | Out-String) | Should -Match 'wait for it'

        $result = Restore-StingDatabase "$root/recovered" -Date $moment
        $result.State | Should -Be Completed
        Grant-ToServer "$root/recovered"
        Start-Server $result.DataDirectory ($port + 1)
        while ((Invoke-Sql ($port + 1) 'SELECT pg_is_in_recovery()') -ne 'f') { Start-Sleep -Milliseconds 100 }
        Invoke-Sql ($port + 1) 'SELECT id FROM notes ORDER BY id' | Should -Be @('1', '2')
    }

    It 'is stopped, and the server waits for nobody any more' {
        (Stop-StingMetadataCapture -WhatIf).Statements | Should -Not -BeNullOrEmpty
        (Stop-StingMetadataCapture).State | Should -Be Off
        (Get-Job | Wait-Job -Timeout 60).State | Should -Be Completed
        Invoke-Sql $port 'SHOW synchronous_standby_names' | Should -BeNullOrEmpty
        Invoke-Sql $port 'SELECT count(*) FROM pg_replication_slots' | Should -Be 0
    }
}
