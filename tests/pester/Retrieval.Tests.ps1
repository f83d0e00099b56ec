#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'What a restore reads' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $first, $second = New-SampleInstallation
        $rendering = $PSStyle.OutputRendering
        $PSStyle.OutputRendering = 'PlainText'
    }

    AfterAll {
        $PSStyle.OutputRendering = $rendering
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'is told by tier and by pack, in 80 columns' {
        $plan = Get-StingRestorePlan
        $shown = $plan | Out-String -Width 80
        $shown | Should -Match 'Local: \d+ packs'
        $packs = $plan.Packs | Out-String -Width 80
        $packs | Should -Match 'data/'
        (($shown + $packs) -split "`n" | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
        ($plan.Packs | Measure-Object Needed -Sum).Sum | Should -BeGreaterThan 0
    }

    It 'takes the points of a run as one' {
        @(Get-StingRestorePoint | Where-Object BackupId -eq $second.BackupId | Get-StingRestorePlan).Count | Should -Be 1
    }

    It 'asks for nothing where nothing is archived' {
        Get-StingArchiveRetrieval | Should -BeNullOrEmpty
        { Request-StingArchiveRetrieval -Force -ErrorAction Stop } | Should -Throw
    }

    It 'waits for nothing where everything is at hand' {
        (Restore-StingReserve -Destination ./waited -Wait -Force).State | Should -Be 'Completed'
    }
}
