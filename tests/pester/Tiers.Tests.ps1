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
