#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'A second tier' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $first, $second = New-SampleInstallation
        $null = New-Item -ItemType Directory remote
        $configuration = Get-Content ./sting-backup.yaml -Raw
        $configuration -replace '(?m)^local:$', "local:`n  max_percent: 100" -replace '(?m)^remote:$', "remote:`n  location: remote" | Set-Content ./sting-backup.yaml
        $rendering = $PSStyle.OutputRendering
        $PSStyle.OutputRendering = 'PlainText'
    }

    AfterAll {
        $PSStyle.OutputRendering = $rendering
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'is told with what waits for it, in 80 columns' {
        $shown = Get-StingTier | Out-String -Width 80
        $shown | Should -Match 'Waiting +: 2 restore points'
        ($shown -split "`n" | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
        (Get-StingBackupStatus).Warnings -join ' ' | Should -Not -BeNullOrEmpty
    }

    It 'gets nothing by a plan' {
        (Sync-StingTier -WhatIf).Points | Should -Be 2
        Get-ChildItem ./remote | Should -BeNullOrEmpty
    }

    It 'shows locks with their ends, and what was written over' {
        $day = [datetimeoffset] '2027-01-01T00:00:00Z'
        $locks = [StingBackup.TierLocks]@{ Mode = 'Compliance'; Objects = 1234; EarliestEnd = $day; LatestEnd = $day.AddDays(9); Shadowed = [string[]] @('points/a', 'points/b') }
        $status = [StingBackup.TierStatus]@{ Tier = 'Remote'; Location = 's3://locked/main'; IsReachable = $true; Points = 1; Packs = [StingBackup.PackSum]::new(1, 1); Length = 1; Locks = $locks }
        $shown = $status | Out-String -Width 80
        $shown | Should -Match 'Locks +: Compliance, 1,234 objects, until 2027-01-01 .*to 2027-01-10'
        $shown | Should -Match 'Attacked +: 2 locked objects were written over or hidden'
    }

    It 'is not locked where it is a folder, and says so' {
        $configuration = Get-Content ./sting-backup.yaml -Raw
        try {
            $configuration -replace '(?m)^remote:$', "remote:`n  object_lock: compliance" | Set-Content ./sting-backup.yaml
            { Sync-StingTier } | Should -Throw -ErrorId 'ConfigurationInvalid*'
            (Test-StingBackupConfig | Where-Object Severity -EQ Error).Key | Should -Be 'remote.object_lock'
        }
        finally {
            $configuration | Set-Content ./sting-backup.yaml
        }
    }

    It 'gets everything, and then what each run commits' {
        (Sync-StingTier).Points | Should -Be 2
        (Sync-StingTier).Points | Should -Be 0
        $null = Invoke-StingBackup
        (Get-StingTier Remote).Points | Should -Be 3
        (Get-StingTier Remote).Waiting.Points | Should -Be 0
    }

    It 'restores when the first is lost, and brings it back' {
        Remove-Item -Recurse -Force ./backups
        $null = New-Item -ItemType Directory ./backups
        $null = Restore-StingFile document.pdf user@example.com -Destination ./out -WarningAction SilentlyContinue
        Get-ChildItem ./out -Recurse -File | Should -Not -BeNullOrEmpty
        { Invoke-StingBackup -WarningAction SilentlyContinue -ErrorAction Stop } | Should -Throw -ErrorId 'LocalTierLost*'
        (Sync-StingTier -Tier Local -WarningAction SilentlyContinue).Points | Should -Be 3
        (Test-StingBackupIntegrity -Level Data).Passed | Should -BeTrue
        (Invoke-StingBackup).State | Should -Be 'Completed'
    }

    It 'holds more than its quota only with an approval' {
        (Set-StingTierQuota 12TB -WhatIf).Length | Should -Be 12TB
        { Set-StingTierQuota 12TB } | Should -Throw -ErrorId 'ApprovalRequired*'
        { Set-StingTierQuota 1KB } | Should -Throw -ErrorId 'QuotaNotRaised*'
    }

    It 'is swept too' {
        (Optimize-StingRepository -Tier Remote -WhatIf).Tier | Should -Be 'Remote'
        (Optimize-StingRepository -Tier Remote).Deleted.Packs | Should -Be 0
    }
}
