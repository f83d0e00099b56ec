#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'Jobs in the background' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $first, $second = New-SampleInstallation
        # Enough that a job is still at work when it is stopped.
        $random = [System.Random]::new(1)
        $block = [byte[]]::new(1MB)
        $stream = [System.IO.File]::Create((Join-Path $PWD 'reserve' 'users' 'other@example.com' 'large.bin'))
        foreach ($i in 1..400) {
            $random.NextBytes($block)
            $stream.Write($block)
        }
        $stream.Dispose()
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Module Sample
    }

    AfterEach {
        Get-Job | Remove-Job -Force
    }

    It 'stops at once, and leaves the repository sound' {
        $job = Invoke-StingBackup -Type Full -AsJob
        while ($job.State -eq 'Running' -and $job.Progress.Count -eq 0) {
            Start-Sleep -Milliseconds 20
        }
        $job.State | Should -Be Running
        (Measure-Command { $job | Stop-Job }).TotalSeconds | Should -BeLessThan 10
        $job.State | Should -Be Stopped
        $job.Progress[-1].RecordType | Should -Be Completed
        $job | Receive-Job | Should -BeNullOrEmpty
        (Test-StingBackupIntegrity).Passed | Should -BeTrue
        (Get-StingRestorePoint).BackupId | Select-Object -Unique | Should -Be @($first.BackupId, $second.BackupId)
        (Get-StingBackupStatus -WarningAction SilentlyContinue).LastRun.State | Should -Be Failed
    }

    It 'stops with the pipeline, as Ctrl+C does' {
        $shell = [powershell]::Create([initialsessionstate]::CreateDefault())
        $null = $shell.AddScript("Import-Module '$((Get-Module StingBackup).Path)'; Set-Location '$PWD'; Invoke-StingBackup -Type Full")
        $run = $shell.BeginInvoke()
        while (-not $run.IsCompleted -and $shell.Streams.Progress.Count -eq 0) {
            Start-Sleep -Milliseconds 20
        }
        (Measure-Command { $shell.Stop() }).TotalSeconds | Should -BeLessThan 10
        $shell.InvocationStateInfo.State | Should -Be Stopped
        $shell.Dispose()
        (Test-StingBackupIntegrity).Passed | Should -BeTrue
    }

    It 'uses what a stopped run stored already, and completes' {
        $job = Invoke-StingBackup -AsJob
        $job.PSJobTypeName | Should -Be StingJob
        $result = $job | Wait-Job -Timeout 60 | Receive-Job
        $result.State | Should -Be Completed
        $job.State | Should -Be Completed
        $job.HasMoreData | Should -BeFalse -Because 'progress is all that is left'
    }

    It 'carries <_>' -ForEach @(
        'Test-StingBackupIntegrity -Level Data'
        'Repair-StingRepository'
        'Optimize-StingRepository'
        'Restore-StingUser user@example.com -Destination ./restored'
        'Restore-StingHoneyJar jar_123 -Destination ./restored'
        'Restore-StingFile *.csv -Destination ./restored'
        'Restore-StingReserve -DataClass Settings -Destination ./restored -Force'
    ) {
        $job = & ([scriptblock]::Create("$_ -AsJob"))
        $result = $job | Wait-Job -Timeout 60 | Receive-Job -ErrorVariable failures
        $failures | Should -BeNullOrEmpty
        $result.GetType().FullName | Should -BeLike 'StingBackup.*Result'
    }

    It 'is waited for, received and removed in one command' {
        (Invoke-StingBackup -AsJob | Receive-Job -Wait -AutoRemoveJob).State | Should -Be Completed
        Get-Job | Should -BeNullOrEmpty
    }

    It 'carries what fails, with its remedy' {
        $job = Test-StingBackupIntegrity -BackupId backup_19990101_000000 -AsJob
        $null = $job | Wait-Job -Timeout 60
        $job.State | Should -Be Failed
        $null = $job | Receive-Job -ErrorVariable failures -ErrorAction SilentlyContinue
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'BackupNotFound*'
        $failures[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }

    It 'goes on when the module is removed, and is removed while it runs' {
        $job = Invoke-StingBackup -Type Full -AsJob
        Remove-Module StingBackup
        ($job | Receive-Job -Wait -AutoRemoveJob).BackupId | Should -BeLike 'backup_*'
        Import-StingModule
        $job = Invoke-StingBackup -Type Full -AsJob
        $job | Remove-Job -Force
        Get-Job | Should -BeNullOrEmpty
    }

    It 'is seen and stopped from another process' {
        $program = Join-Path (Split-Path (Get-Module StingBackup).Path) '..' '..' 'bin' 'sting-backup'
        $process = [System.Diagnostics.Process]::Start($program, [string[]]@('daemon', '--confirm', '--quiet', "--config=$(Join-Path $PWD 'sting-backup.yaml')"))
        try {
            $until = [datetime]::UtcNow.AddSeconds(60)
            do {
                Start-Sleep -Milliseconds 50
                $job = Get-StingBackupJob | Where-Object Kind -EQ daemon
            } until ($job -or [datetime]::UtcNow -gt $until)
            $job.ProcessId | Should -Be $process.Id
            $job.State | Should -Be Running
            ($job | Stop-StingBackupJob -WhatIf).Effect | Should -Match 'nothing is scheduled'
            ($job | Stop-StingBackupJob).State | Should -Be Stopped
            $process.WaitForExit(30000) | Should -BeTrue
            $process.ExitCode | Should -Be 0
        } finally {
            if (-not $process.HasExited) {
                $process.Kill()
            }
        }
        Get-StingBackupJob | Where-Object Kind -EQ daemon | Should -BeNullOrEmpty
        $shown = Get-StingBackupJob -Last 20 | Out-String -Width 100
        $shown | Should -Match 'daemon\s+Stopped'
        ($shown -split "`n" | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 100
    }
}
