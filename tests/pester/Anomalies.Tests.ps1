#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'Anomalies' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $null = New-SampleInstallation
        $rendering = $PSStyle.OutputRendering
        $PSStyle.OutputRendering = 'PlainText'
        $folder = New-Item -ItemType Directory ./reserve/users/user@example.com/work
        1..25 | ForEach-Object { Set-Content (Join-Path $folder "letter$_.txt") ('a letter that can be read ' * 100) }
        $clean = Invoke-StingBackup
        Get-ChildItem $folder | ForEach-Object {
            $bytes = [byte[]]::new(4000)
            [System.Random]::Shared.NextBytes($bytes)
            [System.IO.File]::WriteAllBytes($_.FullName, $bytes)
        }
        $attacked = Invoke-StingBackup -WarningAction SilentlyContinue -WarningVariable warnings
    }

    AfterAll {
        $PSStyle.OutputRendering = $rendering
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'are told by the run that meets them' {
        $attacked.Suspicious.Count | Should -Be 1
        $warnings -join ' ' | Should -BeLike '*looks like ransomware*'
    }

    It 'are shown with their evidence' {
        $shown = Get-StingAnomaly | Out-String -Width 200
        $shown | Should -Match 'open'
        $shown | Should -Match '2\d of \d+ files that could be read became what a cipher makes'
    }

    It 'leave a clean point, by subject' {
        $points = Find-StingCleanRestorePoint -All -DataClass UserFiles
        ($points | Where-Object IsSuspect).BackupId | Should -Be $clean.BackupId
        ($points | Where-Object IsSuspect -EQ $false).BackupId | Select-Object -Unique | Should -Be $attacked.BackupId
        ($points | Out-String -Width 200) | Should -Match 'suspect'
    }

    It 'do not stand in the way of a restore' {
        $result = Restore-StingReserve -CleanPoint -Destination ./clean -Force -WarningAction SilentlyContinue
        $result.QuarantinedCount | Should -Be 25
        Get-Content ./clean/users/user@example.com/work/letter7.txt -TotalCount 1 | Should -BeLike 'a letter*'
    }

    It 'have a window that a script block finds' {
        $window = Find-StingCorruption letter7.txt -Test { (Get-Content -LiteralPath $_ -Raw) -like 'a letter*' }
        $window.Verdict | Should -Be Found
        $window.LastGoodBackupId | Should -Be $clean.BackupId
        $window.FirstBadBackupId | Should -Be $attacked.BackupId
    }

    It 'are what the runbook restores around: each from its own clean point, and nobody else loses a day' {
        Set-Content ./reserve/jars/jar_123/later.md 'written after the attack, by somebody else'
        $null = Invoke-StingBackup -WarningAction SilentlyContinue
        $how = @{ Scenario = 'Ransomware'; Destination = './apart'; ScheduleKind = 'Cron'; ScheduleDirectory = './cron'; Confirm = $false; WarningAction = 'SilentlyContinue' }
        { Invoke-StingDisasterRecovery @how } | Should -Throw -ErrorId 'RunbookWaits*'
        { Invoke-StingDisasterRecovery @how -Resume -Acknowledge 5 } | Should -Throw -ErrorId 'RunbookWaits*'
        Get-Content ./apart/users/user@example.com/work/letter7.txt -TotalCount 1 | Should -BeLike 'a letter*'
        Get-Content ./apart/jars/jar_123/later.md | Should -BeLike 'written after*'
    }

    It 'end when somebody settles them' {
        (Get-StingAnomaly | Confirm-StingAnomaly -Comment 'restored' -Confirm:$false).Comment | Should -Be 'restored'
        (Get-StingAnomaly).IsOpen | Should -BeFalse
    }
}
