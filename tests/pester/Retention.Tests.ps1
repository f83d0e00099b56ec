#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'What has ended' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $first, $second = New-SampleInstallation
        $null = New-OldArchive '20231102_020000'
        $null = Import-StingLegacyBackup ./old-backups
        $rendering = $PSStyle.OutputRendering
        $PSStyle.OutputRendering = 'PlainText'
    }

    AfterAll {
        $PSStyle.OutputRendering = $rendering
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'is told by data class, in 80 columns' {
        $shown = Get-StingRetentionPlan | Out-String -Width 80
        $shown | Should -Match 'UserFiles'
        $shown | Should -Match 'Oldest +Next'
        ($shown -split "`n" | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
        Get-StingRetentionPlan -All | Out-String -Width 80 | Should -Match 'goes: expired'
    }

    It 'is told for a later day' {
        $plan = Get-StingRetentionPlan -Time ([datetime]::Now.AddYears(2).ToString('yyyy-MM-dd'))
        $plan.Entries | Where-Object { $_.BackupId -eq $first.BackupId -and $_.DataClass -eq 'UserFiles' } | Select-Object -ExpandProperty Goes | Should -BeTrue
        (Get-StingRetentionPlan).Entries | Where-Object { $_.BackupId -eq $first.BackupId -and $_.DataClass -eq 'UserFiles' } | Select-Object -ExpandProperty Goes | Should -BeFalse
    }

    It 'is forecast by tier and day, in 80 columns' {
        $shown = Get-StingStorageForecast -Day 30 -Every 06:00:00 | Out-String -Width 80
        $shown | Should -Match 'UserFiles'
        $shown | Should -Match '30 +Local'
        ($shown -split "`n" | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
        (Get-StingStorageForecast -Day 30 -Every 06:00:00 -Class 'UserFiles=1GB/1000/1%' -All)[0].Length | Should -BeGreaterThan 1e9
    }

    It 'is not touched by a look' {
        $before = Get-TreeHash ./backups
        (Invoke-StingRetention -WhatIf).Entries | Where-Object Goes | Should -Not -BeNullOrEmpty
        (Optimize-StingRepository -WhatIf).Marks | Should -BeNullOrEmpty
        Get-TreeHash ./backups | Should -Be $before
    }

    It 'is let go, and then swept in steps' {
        (Invoke-StingRetention -Confirm:$false).Dropped | Should -BeGreaterThan 0
        Get-StingRestorePoint | Where-Object { $_.ImportedFrom -and $_.DataClass -eq 'Settings' } | Should -BeNullOrEmpty
        (Invoke-StingRetention).Dropped | Should -Be 0
        $swept = Optimize-StingRepository
        $swept.Marked.Packs | Should -BeGreaterThan 0
        $swept.Deleted.Packs | Should -Be 0
        $null = Optimize-StingRepository
        $shown = Optimize-StingRepository -WhatIf | Out-String -Width 80
        $shown | Should -Match 'readers'
        (Test-StingBackupIntegrity -Level Data).Passed | Should -BeTrue
    }
}
